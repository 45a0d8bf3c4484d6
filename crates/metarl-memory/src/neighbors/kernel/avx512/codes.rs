//! Keys in codes, with the byte products of VNNI.
#![expect(unsafe_code, reason = "instructions that not every processor has")]

use std::arch::x86_64::{
    __m512i, _mm512_abs_epi8, _mm512_add_epi32, _mm512_cmpge_epi32_mask, _mm512_cmple_epi32_mask,
    _mm512_dpbusd_epi32, _mm512_set1_epi8, _mm512_set1_epi32, _mm512_setzero_si512,
    _mm512_slli_epi32, _mm512_srli_epi32, _mm512_sub_epi32, _mm512_xor_si512,
};

use super::super::{BLOCK, CodeBlock, CodeDistances, CodeQuery, FOUR};
use super::{LANES, load, store};

pub(crate) fn measure(query: CodeQuery<'_>, block: CodeBlock<'_>, distances: &mut CodeDistances) {
    // SAFETY: this kernel is chosen where `is_available` holds.
    unsafe {
        match block.n_positions.div_ceil(LANES) {
            0 => distances.within = 0,
            1 => measure_parts::<1>(query, block, distances),
            2 => measure_parts::<2>(query, block, distances),
            3 => measure_parts::<3>(query, block, distances),
            _ => measure_parts::<4>(query, block, distances),
        }
    }
}

/// Of the block only the first parts are read.
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn measure_parts<const PARTS: usize>(
    query: CodeQuery<'_>,
    block: CodeBlock<'_>,
    distances: &mut CodeDistances,
) {
    let mut products = [_mm512_setzero_si512(); PARTS];
    let mut squares = [_mm512_setzero_si512(); PARTS];
    for (codes, group) in block.codes.chunks_exact(4 * BLOCK).zip(query.groups) {
        let group = _mm512_set1_epi32(*group);
        for part in 0..PARTS {
            let keys = load(&codes[4 * LANES * part..]);
            products[part] = _mm512_dpbusd_epi32(products[part], keys, group);
            squares[part] = add_squares(squares[part], keys);
        }
    }
    let offset = _mm512_set1_epi32(query.offset);
    let limit = _mm512_set1_epi32(query.limit);
    let places = distances.squared.as_chunks_mut::<LANES>().0;
    distances.within = 0;
    for part in 0..PARTS {
        let twice = _mm512_slli_epi32::<1>(products[part]);
        let squared = _mm512_sub_epi32(_mm512_add_epi32(offset, squares[part]), twice);
        let within = _mm512_cmple_epi32_mask(squared, limit);
        distances.within |= u64::from(within) << (LANES * part);
        store(squared, &mut places[part]);
    }
}

/// Adds Σ c² of four codes of each key, of which 128 is taken first. Without its sign a code fits a byte with a sign
/// and one without.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn add_squares(sums: __m512i, keys: __m512i) -> __m512i {
    let sizes = _mm512_abs_epi8(_mm512_xor_si512(keys, _mm512_set1_epi8(i8::MIN)));
    _mm512_dpbusd_epi32(sums, sizes, sizes)
}

pub(crate) fn squares(block: CodeBlock<'_>) -> [i32; BLOCK] {
    // SAFETY: this kernel is chosen where `is_available` holds.
    unsafe { squares_here(block) }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn squares_here(block: CodeBlock<'_>) -> [i32; BLOCK] {
    let mut sums = [_mm512_setzero_si512(); BLOCK / LANES];
    for codes in block.codes.chunks_exact(4 * BLOCK) {
        for (sums, keys) in sums.iter_mut().zip(codes.chunks_exact(4 * LANES)) {
            *sums = add_squares(*sums, load(keys));
        }
    }
    let mut squares = [0; BLOCK];
    for (sums, place) in sums.iter().zip(squares.as_chunks_mut().0) {
        store(*sums, place);
    }
    squares
}

pub(crate) fn measure_four(
    queries: &[CodeQuery<'_>; FOUR],
    block: CodeBlock<'_>,
    squares: &[i32; BLOCK],
    distances: &mut [CodeDistances; FOUR],
) {
    // SAFETY: this kernel is chosen where `is_available` holds.
    unsafe { measure_four_here(queries, block, squares, distances) }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn measure_four_here(
    queries: &[CodeQuery<'_>; FOUR],
    block: CodeBlock<'_>,
    squares: &[i32; BLOCK],
    distances: &mut [CodeDistances; FOUR],
) {
    const PARTS: usize = BLOCK / LANES;
    let n_groups = block.codes.len() / (4 * BLOCK);
    let mut groups: [&[i32]; FOUR] = [&[]; FOUR];
    for (groups, query) in groups.iter_mut().zip(queries) {
        *groups = &query.groups[..n_groups];
    }
    // Half of each square, rounded up: what remains of a product without it says whether a key is near.
    let mut halves = [_mm512_setzero_si512(); PARTS];
    for (half, squares) in halves.iter_mut().zip(squares.chunks_exact(LANES)) {
        *half = _mm512_srli_epi32::<1>(_mm512_add_epi32(load(squares), _mm512_set1_epi32(1)));
    }
    let negative_halves = halves.map(|half| _mm512_sub_epi32(_mm512_setzero_si512(), half));
    let mut products = [negative_halves; FOUR];
    for (g, codes) in block.codes.chunks_exact(4 * BLOCK).enumerate() {
        let mut keys = [_mm512_setzero_si512(); PARTS];
        for (keys, codes) in keys.iter_mut().zip(codes.chunks_exact(4 * LANES)) {
            *keys = load(codes);
        }
        for (products, groups) in products.iter_mut().zip(&groups) {
            let group = _mm512_set1_epi32(groups[g]);
            for (product, keys) in products.iter_mut().zip(keys) {
                *product = _mm512_dpbusd_epi32(*product, keys, group);
            }
        }
    }
    for ((query, products), distances) in queries.iter().zip(&products).zip(distances) {
        // Half of a difference fits, whatever they are.
        let least = (i64::from(query.offset) - i64::from(query.limit)) >> 1;
        let least = _mm512_set1_epi32(least as i32);
        let near = products.map(|product| _mm512_cmpge_epi32_mask(product, least));
        distances.within = 0;
        if near.iter().any(|near| *near != 0) {
            let offset = _mm512_set1_epi32(query.offset);
            let limit = _mm512_set1_epi32(query.limit);
            let places = distances.squared.as_chunks_mut::<LANES>().0;
            for (part, (place, product)) in places.iter_mut().zip(products).enumerate() {
                let squares = load(&squares[LANES * part..]);
                let twice = _mm512_slli_epi32::<1>(_mm512_add_epi32(*product, halves[part]));
                let squared = _mm512_sub_epi32(_mm512_add_epi32(offset, squares), twice);
                let within = _mm512_cmple_epi32_mask(squared, limit);
                distances.within |= u64::from(within) << (LANES * part);
                store(squared, place);
            }
        }
    }
}
