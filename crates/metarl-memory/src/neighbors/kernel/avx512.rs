//! Sixteen keys at a time, with the byte products of VNNI.
#![expect(
    unsafe_code,
    reason = "vector loads and stores are intrinsics on pointers"
)]

use std::arch::x86_64::{
    __m512i, _CMP_LE_OQ, _mm512_add_epi32, _mm512_castsi512_ps, _mm512_cmp_ps_mask,
    _mm512_cmpge_epi32_mask, _mm512_cmple_epi32_mask, _mm512_dpbusd_epi32, _mm512_loadu_si512,
    _mm512_set1_epi32, _mm512_set1_ps, _mm512_setzero_si512, _mm512_slli_epi32, _mm512_srli_epi32,
    _mm512_storeu_si512, _mm512_sub_epi32,
};

use super::{BLOCK, CodeBlock, CodeDistances, CodeQuery};

/// Keys of a register.
const LANES: usize = 16;

pub(super) fn is_available() -> bool {
    is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vnni")
}

pub(super) fn measure<const N: usize>(
    queries: &[CodeQuery<'_>; N],
    block: CodeBlock<'_>,
    distances: &mut CodeDistances<N>,
) {
    // SAFETY: this kernel is chosen where `is_available` holds.
    unsafe {
        match block.n_positions.div_ceil(LANES) {
            0 => distances.within = [0; N],
            1 => measure_parts::<N, 1>(queries, block, distances),
            2 => measure_parts::<N, 2>(queries, block, distances),
            3 => measure_parts::<N, 3>(queries, block, distances),
            _ => measure_parts::<N, 4>(queries, block, distances),
        }
    }
}

/// Of the block only the first parts are read.
#[target_feature(enable = "avx512f,avx512vnni")]
fn measure_parts<const N: usize, const PARTS: usize>(
    queries: &[CodeQuery<'_>; N],
    block: CodeBlock<'_>,
    distances: &mut CodeDistances<N>,
) {
    let n_groups = block.codes.len() / (4 * BLOCK);
    let mut groups: [&[i32]; N] = [&[]; N];
    for (groups, query) in groups.iter_mut().zip(queries) {
        *groups = &query.groups[..n_groups];
    }
    // Half of each square, rounded up: what remains of a product without it says whether a key is near.
    let mut halves = [_mm512_setzero_si512(); PARTS];
    for (part, half) in halves.iter_mut().enumerate() {
        let squares = load(&block.squares[LANES * part..]);
        *half = _mm512_srli_epi32::<1>(_mm512_add_epi32(squares, _mm512_set1_epi32(1)));
    }
    let negative_halves = halves.map(|half| _mm512_sub_epi32(_mm512_setzero_si512(), half));
    let mut products = [negative_halves; N];
    for (g, codes) in block.codes.chunks_exact(4 * BLOCK).enumerate() {
        let mut keys = [_mm512_setzero_si512(); PARTS];
        for (part, keys) in keys.iter_mut().enumerate() {
            *keys = load(&codes[4 * LANES * part..]);
        }
        for (products, groups) in products.iter_mut().zip(groups) {
            let group = _mm512_set1_epi32(groups[g]);
            for (product, keys) in products.iter_mut().zip(keys) {
                *product = _mm512_dpbusd_epi32(*product, keys, group);
            }
        }
    }
    for (n, query) in queries.iter().enumerate() {
        // Half of a difference fits, whatever they are.
        let least = (i64::from(query.offset) - i64::from(query.limit)) >> 1;
        let least = _mm512_set1_epi32(least as i32);
        let near = products[n].map(|product| _mm512_cmpge_epi32_mask(product, least));
        distances.within[n] = 0;
        if near.iter().any(|near| *near != 0) {
            let offset = _mm512_set1_epi32(query.offset);
            let limit = _mm512_set1_epi32(query.limit);
            let places = distances.squared[n].as_chunks_mut::<LANES>().0;
            for (part, (place, product)) in places.iter_mut().zip(products[n]).enumerate() {
                let squares = load(&block.squares[LANES * part..]);
                let twice = _mm512_slli_epi32::<1>(_mm512_add_epi32(product, halves[part]));
                let squared = _mm512_sub_epi32(_mm512_add_epi32(offset, squares), twice);
                let within = _mm512_cmple_epi32_mask(squared, limit);
                distances.within[n] |= u64::from(within) << (LANES * part);
                // SAFETY: the place has room for the sixteen numbers of a register.
                unsafe { _mm512_storeu_si512(place.as_mut_ptr().cast(), squared) };
            }
        }
    }
}

pub(super) fn within(distances: &[f32; BLOCK], limit: f32) -> u64 {
    // SAFETY: this kernel is chosen where `is_available` holds.
    unsafe { within_here(distances, limit) }
}

#[target_feature(enable = "avx512f")]
fn within_here(distances: &[f32; BLOCK], limit: f32) -> u64 {
    let limit = _mm512_set1_ps(limit);
    let mut within = 0;
    for (part, distances) in distances.chunks_exact(LANES).enumerate() {
        let distances = _mm512_castsi512_ps(load(distances));
        let bits = _mm512_cmp_ps_mask::<_CMP_LE_OQ>(distances, limit);
        within |= u64::from(bits) << (LANES * part);
    }
    within
}

#[target_feature(enable = "avx512f")]
fn load<T: Copy>(numbers: &[T]) -> __m512i {
    let numbers = &numbers[..size_of::<__m512i>() / size_of::<T>()];
    // SAFETY: the slice holds the 64 bytes of a register, and any bits are integers.
    unsafe { _mm512_loadu_si512(numbers.as_ptr().cast()) }
}
