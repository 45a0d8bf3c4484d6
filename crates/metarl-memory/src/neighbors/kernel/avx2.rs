//! Eight keys at a time.
#![expect(
    unsafe_code,
    reason = "vector loads and stores are intrinsics on pointers"
)]

use std::arch::x86_64::{
    __m256i, _CMP_LE_OQ, _mm256_abs_epi8, _mm256_add_epi16, _mm256_add_epi32, _mm256_and_si256,
    _mm256_castsi256_ps, _mm256_cmp_ps, _mm256_cmpgt_epi32, _mm256_loadu_si256, _mm256_madd_epi16,
    _mm256_maddubs_epi16, _mm256_movemask_ps, _mm256_set1_epi8, _mm256_set1_epi16,
    _mm256_set1_epi32, _mm256_set1_ps, _mm256_setzero_si256, _mm256_slli_epi16, _mm256_slli_epi32,
    _mm256_srai_epi16, _mm256_srli_epi16, _mm256_storeu_si256, _mm256_sub_epi16, _mm256_sub_epi32,
    _mm256_xor_si256,
};

use super::super::quantization::OFFSET;
use super::{BLOCK, CodeBlock, CodeDistances, CodeQuery, FOUR};

/// Keys of a register, and registers worked on side by side.
const LANES: usize = 8;
const PARTS: usize = 2;

pub(super) fn is_available() -> bool {
    is_x86_feature_detected!("avx2")
}

pub(super) fn measure(query: CodeQuery<'_>, block: CodeBlock<'_>, distances: &mut CodeDistances) {
    // SAFETY: this kernel is chosen where `is_available` holds.
    unsafe { measure_here(query, block, distances) }
}

/// Differences of bytes are squared as numbers of 16 bits, those in even and in odd places apart.
#[target_feature(enable = "avx2")]
fn measure_here(query: CodeQuery<'_>, block: CodeBlock<'_>, distances: &mut CodeDistances) {
    let offset = _mm256_set1_epi16(OFFSET as i16);
    let limit = _mm256_set1_epi32(query.limit);
    distances.within = 0;
    for first in (0..block.n_positions).step_by(LANES * PARTS) {
        let mut sums = [_mm256_setzero_si256(); PARTS];
        for (codes, group) in block.codes.chunks_exact(4 * BLOCK).zip(query.groups) {
            let halves = halves_of_query(*group).map(|half| _mm256_add_epi16(half, offset));
            for (part, sum) in sums.iter_mut().enumerate() {
                let keys = halves_of_keys(load(&codes[4 * (first + LANES * part)..]));
                for (half, keys) in halves.iter().zip(keys) {
                    let differences = _mm256_sub_epi16(keys, *half);
                    *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(differences, differences));
                }
            }
        }
        for (part, squared) in sums.iter().enumerate() {
            write(*squared, limit, first + LANES * part, distances);
        }
    }
}

