//! Distances between codes, for whatever the processor can do.
//!
//! All of them are sums of integers, so all give the same numbers.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod portable;
mod prefetch;

pub(crate) use prefetch::prefetch;

use super::arena::BLOCK;
use super::{bounding_box, columns};

/// A block of codes: for each group of four numbers the codes of 64 keys.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CodeBlock<'a> {
    /// Group after group; in it key after key; of it four codes, 128 added.
    pub(crate) codes: &'a [u8],
    /// Positions that may hold keys: those from here on are left out, a register of them at a time.
    pub(crate) n_positions: usize,
}

/// A query in codes.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct CodeQuery<'a> {
    /// Four codes in each, the first in the lowest byte; as many as the block has groups.
    pub(crate) groups: &'a [i32],
    /// Σⱼ cⱼ² + 2 · 128 · Σⱼ cⱼ, where the last part undoes what is added to the codes of keys.
    pub(crate) offset: i32,
    /// Distances up to it are asked for.
    pub(crate) limit: i32,
}

/// Squared distances from a query to each key of a block, in codes, and a bit for each key that is within the
/// query's limit; where none is, distances may be missing.
///
/// ```text
/// ‖q − x‖² = ‖q‖² + ‖x‖² − 2 q·x
/// ```
#[derive(Debug, Clone)]
pub(crate) struct CodeDistances {
    pub(crate) squared: [i32; BLOCK],
    pub(crate) within: u64,
}

impl Default for CodeDistances {
    fn default() -> Self {
        Self {
            squared: [0; BLOCK],
            within: 0,
        }
    }
}

/// Queries that are measured at once.
pub(crate) const FOUR: usize = 4;

