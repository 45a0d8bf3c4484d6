//! Matrix products of our own, for processors and sizes where they are faster than the `gemm` crate's.
//!
//! Miri does not know AVX-512, so every access is checked by an assertion wherever those are compiled, as
//! they are in tests.

#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "x86_64")]
mod transpose;

use super::product::Matrix;

/// Numbers of the right operand that stay in the second cache. Beyond that it should be packed, as the
/// `gemm` crate does.
#[cfg(target_arch = "x86_64")]
const MOST: usize = 1 << 17;
/// Numbers of a right operand that are worth turning for a row of the left one.
#[cfg(target_arch = "x86_64")]
const MOST_TURNED: usize = 512;

/// `out ← lhs rhs`, or `out ← out + lhs rhs` when `accumulate`, with `out` row-major, where that is faster
/// here; says whether it was done.
#[cfg(target_arch = "x86_64")]
pub(crate) fn product(
    out: &mut [f32],
    lhs: Matrix<'_, f32>,
    rhs: Matrix<'_, f32>,
    accumulate: bool,
) -> bool {
    let (k, n) = (rhs.rows, rhs.columns);
    let lies_in_rows = rhs.column_stride == 1;
    let is_small = k > 0 && k.min(avx512::DEPTH) * n <= MOST;
    let is_worth_it = is_small && (lies_in_rows || k * n <= MOST_TURNED * lhs.rows);
    if !is_worth_it || !avx512::is_available() {
        return false;
    }
    multiply(out, lhs, rhs, accumulate);
    true
}

#[cfg(target_arch = "x86_64")]
fn multiply(out: &mut [f32], lhs: Matrix<'_, f32>, rhs: Matrix<'_, f32>, accumulate: bool) {
    if rhs.column_stride == 1 {
        avx512::product(out, lhs, rhs, accumulate);
    } else {
        let (k, n) = (rhs.rows, rhs.columns);
        let mut rows = super::buffer::Buffer::stale(k * n);
        transpose::transpose(&mut rows, rhs.t());
        avx512::product(out, lhs, Matrix::new(&rows, k, n), accumulate);
    }
}

/// There is none for other processors.
#[cfg(not(target_arch = "x86_64"))]
pub(crate) fn product(_: &mut [f32], _: Matrix<'_, f32>, _: Matrix<'_, f32>, _: bool) -> bool {
    false
}

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use proptest::prelude::*;

    use super::{Matrix, avx512, multiply};

    /// Numbers of order one that do not repeat.
    fn wave(n: usize, pace: f32) -> Vec<f32> {
        (0..n).map(|i| (pace * i as f32).sin()).collect()
    }

    /// Chains of fused multiplications and additions: 512 each for an output of 64 × 64 or less, of one
    /// length and 512 at most for others.
    fn reference(out: &mut [f32], lhs: Matrix<'_, f32>, rhs: Matrix<'_, f32>, accumulate: bool) {
        let (k, n) = (rhs.rows, rhs.columns);
        let is_small = lhs.rows <= 64 && n <= 64;
        let length = if is_small {
            512
        } else {
            k.div_ceil(k.div_ceil(512))
        };
        for (place, out) in out.iter_mut().enumerate() {
            let (i, j) = (place / n, place % n);
            let mut sum = if accumulate { *out } else { 0.0 };
            for first in (0..k).step_by(length) {
                let chain = first..(first + length).min(k);
                sum += chain.fold(0.0, |sum, k| lhs.at(i, k).mul_add(rhs.at(k, j), sum));
            }
            *out = sum;
        }
    }

    fn check((m, k, n): (usize, usize, usize), (lhs_t, rhs_t): (bool, bool), accumulate: bool) {
        if !avx512::is_available() {
            return;
        }
        let (x, y) = (wave(m * k, 0.7), wave(k * n, 1.3));
        let lhs = if lhs_t {
            Matrix::new(&x, k, m).t()
        } else {
            Matrix::new(&x, m, k)
        };
        let rhs = if rhs_t {
            Matrix::new(&y, n, k).t()
        } else {
            Matrix::new(&y, k, n)
        };
        // What lies behind the output must stay.
        let mut got = wave(m * n + 64, 0.3);
        let mut want = got.clone();
        multiply(&mut got[..m * n], lhs, rhs, accumulate);
        reference(&mut want[..m * n], lhs, rhs, accumulate);
        let bits = |x: Vec<f32>| x.into_iter().map(f32::to_bits).collect::<Vec<_>>();
        assert_eq!(bits(got), bits(want), "{m} × {k} × {n}");
    }

    proptest! {
        #[test]
        fn a_product_is_its_chains_bit_for_bit(
            sizes in (1..40_usize, 1..40_usize, 1..140_usize),
            transposed: (bool, bool),
            accumulate: bool,
        ) {
            check(sizes, transposed, accumulate);
        }

        #[test]
        fn a_long_chain_is_cut(
            k in 500..1600_usize,
            n in prop_oneof![Just(9_usize), Just(65)],
            transposed: (bool, bool),
            accumulate: bool,
        ) {
            check((14, k, n), transposed, accumulate);
        }

        #[test]
        fn many_rows_go_in_blocks(m in 90..300_usize, transposed: (bool, bool), accumulate: bool) {
            check((m, 3, 21), transposed, accumulate);
        }
    }
}