pub(super) fn measure_four(
    queries: &[CodeQuery<'_>; FOUR],
    block: CodeBlock<'_>,
    squares: &[i32; BLOCK],
    distances: &mut [CodeDistances; FOUR],
) {
    // SAFETY: this kernel is chosen where `is_available` holds.
    unsafe { measure_four_here(queries, block, squares, distances) }
}

/// Bytes are multiplied as numbers of 16 bits, those in even and in odd places apart: the instruction
/// for bytes would clip its sums.
#[target_feature(enable = "avx2")]
fn measure_four_here(
    queries: &[CodeQuery<'_>; FOUR],
    block: CodeBlock<'_>,
    squares: &[i32; BLOCK],
    distances: &mut [CodeDistances; FOUR],
) {
    let n_groups = block.codes.len() / (4 * BLOCK);
    let mut groups: [&[i32]; FOUR] = [&[]; FOUR];
    for (groups, query) in groups.iter_mut().zip(queries) {
        *groups = &query.groups[..n_groups];
    }
    for distances in &mut *distances {
        distances.within = 0;
    }
    for first in (0..block.n_positions).step_by(LANES * PARTS) {
        let mut products = [[_mm256_setzero_si256(); PARTS]; FOUR];
        for (g, codes) in block.codes.chunks_exact(4 * BLOCK).enumerate() {
            let mut keys = [[_mm256_setzero_si256(); 2]; PARTS];
            for (part, keys) in keys.iter_mut().enumerate() {
                *keys = halves_of_keys(load(&codes[4 * (first + LANES * part)..]));
            }
            for (products, groups) in products.iter_mut().zip(&groups) {
                let halves = halves_of_query(groups[g]);
                for (product, keys) in products.iter_mut().zip(&keys) {
                    let sum = _mm256_add_epi32(
                        _mm256_madd_epi16(keys[0], halves[0]),
                        _mm256_madd_epi16(keys[1], halves[1]),
                    );
                    *product = _mm256_add_epi32(*product, sum);
                }
            }
        }
        for ((query, products), distances) in queries.iter().zip(&products).zip(&mut *distances) {
            let offset = _mm256_set1_epi32(query.offset);
            let limit = _mm256_set1_epi32(query.limit);
            for (part, product) in products.iter().enumerate() {
                let key = first + LANES * part;
                let twice = _mm256_slli_epi32::<1>(*product);
                let squares = load(&squares[key..]);
                let squared = _mm256_sub_epi32(_mm256_add_epi32(offset, squares), twice);
                write(squared, limit, key, distances);
            }
        }
    }
}

/// Bytes in even and in odd places, as numbers of 16 bits.
#[target_feature(enable = "avx2")]
fn halves_of_keys(keys: __m256i) -> [__m256i; 2] {
    let low_byte = _mm256_set1_epi16(0xFF);
    [
        _mm256_and_si256(keys, low_byte),
        _mm256_srli_epi16::<8>(keys),
    ]
}

/// The same of bytes with a sign, four of them again and again.
#[target_feature(enable = "avx2")]
fn halves_of_query(group: i32) -> [__m256i; 2] {
    let group = _mm256_set1_epi32(group);
    [
        _mm256_srai_epi16::<8>(_mm256_slli_epi16::<8>(group)),
        _mm256_srai_epi16::<8>(group),
    ]
}

/// Writes distances from a key on, and which of them are within a limit.
#[target_feature(enable = "avx2")]
fn write(squared: __m256i, limit: __m256i, key: usize, distances: &mut CodeDistances) {
    let beyond = _mm256_castsi256_ps(_mm256_cmpgt_epi32(squared, limit));
    let within = !_mm256_movemask_ps(beyond) as u8;
    distances.within |= u64::from(within) << key;
    store(squared, &mut distances.squared[key..]);
}

/// Adds Σ c² of four codes of each key, of which 128 is taken first. Without its sign a code fits a byte with a sign
/// and one without, and two of its squares fit 16 bits.
#[target_feature(enable = "avx2")]
fn add_squares(sums: __m256i, keys: __m256i) -> __m256i {
    let sizes = _mm256_abs_epi8(_mm256_xor_si256(keys, _mm256_set1_epi8(i8::MIN)));
    let pairs = _mm256_maddubs_epi16(sizes, sizes);
    _mm256_add_epi32(sums, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)))
}

pub(super) fn squares(block: CodeBlock<'_>) -> [i32; BLOCK] {
    // SAFETY: this kernel is chosen where `is_available` holds.
    unsafe { squares_here(block) }
}

#[target_feature(enable = "avx2")]
fn squares_here(block: CodeBlock<'_>) -> [i32; BLOCK] {
    let mut sums = [_mm256_setzero_si256(); BLOCK / LANES];
    for codes in block.codes.chunks_exact(4 * BLOCK) {
        for (sums, keys) in sums.iter_mut().zip(codes.chunks_exact(4 * LANES)) {
            *sums = add_squares(*sums, load(keys));
        }
    }
    let mut squares = [0; BLOCK];
    for (sums, place) in sums.iter().zip(squares.chunks_exact_mut(LANES)) {
        store(*sums, place);
    }
    squares
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

#[target_feature(enable = "avx2")]
fn store(register: __m256i, place: &mut [i32]) {
    let place = &mut place[..LANES];
    // SAFETY: the slice has room for the eight numbers of a register.
    unsafe { _mm256_storeu_si256(place.as_mut_ptr().cast(), register) };
}
