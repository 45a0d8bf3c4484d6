//! Boxes of a pair of nodes.
#![expect(
    unsafe_code,
    reason = "vector loads are intrinsics on pointers, of instructions that not every processor has"
)]

use std::arch::x86_64::{
    __m256, __m512, _mm_cvtss_f32, _mm_loadu_si128, _mm256_add_ps, _mm256_castpd_ps,
    _mm256_castsi256_ps, _mm256_cvtepu16_epi32, _mm256_cvtss_f32, _mm256_extractf128_ps,
    _mm256_loadu_ps, _mm256_loadu_si256, _mm256_max_ps, _mm256_mul_ps, _mm256_permute_ps,
    _mm256_permute2f128_ps, _mm256_setzero_ps, _mm256_slli_epi32, _mm256_sub_ps, _mm512_add_ps,
    _mm512_castps_pd, _mm512_castps512_ps256, _mm512_castsi512_ps, _mm512_cvtepu16_epi32,
    _mm512_extractf64x4_pd, _mm512_max_ps, _mm512_mul_ps, _mm512_setzero_ps, _mm512_slli_epi32,
    _mm512_sub_ps,
};

use super::{LANES, load};

const HALF: usize = LANES / 2;

pub(crate) fn squared_distances(query: &[f32], corners: &[u16]) -> [f32; 2] {
    // SAFETY: this kernel is chosen where `is_available` holds, and AVX2 is where AVX-512 is.
    unsafe { squared_distances_here(query, corners) }
}

#[target_feature(enable = "avx512f,avx2")]
fn squared_distances_here(query: &[f32], corners: &[u16]) -> [f32; 2] {
    let (first, second) = corners.split_at(2 * query.len());
    let [first, second] = [add_squares(query, first), add_squares(query, second)];
    // Both are added in halves side by side, in the order of all structures.
    let four = _mm256_add_ps(
        _mm256_permute2f128_ps::<0x20>(first, second),
        _mm256_permute2f128_ps::<0x31>(first, second),
    );
    let two = _mm256_add_ps(four, _mm256_permute_ps::<0b01_00_11_10>(four));
    let one = _mm256_add_ps(two, _mm256_permute_ps::<0b10_11_00_01>(two));
    let second = _mm256_extractf128_ps::<1>(one);
    [_mm256_cvtss_f32(one), _mm_cvtss_f32(second)]
}

/// Eight sums for a box, given by its lowest corner and its highest.
#[inline]
#[target_feature(enable = "avx512f,avx2")]
fn add_squares(query: &[f32], corners: &[u16]) -> __m256 {
    let (low, high) = corners.split_at(query.len());
    let (query, query_rest) = query.as_chunks::<LANES>();
    let (low, low_rest) = low.as_chunks::<LANES>();
    let (high, high_rest) = high.as_chunks::<LANES>();
    let mut sums = _mm512_setzero_ps();
    for ((query, low), high) in query.iter().zip(low).zip(high) {
        let query = _mm512_castsi512_ps(load(query));
        let below = _mm512_sub_ps(numbers(low), query);
        let above = _mm512_sub_ps(query, numbers(high));
        let outside = _mm512_max_ps(_mm512_max_ps(below, above), _mm512_setzero_ps());
        sums = _mm512_add_ps(sums, _mm512_mul_ps(outside, outside));
    }
    let mut first = _mm512_castps512_ps256(sums);
    let second = _mm256_castpd_ps(_mm512_extractf64x4_pd::<1>(_mm512_castps_pd(sums)));
    let rest = query_rest.first_chunk::<HALF>();
    if let (Some(query), Some(low), Some(high)) =
        (rest, low_rest.first_chunk(), high_rest.first_chunk())
    {
        // SAFETY: the array holds the 32 bytes of a register.
        let query = unsafe { _mm256_loadu_ps(query.as_ptr()) };
        let below = _mm256_sub_ps(half_of_numbers(low), query);
        let above = _mm256_sub_ps(query, half_of_numbers(high));
        let outside = _mm256_max_ps(_mm256_max_ps(below, above), _mm256_setzero_ps());
        first = _mm256_add_ps(first, _mm256_mul_ps(outside, outside));
    }
    _mm256_add_ps(first, second)
}

/// [`number`](super::super::super::bfloat16::number) of each.
#[inline]
#[target_feature(enable = "avx512f")]
fn numbers(bounds: &[u16; LANES]) -> __m512 {
    // SAFETY: the array holds the 32 bytes of a register.
    let bounds = unsafe { _mm256_loadu_si256(bounds.as_ptr().cast()) };
    _mm512_castsi512_ps(_mm512_slli_epi32::<16>(_mm512_cvtepu16_epi32(bounds)))
}

#[inline]
#[target_feature(enable = "avx2")]
fn half_of_numbers(bounds: &[u16; HALF]) -> __m256 {
    // SAFETY: the array holds the 16 bytes of a register.
    let bounds = unsafe { _mm_loadu_si128(bounds.as_ptr().cast()) };
    _mm256_castsi256_ps(_mm256_slli_epi32::<16>(_mm256_cvtepu16_epi32(bounds)))
}
