//! How the allocator keeps memory: a backup's buffers go from thread to thread, and glibc's own
//! ways (an arena a thread, thresholds that rise with use) keep two to three times what is used.

/// Buffers from this size on go back to the system when they are free.
const LARGE: std::ffi::c_int = 4 << 20;
/// So much at an arena's end is kept: less, and each batch of chunks makes the system take pages
/// back and clear them again.
const KEPT: std::ffi::c_int = 8 << 20;

/// Sets the allocator up, before there are threads. Elsewhere than on glibc it does nothing.
pub fn set_up() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    for (what, value) in [
        (libc::M_ARENA_MAX, 2),
        (libc::M_MMAP_THRESHOLD, LARGE),
        (libc::M_TRIM_THRESHOLD, KEPT),
    ] {
        // What it refuses it leaves as it is.
        #[allow(unsafe_code, reason = "the allocator's interface is a C one")]
        // SAFETY: mallopt takes numbers only, and no other thread runs yet.
        unsafe {
            libc::mallopt(what, value);
        }
    }
}
