//! Memory that messages come in is kept for the next ones. As it comes, glibc gives every picture's pages back to the
//! kernel and takes new ones, empty, for the next: that is most of what hearing a picture costs.

/// Blocks up to this come from memory that is kept, bytes: three pictures of 1280x960 with depth have room in it.
const KEPT_BLOCK: i32 = 16 << 20;
/// Most unused memory that is kept, bytes.
const KEPT: i32 = 64 << 20;

/// Keeps it from now on, in this process.
pub fn keep() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[allow(unsafe_code)] // glibc's own settings have no safe setter
    {
        static ONCE: std::sync::Once = std::sync::Once::new();
        // SAFETY: sets two numbers under the allocator's own lock; no memory is touched.
        ONCE.call_once(|| unsafe {
            // Where it is refused everything works, slower.
            libc::mallopt(libc::M_MMAP_THRESHOLD, KEPT_BLOCK);
            libc::mallopt(libc::M_TRIM_THRESHOLD, KEPT);
        });
    }
}