/// The instructions that are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Instructions {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// AVX-512 with its byte products, VNNI.
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Instructions {
    /// The best that this processor has.
    pub(crate) fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            if avx512::is_available() {
                return Self::Avx512;
            }
            if avx2::is_available() {
                return Self::Avx2;
            }
        }
        Self::Portable
    }

    /// Measures a query against a block.
    pub(crate) fn measure(
        self,
        query: CodeQuery<'_>,
        block: CodeBlock<'_>,
        distances: &mut CodeDistances,
    ) {
        match self {
            Self::Portable => portable::measure(query, block, distances),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => avx2::measure(query, block, distances),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => avx512::codes::measure(query, block, distances),
        }
    }

    /// Measures four queries against a block, of which ‖x‖² of each key is known.
    pub(crate) fn measure_four(
        self,
        queries: &[CodeQuery<'_>; FOUR],
        block: CodeBlock<'_>,
        squares: &[i32; BLOCK],
        distances: &mut [CodeDistances; FOUR],
    ) {
        match self {
            Self::Portable => portable::measure_four(queries, block, squares, distances),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => avx2::measure_four(queries, block, squares, distances),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => avx512::codes::measure_four(queries, block, squares, distances),
        }
    }

    /// ‖x‖² of each key of a block, in codes.
    pub(crate) fn squares(self, block: CodeBlock<'_>) -> [i32; BLOCK] {
        match self {
            Self::Portable => portable::squares(block),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => avx2::squares(block),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => avx512::codes::squares(block),
        }
    }

    /// [`squared_distance`](super::squared_distance), to the last bit, of a query to each key of a
    /// block whose column `j` holds the j-th number of all 64 keys; and a bit for each key that is
    /// within the limit.
    pub(crate) fn measure_columns(
        self,
        query: &[f32],
        columns: &[f32],
        limit: f32,
        distances: &mut [f32; BLOCK],
    ) -> u64 {
        match self {
            Self::Portable => {
                columns::measure(query, columns, distances);
                portable::within(distances, limit)
            }
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => {
                columns::measure(query, columns, distances);
                avx2::within(distances, limit)
            }
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => avx512::columns::measure(query, columns, limit, distances),
        }
    }

    /// Squared distances from a query to the boxes of a pair, see [`Boxes`](super::bounding_box::Boxes).
    pub(crate) fn measure_boxes(self, query: &[f32], corners: &[u16]) -> [f32; 2] {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => avx512::boxes::squared_distances(query, corners),
            _ => bounding_box::pair_distances(query, corners),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::bfloat16::{at_least, at_most, number as number_of};
    use super::super::squared_distance;
    use super::{BLOCK, CodeBlock, CodeDistances, CodeQuery, FOUR, Instructions};

    /// Bytes that do not repeat.
    fn byte(i: usize) -> u8 {
        (i.wrapping_mul(0x9E37_79B9) >> 13) as u8
    }

    /// Room in which another block was measured before.
    fn used() -> CodeDistances {
        CodeDistances {
            squared: [0; BLOCK],
            within: u64::MAX,
        }
    }

    /// A kernel, with blocks that are full, and with some that are not.
    fn with_positions(kernel: Instructions) -> [(Instructions, usize); 6] {
        [0, 1, 16, 17, 48, BLOCK].map(|n_positions| (kernel, n_positions))
    }

    #[test]
    fn asking_ahead_stays_within_the_numbers() {
        for n in [0, 1, 15, 16, 17, 1000] {
            super::prefetch(&vec![0.0_f32; n]);
        }
    }

    /// The kernels of this machine.
    fn kernels() -> Vec<Instructions> {
        let mut kernels = vec![Instructions::Portable];
        #[cfg(target_arch = "x86_64")]
        {
            if super::avx2::is_available() {
                kernels.push(Instructions::Avx2);
            }
            if super::avx512::is_available() {
                kernels.push(Instructions::Avx512);
            }
        }
        kernels
    }

    /// Numbers that do not repeat, of both signs.
    fn number(i: usize) -> f32 {
        f32::from(byte(i)) - 100.0 + 0.37 * f32::from(byte(i + 1))
    }

    #[test]
    fn every_kernel_measures_columns_to_the_last_bit() {
        for dimension in 1..=16 {
            let query: Vec<f32> = (0..dimension).map(number).collect();
            let columns: Vec<f32> = (0..dimension * BLOCK).map(|i| number(i + 31)).collect();
            let expected: [f32; BLOCK] = std::array::from_fn(|key| {
                let key: Vec<f32> = (0..dimension).map(|j| columns[j * BLOCK + key]).collect();
                squared_distance(&query, &key)
            });
            for limit in [0.0, expected[20], f32::MAX, f32::INFINITY] {
                let is_within = expected.map(|distance| distance <= limit);
                for kernel in kernels() {
                    let mut distances = [f32::NAN; BLOCK];
                    let within = kernel.measure_columns(&query, &columns, limit, &mut distances);
                    let bits = std::array::from_fn(|key| within >> key & 1 == 1);
                    assert_eq!(distances, expected, "{kernel:?}, {dimension} dimensions");
                    assert_eq!(
                        bits, is_within,
                        "{kernel:?}, {dimension} dimensions, {limit}"
                    );
                }
            }
        }
    }

    #[test]
    fn every_kernel_measures_boxes_as_their_nearest_points() {
        for width in [8, 16, 24, 64, 72] {
            let query: Vec<f32> = (0..width).map(number).collect();
            let corners = |bound: fn(f32) -> u16, side: f32, n: usize| -> Vec<u16> {
                let x = |j| number(j + 31 * n) + side * f32::from(byte(j + n));
                (0..width).map(|j| bound(x(j))).collect()
            };
            let [first, second] = [1, 2].map(|n| {
                let low = corners(at_most, -0.5, n);
                let high = corners(at_least, 0.5, n);
                [low, high].concat()
            });
            let empty = [at_most(f32::INFINITY), at_least(f32::NEG_INFINITY)];
            let empty = empty.map(|bound| vec![bound; width]).concat();
            let nearest = |corners: &[u16]| -> f32 {
                let bounds = corners[..width].iter().zip(&corners[width..]);
                let bounds = bounds.map(|(low, high)| [number_of(*low), number_of(*high)]);
                let nearest = query.iter().zip(bounds);
                let nearest: Vec<f32> = nearest.map(|(q, [a, b])| q.max(a).min(b)).collect();
                squared_distance(&query, &nearest)
            };
            for (pair, expected) in [
                (
                    [&first[..], &second[..]],
                    [nearest(&first), nearest(&second)],
                ),
                ([&empty[..], &first[..]], [f32::INFINITY, nearest(&first)]),
            ] {
                for kernel in kernels() {
                    let distances = kernel.measure_boxes(&query, &pair.concat());
                    assert_eq!(distances, expected, "{kernel:?}, {width} numbers");
                }
            }
        }
    }

    /// What every kernel must give: a loop over the definition.
    #[test]
    fn every_kernel_measures_what_the_definition_says() {
        // An interpreter takes its time.
        let sizes: &[usize] = if cfg!(miri) {
            &[1, 3]
        } else {
            &[1, 2, 3, 5, 16, 33, 8192]
        };
        for &n_groups in sizes {
            for extreme in [false, true] {
                let key_code = |i: usize| if extreme { 1 } else { byte(i).max(1) };
                let query_code = |i: usize| -> i8 {
                    if extreme {
                        127
                    } else {
                        byte(i + 7).cast_signed().max(-127)
                    }
                };
                let codes: Vec<u8> = (0..n_groups * BLOCK * 4).map(key_code).collect();
                let code_of = |key: usize, j: usize| {
                    i32::from(codes[j / 4 * BLOCK * 4 + key * 4 + j % 4]) - 128
                };
                let n = 4 * n_groups;
                let squares: [i32; BLOCK] =
                    std::array::from_fn(|key| (0..n).map(|j| code_of(key, j).pow(2)).sum());
                let queries: [Vec<i8>; FOUR] =
                    std::array::from_fn(|q| (0..n).map(|j| query_code(q * n + j)).collect());
                let expected: [[i32; BLOCK]; FOUR] = std::array::from_fn(|q| {
                    std::array::from_fn(|key| {
                        let difference = |j| i32::from(queries[q][j]) - code_of(key, j);
                        (0..n).map(|j| difference(j).pow(2)).sum()
                    })
                });
                let groups: [Vec<i32>; FOUR] = std::array::from_fn(|q| {
                    let groups = queries[q].chunks_exact(4);
                    groups
                        .map(|g| {
                            i32::from_le_bytes([g[0], g[1], g[2], g[3]].map(i8::cast_unsigned))
                        })
                        .collect()
                });
                let coded: [CodeQuery<'_>; FOUR] = std::array::from_fn(|q| {
                    let wide = || queries[q].iter().map(|&c| i32::from(c));
                    CodeQuery {
                        groups: &groups[q],
                        offset: wide().map(|c| c * c).sum::<i32>() + 256 * wide().sum::<i32>(),
                        limit: expected[q][17 * q],
                    }
                });
                for (kernel, n_positions) in kernels().into_iter().flat_map(with_positions) {
                    let block = CodeBlock {
                        codes: &codes,
                        n_positions,
                    };
                    let what = format!("{kernel:?}, {n_groups} groups, {n_positions} positions");
                    let known = kernel.squares(block);
                    assert_eq!(known[..n_positions], squares[..n_positions], "{what}");
                    let mut four = [(); FOUR].map(|()| used());
                    kernel.measure_four(&coded, block, &known, &mut four);
                    for q in 0..FOUR {
                        let mut one = used();
                        kernel.measure(coded[q], block, &mut one);
                        for CodeDistances { squared, within } in [&one, &four[q]] {
                            for key in 0..n_positions {
                                let is_within = expected[q][key] <= coded[q].limit;
                                assert_eq!(within >> key & 1 == 1, is_within, "{what}");
                                if *within != 0 {
                                    assert_eq!(squared[key], expected[q][key], "{what}");
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
