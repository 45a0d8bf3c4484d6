//! Sixteen numbers at a time.
#![expect(
    unsafe_code,
    reason = "vector loads and stores are intrinsics on pointers"
)]

pub(super) mod boxes;
pub(super) mod codes;
pub(super) mod columns;

use std::arch::x86_64::{__m512i, _mm512_loadu_si512, _mm512_storeu_si512};

/// Numbers of a register.
const LANES: usize = 16;

pub(super) fn is_available() -> bool {
    is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512vnni")
}

#[inline]
#[target_feature(enable = "avx512f")]
fn load<T: Copy>(numbers: &[T]) -> __m512i {
    let numbers = &numbers[..size_of::<__m512i>() / size_of::<T>()];
    // SAFETY: the slice holds the 64 bytes of a register, and any bits are integers.
    unsafe { _mm512_loadu_si512(numbers.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn store<T: Copy>(register: __m512i, place: &mut [T; LANES]) {
    const { assert!(size_of::<T>() == 4, "as many bytes as a register has") };
    // SAFETY: the place has room for the sixteen numbers of a register.
    unsafe { _mm512_storeu_si512(place.as_mut_ptr().cast(), register) };
}
