//! Distances to a block of short keys, all at once.

use multiversion::multiversion;

use super::arena::BLOCK;
use super::kernel::Instructions;

/// Keys of up to this many numbers can lie in columns, and do in a tree.
pub(crate) const MOST_COLUMNS: usize = 16;

/// Keys of a block that are measured side by side.
const LANES: usize = 16;

/// Room for the distances to a block.
#[derive(Debug, Clone)]
pub(crate) struct ColumnDistances {
    instructions: Instructions,
    squared: [f32; BLOCK],
}

impl Default for ColumnDistances {
    fn default() -> Self {
        Self {
            instructions: Instructions::detect(),
            squared: [0.0; BLOCK],
        }
    }
}

impl ColumnDistances {
    /// [`squared_distance`](super::squared_distance), to the last bit, of a query to each key of a
    /// block whose column `j` holds the j-th number of all 64 keys; and a bit for each key that is
    /// within the limit.
    pub(crate) fn measure(
        &mut self,
        query: &[f32],
        columns: &[f32],
        limit: f32,
    ) -> (&[f32; BLOCK], u64) {
        let squared = &mut self.squared;
        let within = (self.instructions).measure_columns(query, columns, limit, squared);
        (squared, within)
    }
}

/// The distances, for processors that have no kernel of their own.
#[multiversion(targets("x86_64+avx2"))]
pub(super) fn measure(query: &[f32], columns: &[f32], distances: &mut [f32; BLOCK]) {
    match query.len() {
        1..=2 => measure_halves::<1>(query, columns, distances),
        3..=4 => measure_halves::<2>(query, columns, distances),
        5..=8 => measure_halves::<4>(query, columns, distances),
        _ => measure_halves::<8>(query, columns, distances),
    }
}

/// Of keys of up to 16 numbers every one has a sum to itself, so the order of the additions is the one
/// in which the sums are added, in halves; those of numbers that are not there would be zeros.
#[inline(always)]
fn measure_halves<const HALF: usize>(query: &[f32], columns: &[f32], distances: &mut [f32; BLOCK]) {
    for (group, distances) in distances.as_chunks_mut::<LANES>().0.iter_mut().enumerate() {
        let column = |j: usize| &columns[j * BLOCK + group * LANES..][..LANES];
        let mut sums = [[0.0; LANES]; HALF];
        for (j, (sums, q)) in sums.iter_mut().zip(query).enumerate() {
            for (sum, x) in sums.iter_mut().zip(column(j)) {
                *sum = (q - x) * (q - x);
            }
        }
        for (j, (sums, q)) in sums.iter_mut().zip(query.iter().skip(HALF)).enumerate() {
            for (sum, x) in sums.iter_mut().zip(column(j + HALF)) {
                *sum += (q - x) * (q - x);
            }
        }
        let mut half = HALF;
        while half > 1 {
            half /= 2;
            let (low, high) = sums.split_at_mut(half);
            for (low, high) in low.iter_mut().zip(high) {
                for (low, high) in low.iter_mut().zip(high) {
                    *low += *high;
                }
            }
        }
        *distances = sums[0];
    }
}
