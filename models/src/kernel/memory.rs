//! Memory that a layer frees is kept for the next one. As it comes, glibc gives large blocks back to the system and has their
//! pages cleared anew for the next layer, which can cost a tenth of the time.

/// Blocks up to this come from memory that is kept, bytes: the most glibc takes.
const KEPT_BLOCK: i32 = 32 << 20;
/// Most unused memory that is kept, bytes.
const KEPT: i32 = 128 << 20;

/// Keeps it from now on, in this process.
pub(super) fn keep() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: mallopt takes any numbers, at any time; where it refuses them everything works, slower.
    #[allow(unsafe_code)]
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, KEPT_BLOCK);
        libc::mallopt(libc::M_TRIM_THRESHOLD, KEPT);
    }
}
