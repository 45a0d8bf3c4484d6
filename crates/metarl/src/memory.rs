//! Keeps freed memory in the process.
#![expect(unsafe_code, reason = "mallopt is a C function")]

/// Tells glibc not to hand freed memory back to the kernel.
///
/// Every gradient step frees buffers of megabytes and asks for them again; by default each round
/// trip is a system call and thousands of page faults, half of a training run's time. Elsewhere
/// than on glibc this does nothing.
pub(crate) fn keep_freed() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    for (option, value) in [
        // The largest value glibc accepts: blocks up to 32 MiB come from the heap.
        (libc::M_MMAP_THRESHOLD, 32 << 20),
        (libc::M_TRIM_THRESHOLD, i32::MAX),
        (libc::M_TOP_PAD, 64 << 20),
        (libc::M_ARENA_MAX, 1),
    ] {
        // SAFETY: mallopt takes two integers and may be called at any time; it is called before
        // any thread is started.
        unsafe { libc::mallopt(option, value) };
    }
}
