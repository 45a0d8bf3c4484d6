//! Distances to a block of short keys, all at once.

use multiversion::multiversion;

use super::arena::BLOCK;

/// Keys of up to this many numbers lie in columns.
pub(crate) const MOST_COLUMNS: usize = 16;

/// Sums for each key of a block; when all are added up, the first row has the squared distances.
#[derive(Debug, Clone)]
pub(crate) struct ColumnSums([[f32; BLOCK]; MOST_COLUMNS / 2]);

impl Default for ColumnSums {
    fn default() -> Self {
        Self([[0.0; BLOCK]; MOST_COLUMNS / 2])
    }
}

impl ColumnSums {
    /// [`squared_distance`](super::squared_distance), to the last bit, of a query to each key of a
    /// block whose column `j` holds the j-th number of all 64 keys; and a bit for each key that is
    /// within the limit.
    ///
    /// Of keys of up to 16 numbers every one has a sum to itself, so the order of the additions is the
    /// one in which the sums are added, in halves; those of numbers that are not there would be zeros.
    pub(crate) fn measure(
        &mut self,
        query: &[f32],
        columns: &[f32],
        limit: f32,
    ) -> (&[f32; BLOCK], u64) {
        let within = measure(query, columns, limit, &mut self.0);
        (&self.0[0], within)
    }
}

#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn measure(
    query: &[f32],
    columns: &[f32],
    limit: f32,
    sums: &mut [[f32; BLOCK]; MOST_COLUMNS / 2],
) -> u64 {
    let d = query.len();
    let mut half = (d.next_power_of_two() / 2).max(1);
    for (j, sums) in sums.iter_mut().enumerate().take(half) {
        let (q, column) = (query[j], &columns[j * BLOCK..][..BLOCK]);
        if j + half < d {
            let (other_q, other) = (query[j + half], &columns[(j + half) * BLOCK..][..BLOCK]);
            for ((sum, x), y) in sums.iter_mut().zip(column).zip(other) {
                *sum = (q - x) * (q - x) + (other_q - y) * (other_q - y);
            }
        } else {
            for (sum, x) in sums.iter_mut().zip(column) {
                *sum = (q - x) * (q - x);
            }
        }
    }
    while half > 1 {
        half /= 2;
        let (low, high) = sums.split_at_mut(half);
        for (low, high) in low.iter_mut().zip(high) {
            for (low, high) in low.iter_mut().zip(high) {
                *low += *high;
            }
        }
    }
    const LANES: usize = 16;
    let mut within = 0;
    for (group, distances) in sums[0].chunks_exact(LANES).enumerate() {
        let mut bits = 0_u32;
        for (lane, distance) in distances.iter().enumerate() {
            bits |= u32::from(*distance <= limit) << lane;
        }
        within |= u64::from(bits) << (group * LANES);
    }
    within
}
