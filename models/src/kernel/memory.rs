//! Memory that a layer frees is kept for the next one. As it comes, glibc gives large blocks back to the system and has their
//! pages cleared anew for the next layer, which can cost a tenth of the time.

use super::pool::Shared;

/// Most unused memory that is kept, bytes: the tensors of the last layers of a picture are of 75 MB, and with a quarter of
/// this an eighth of a picture's time went into clearing pages.
const KEPT: i32 = 1 << 30;

/// Keeps it from now on, in this process.
pub(super) fn keep() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: mallopt takes any numbers, at any time; where it refuses them everything works, slower.
    #[allow(unsafe_code)]
    unsafe {
        libc::mallopt(libc::M_MMAP_MAX, 0); // a threshold is bounded at 32 MB
        libc::mallopt(libc::M_TRIM_THRESHOLD, KEPT);
    }
}

/// Bytes from which a block is worth large pages.
#[cfg(target_os = "linux")]
const LARGE: usize = 1 << 20;

/// Asks for large pages under this much memory, before it is first written: what reads across megabytes otherwise spends
/// near a tenth of its time on looking up pages in a virtual machine. Where there are none nothing changes.
pub(super) fn large_pages(start: *const u8, bytes: usize) {
    #[cfg(target_os = "linux")]
    if bytes >= LARGE {
        // SAFETY: a plain question; then about pages that are in use, and what is in them stays as it is.
        #[allow(unsafe_code)]
        unsafe {
            let page = usize::try_from(libc::sysconf(libc::_SC_PAGESIZE)).unwrap_or(LARGE).max(1);
            // From the beginning of its first page: whoever shares that may have a large one too.
            let before = start as usize % page;
            libc::madvise(start.wrapping_sub(before).cast_mut().cast(), bytes + before, libc::MADV_HUGEPAGE);
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (start, bytes);
}

/// Room for so many values.
pub(super) fn room<E>(len: usize) -> Vec<E> {
    let room: Vec<E> = Vec::with_capacity(len);
    large_pages(room.as_ptr().cast(), len * size_of::<E>());
    room
}

/// So many values, as `write` writes them.
///
/// # Safety
/// `write` writes each of the `len` values behind its pointer.
#[allow(unsafe_code)]
pub(super) unsafe fn written(len: usize, write: impl FnOnce(Shared<f32>)) -> Vec<f32> {
    let mut out = room(len);
    write(Shared(out.as_mut_ptr()));
    // SAFETY: there is room for them, and the caller says that all are written.
    unsafe { out.set_len(len) };
    out
}
