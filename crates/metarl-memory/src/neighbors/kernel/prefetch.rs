//! Asking for memory before it is needed.
#![cfg_attr(
    target_arch = "x86_64",
    expect(unsafe_code, reason = "a prefetch is an intrinsic on a pointer")
)]

/// Bytes asked for at most: what is read in order beyond them the processor fetches by itself.
#[cfg(target_arch = "x86_64")]
const MOST_BYTES: usize = 4096;

/// Has the processor fetch the numbers, where it can be asked to.
pub(crate) fn prefetch<T>(numbers: &[T]) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        const LINE: usize = 64;
        let start = numbers.as_ptr().cast::<i8>();
        for offset in (0..size_of_val(numbers).min(MOST_BYTES)).step_by(LINE) {
            // SAFETY: the pointer stays within the slice; and a prefetch reads nothing the program
            // could see, whatever the address.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(start.add(offset)) };
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = numbers;
}
