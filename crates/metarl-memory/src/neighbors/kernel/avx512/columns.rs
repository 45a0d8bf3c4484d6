//! Short keys as they are, a column a coordinate.
#![expect(unsafe_code, reason = "instructions that not every processor has")]

use std::arch::x86_64::{
    __m512, _CMP_LE_OQ, _mm512_add_ps, _mm512_castps_si512, _mm512_castsi512_ps,
    _mm512_cmp_ps_mask, _mm512_mul_ps, _mm512_set1_ps, _mm512_setzero_ps, _mm512_sub_ps,
};

use super::super::BLOCK;
use super::{LANES, load, store};

pub(crate) fn measure(
    query: &[f32],
    columns: &[f32],
    limit: f32,
    distances: &mut [f32; BLOCK],
) -> u64 {
    /// The kernel for as many columns as there are.
    macro_rules! measure {
        ($($n:literal)*) => {
            match query.len() {
                $($n => measure_columns::<$n>(query, columns, limit, distances),)*
                _ => unreachable!("more columns than keys of a block have"),
            }
        };
    }
    // SAFETY: this kernel is chosen where `is_available` holds.
    unsafe { measure!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16) }
}

/// Squares are added in halves, in the order of [`squared_distance`](crate::squared_distance).
#[target_feature(enable = "avx512f")]
fn measure_columns<const N: usize>(
    query: &[f32],
    columns: &[f32],
    limit: f32,
    distances: &mut [f32; BLOCK],
) -> u64 {
    let columns = &columns.as_chunks::<BLOCK>().0[..N];
    let limit = _mm512_set1_ps(limit);
    let mut all_within = 0;
    for (part, place) in distances.as_chunks_mut::<LANES>().0.iter_mut().enumerate() {
        let mut sums = [_mm512_setzero_ps(); N];
        for j in 0..N {
            sums[j] = square(query[j], &columns[j], part);
        }
        let (mut n, mut half) = (N, const { N.next_power_of_two() / 2 });
        while half > 0 {
            for j in 0..n - half {
                sums[j] = _mm512_add_ps(sums[j], sums[j + half]);
            }
            (n, half) = (half, half / 2);
        }
        let within = _mm512_cmp_ps_mask::<_CMP_LE_OQ>(sums[0], limit);
        all_within |= u64::from(within) << (LANES * part);
        store(_mm512_castps_si512(sums[0]), place);
    }
    all_within
}

#[inline]
#[target_feature(enable = "avx512f")]
fn square(q: f32, column: &[f32; BLOCK], part: usize) -> __m512 {
    let keys = _mm512_castsi512_ps(load(&column[LANES * part..]));
    let difference = _mm512_sub_ps(_mm512_set1_ps(q), keys);
    _mm512_mul_ps(difference, difference)
}
