//! Distances to a block of short keys, all at once.

use multiversion::multiversion;

use super::arena::BLOCK;

/// Keys of up to this many numbers lie in columns.
pub(crate) const MOST_COLUMNS: usize = 16;

/// Keys measured side by side.
const LANES: usize = 16;

/// [`squared_distance`](super::squared_distance), to the last bit, of a query to each key of a block
/// whose column `j` holds the j-th number of all 64 keys.
///
/// Of keys of up to 16 numbers every one has a sum to itself, so the order of the additions is the
/// tree in which the sums are added, and numbers that are not there are zeros.
///
/// Gives a bit for each key that is within the limit.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
pub(crate) fn column_distances(
    query: &[f32],
    columns: &[f32],
    limit: f32,
    distances: &mut [f32; BLOCK],
) -> u64 {
    match query.len() {
        1 => distances_of::<1>(query, columns, distances),
        2 => distances_of::<2>(query, columns, distances),
        3 => distances_of::<3>(query, columns, distances),
        4 => distances_of::<4>(query, columns, distances),
        5 => distances_of::<5>(query, columns, distances),
        6 => distances_of::<6>(query, columns, distances),
        7 => distances_of::<7>(query, columns, distances),
        8 => distances_of::<8>(query, columns, distances),
        9 => distances_of::<9>(query, columns, distances),
        10 => distances_of::<10>(query, columns, distances),
        11 => distances_of::<11>(query, columns, distances),
        12 => distances_of::<12>(query, columns, distances),
        13 => distances_of::<13>(query, columns, distances),
        14 => distances_of::<14>(query, columns, distances),
        15 => distances_of::<15>(query, columns, distances),
        _ => distances_of::<16>(query, columns, distances),
    }
    let mut within = 0;
    for (group, distances) in distances.chunks_exact(LANES).enumerate() {
        let mut bits = 0_u32;
        for (lane, distance) in distances.iter().enumerate() {
            bits |= u32::from(*distance <= limit) << lane;
        }
        within |= u64::from(bits) << (group * LANES);
    }
    within
}

#[inline(always)]
fn distances_of<const D: usize>(query: &[f32], columns: &[f32], distances: &mut [f32; BLOCK]) {
    let (query, columns) = (&query[..D], &columns[..D * BLOCK]);
    for (group, distances) in distances.chunks_exact_mut(LANES).enumerate() {
        let mut sums = [[0.0_f32; LANES]; D];
        for ((sums, &q), column) in sums.iter_mut().zip(query).zip(columns.chunks_exact(BLOCK)) {
            let keys = &column[group * LANES..][..LANES];
            for (sum, key) in sums.iter_mut().zip(keys) {
                *sum = (q - key) * (q - key);
            }
        }
        let mut half = MOST_COLUMNS / 2;
        while half > 0 {
            for j in half..D.min(2 * half) {
                for lane in 0..LANES {
                    sums[j - half][lane] += sums[j][lane];
                }
            }
            half /= 2;
        }
        distances.copy_from_slice(&sums[0]);
    }
}
