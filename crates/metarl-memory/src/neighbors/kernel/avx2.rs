//! Eight keys at a time.
#![expect(
    unsafe_code,
    reason = "vector loads and stores are intrinsics on pointers"
)]

use std::arch::x86_64::{
    __m256i, _CMP_LE_OQ, _mm256_add_epi32, _mm256_and_si256, _mm256_castsi256_ps, _mm256_cmp_ps,
    _mm256_cmpgt_epi32, _mm256_loadu_si256, _mm256_madd_epi16, _mm256_movemask_ps,
    _mm256_set1_epi16, _mm256_set1_epi32, _mm256_set1_ps, _mm256_setzero_si256, _mm256_slli_epi16,
    _mm256_slli_epi32, _mm256_srai_epi16, _mm256_srli_epi16, _mm256_storeu_si256, _mm256_sub_epi32,
};

use super::{BLOCK, CodeBlock, CodeDistances, CodeQuery};

/// Keys of a register, and registers worked on side by side.
const LANES: usize = 8;
const PARTS: usize = 2;

pub(super) fn is_available() -> bool {
    is_x86_feature_detected!("avx2")
}

pub(super) fn measure<const N: usize>(
    queries: &[CodeQuery<'_>; N],
    block: CodeBlock<'_>,
    distances: &mut CodeDistances<N>,
) {
    // SAFETY: this kernel is chosen where `is_available` holds.
    unsafe { measure_here(queries, block, distances) }
}

/// Bytes are multiplied as numbers of 16 bits, those in even and in odd places apart: the instruction
/// for bytes would clip its sums.
#[target_feature(enable = "avx2")]
fn measure_here<const N: usize>(
    queries: &[CodeQuery<'_>; N],
    block: CodeBlock<'_>,
    distances: &mut CodeDistances<N>,
) {
    let n_groups = block.codes.len() / (4 * BLOCK);
    let mut groups: [&[i32]; N] = [&[]; N];
    for (groups, query) in groups.iter_mut().zip(queries) {
        *groups = &query.groups[..n_groups];
    }
    let low_byte = _mm256_set1_epi16(0xFF);
    distances.within = [0; N];
    for first in (0..block.n_positions).step_by(LANES * PARTS) {
        let mut products = [[_mm256_setzero_si256(); PARTS]; N];
        for (g, codes) in block.codes.chunks_exact(4 * BLOCK).enumerate() {
            let mut even = [_mm256_setzero_si256(); PARTS];
            let mut odd = [_mm256_setzero_si256(); PARTS];
            for part in 0..PARTS {
                let keys = load(&codes[4 * (first + LANES * part)..]);
                even[part] = _mm256_and_si256(keys, low_byte);
                odd[part] = _mm256_srli_epi16::<8>(keys);
            }
            for (products, groups) in products.iter_mut().zip(groups) {
                let group = _mm256_set1_epi32(groups[g]);
                let even_query = _mm256_srai_epi16::<8>(_mm256_slli_epi16::<8>(group));
                let odd_query = _mm256_srai_epi16::<8>(group);
                for part in 0..PARTS {
                    let sum = _mm256_add_epi32(
                        _mm256_madd_epi16(even[part], even_query),
                        _mm256_madd_epi16(odd[part], odd_query),
                    );
                    products[part] = _mm256_add_epi32(products[part], sum);
                }
            }
        }
        for (n, query) in queries.iter().enumerate() {
            let offset = _mm256_set1_epi32(query.offset);
            let limit = _mm256_set1_epi32(query.limit);
            for (part, product) in products[n].iter().enumerate() {
                let key = first + LANES * part;
                let squares = load(&block.squares[key..]);
                let twice = _mm256_slli_epi32::<1>(*product);
                let squared = _mm256_sub_epi32(_mm256_add_epi32(offset, squares), twice);
                let beyond = _mm256_castsi256_ps(_mm256_cmpgt_epi32(squared, limit));
                let within = !_mm256_movemask_ps(beyond) as u8;
                distances.within[n] |= u64::from(within) << key;
                let place = &mut distances.squared[n][key..][..LANES];
                // SAFETY: the slice has room for the eight numbers of a register.
                unsafe { _mm256_storeu_si256(place.as_mut_ptr().cast(), squared) };
            }
        }
    }
}

pub(super) fn within(distances: &[f32; BLOCK], limit: f32) -> u64 {
    // SAFETY: this kernel is chosen where `is_available` holds.
    unsafe { within_here(distances, limit) }
}

#[target_feature(enable = "avx2")]
fn within_here(distances: &[f32; BLOCK], limit: f32) -> u64 {
    let limit = _mm256_set1_ps(limit);
    let mut within = 0;
    for (part, distances) in distances.chunks_exact(LANES).enumerate() {
        let distances = _mm256_castsi256_ps(load(distances));
        let is_within = _mm256_cmp_ps::<_CMP_LE_OQ>(distances, limit);
        within |= u64::from(_mm256_movemask_ps(is_within) as u8) << (LANES * part);
    }
    within
}

#[target_feature(enable = "avx2")]
fn load<T: Copy>(numbers: &[T]) -> __m256i {
    let numbers = &numbers[..size_of::<__m256i>() / size_of::<T>()];
    // SAFETY: the slice holds the 32 bytes of a register, and any bits are integers.
    unsafe { _mm256_loadu_si256(numbers.as_ptr().cast()) }
}
