//! Matrix products in register tiles, for AVX-512.
//!
//! ```text
//! tile: 6 rows × up to 64 columns of out, summed in registers      Σₖ lhs[i, k] rhs[k, j]
//! ```
//!
//! A tile reads its operands where they are. What remains of a row after whole registers takes half a
//! register where that is enough: the 100 columns of a layer cost 104, in panels of whole registers 112.
//! Each number is a chain of fused multiplications and additions along `k`, cut like the `gemm` crate's,
//! so both give the same bits.
#![expect(
    unsafe_code,
    reason = "vector loads and stores are intrinsics on pointers"
)]

use std::arch::x86_64::{
    __m256, __m512, __mmask8, __mmask16, _MM_HINT_T0, _mm_prefetch, _mm256_add_ps, _mm256_fmadd_ps,
    _mm256_mask_storeu_ps, _mm256_maskz_loadu_ps, _mm256_set1_ps, _mm256_setzero_ps, _mm512_add_ps,
    _mm512_fmadd_ps, _mm512_mask_storeu_ps, _mm512_maskz_loadu_ps, _mm512_set1_ps,
    _mm512_setzero_ps,
};
use std::ops::Range;

use crate::kernels::product::Matrix;

/// Numbers of a register, and of half of one.
const LANES: usize = 16;
const HALF: usize = LANES / 2;
/// Columns of a tile.
const WIDTH: usize = 4 * LANES;
/// Rows of `out` that go through all columns together, so that those of `lhs` stay in the first cache.
const ROWS: usize = 96;
/// Numbers of the left operand that are near: rows of more come from the third cache.
const NEAR: usize = 1 << 16;
/// Longest chain of additions.
pub(super) const DEPTH: usize = 512;

pub(super) fn is_available() -> bool {
    is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vl")
}

pub(super) fn product(
    out: &mut [f32],
    lhs: Matrix<'_, f32>,
    rhs: Matrix<'_, f32>,
    accumulate: bool,
) {
    // SAFETY: this kernel is chosen where `is_available` holds.
    unsafe { product_here(out, lhs, rhs, accumulate) };
}

#[target_feature(enable = "avx512f,avx512vl")]
fn product_here(out: &mut [f32], lhs: Matrix<'_, f32>, rhs: Matrix<'_, f32>, accumulate: bool) {
    let (m, k, n) = (lhs.rows, lhs.columns, rhs.columns);
    assert_eq!(
        (rhs.rows, rhs.column_stride, out.len()),
        (k, 1, m * n),
        "sizes of a product"
    );
    let depth = chain_length(m, k, n);
    for first in (0..k).step_by(depth) {
        for row in (0..m).step_by(ROWS) {
            for column in (0..n).step_by(WIDTH) {
                let width = (n - column).min(WIDTH);
                let (whole, rest) = (width / LANES, width % LANES);
                let panel = Panel {
                    lhs,
                    rhs,
                    depth: first..(first + depth).min(k),
                    rows: row..(row + ROWS).min(m),
                    column,
                    last: if rest > HALF { lanes(rest) } else { !0 },
                    #[expect(
                        clippy::cast_possible_truncation,
                        reason = "lanes of half a register"
                    )]
                    half: lanes(rest) as __mmask8,
                    accumulate: accumulate || first > 0,
                    far: lhs.column_stride == 1 && m * k > NEAR,
                };
                match (whole, rest) {
                    (0, 1..=HALF) => panel.multiply::<0, true>(out),
                    (0, _) | (1, 0) => panel.multiply::<1, false>(out),
                    (1, 1..=HALF) => panel.multiply::<1, true>(out),
                    (1, _) | (2, 0) => panel.multiply::<2, false>(out),
                    (2, 1..=HALF) => panel.multiply::<2, true>(out),
                    (2, _) | (3, 0) => panel.multiply::<3, false>(out),
                    (3, 1..=HALF) => panel.multiply::<3, true>(out),
                    _ => panel.multiply::<4, false>(out),
                }
            }
        }
    }
}

/// How many products are added up before the sum is: whole chains for a small output, chains of one
/// length for others, as the `gemm` crate has it.
pub(super) fn chain_length(m: usize, k: usize, n: usize) -> usize {
    if m.max(n) <= 64 {
        k.min(DEPTH)
    } else {
        k.div_ceil(k.div_ceil(DEPTH))
    }
}

/// The first `n` lanes.
fn lanes(n: usize) -> __mmask16 {
    (1 << n) - 1
}

/// Some rows and up to 64 columns of a product, along a part of the inner size.
struct Panel<'a> {
    lhs: Matrix<'a, f32>,
    rhs: Matrix<'a, f32>,
    depth: Range<usize>,
    rows: Range<usize>,
    column: usize,
    /// Lanes of the last whole register.
    last: __mmask16,
    /// Lanes of the half register.
    half: __mmask8,
    accumulate: bool,
    /// Whether tiles ask for the rows that the next one reads, and for those they add to or write.
    far: bool,
}

impl Panel<'_> {
    /// In tiles `V` registers wide, and half of one more where `H`.
    #[target_feature(enable = "avx512f,avx512vl")]
    fn multiply<const V: usize, const H: bool>(&self, out: &mut [f32]) {
        let mut row = self.rows.start;
        // Few columns take twice the rows: enough sums must be under way to hide how long one takes.
        while V + usize::from(H) <= 2 && row + 12 <= self.rows.end {
            self.tile::<12, V, H>(row, out);
            row += 12;
        }
        while row + 6 <= self.rows.end {
            self.tile::<6, V, H>(row, out);
            row += 6;
        }
        if row + 3 <= self.rows.end {
            self.tile::<3, V, H>(row, out);
            row += 3;
        }
        if row + 2 <= self.rows.end {
            self.tile::<2, V, H>(row, out);
            row += 2;
        }
        if row < self.rows.end {
            self.tile::<1, V, H>(row, out);
        }
    }

    #[target_feature(enable = "avx512f,avx512vl")]
    fn tile<const R: usize, const V: usize, const H: bool>(&self, row: usize, out: &mut [f32]) {
        if self.far {
            for r in 0..R {
                let from = (row + r) * self.rhs.columns + self.column;
                (0..=V).for_each(|v| fetch(out, from + v * LANES));
            }
        }
        let mut sums = [[_mm512_setzero_ps(); V]; R];
        let mut halves = [_mm256_setzero_ps(); R];
        for k in self.depth.clone() {
            let from = k * self.rhs.row_stride + self.column;
            let mut wide = [_mm512_setzero_ps(); V];
            for (v, wide) in wide.iter_mut().enumerate() {
                *wide = load(self.rhs.data, from + v * LANES, self.lanes::<V>(v));
            }
            let narrow = if H {
                load_half(self.rhs.data, from + V * LANES, self.half)
            } else {
                _mm256_setzero_ps()
            };
            if self.far {
                fetch(self.lhs.data, (row + R) * self.lhs.row_stride + k * R);
            }
            for r in 0..R {
                let at = (row + r) * self.lhs.row_stride + k * self.lhs.column_stride;
                let x = number(self.lhs.data, at);
                for (sum, wide) in sums[r].iter_mut().zip(wide) {
                    *sum = _mm512_fmadd_ps(_mm512_set1_ps(x), wide, *sum);
                }
                if H {
                    halves[r] = _mm256_fmadd_ps(_mm256_set1_ps(x), narrow, halves[r]);
                }
            }
        }
        for r in 0..R {
            let to = (row + r) * self.rhs.columns + self.column;
            for (v, sum) in sums[r].into_iter().enumerate() {
                let (to, lanes) = (to + v * LANES, self.lanes::<V>(v));
                let sum = if self.accumulate {
                    _mm512_add_ps(load(out, to, lanes), sum)
                } else {
                    sum
                };
                store(out, to, lanes, sum);
            }
            if H {
                let (to, sum) = (to + V * LANES, halves[r]);
                let sum = if self.accumulate {
                    _mm256_add_ps(load_half(out, to, self.half), sum)
                } else {
                    sum
                };
                store_half(out, to, self.half, sum);
            }
        }
    }

    #[inline(always)]
    fn lanes<const V: usize>(&self, v: usize) -> __mmask16 {
        if v + 1 == V { self.last } else { !0 }
    }
}

/// Asks for what will be read soon to be brought to the first cache; it may be outside.
#[inline]
fn fetch(from: &[f32], at: usize) {
    // SAFETY: nothing is read, at any address.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(from.as_ptr().wrapping_add(at).cast()) };
}

/// The caller stays within the matrix: with `debug_assertions` that is checked.
#[inline]
fn number(from: &[f32], at: usize) -> f32 {
    debug_assert!(at < from.len(), "within the matrix");
    // SAFETY: panels lie within the sizes that `product_here` asserts.
    unsafe { *from.get_unchecked(at) }
}

/// The caller stays within the matrix: with `debug_assertions` that is checked.
#[inline]
#[target_feature(enable = "avx512f")]
fn load(from: &[f32], start: usize, lanes: __mmask16) -> __m512 {
    debug_assert!(
        start + lanes.count_ones() as usize <= from.len(),
        "within the matrix"
    );
    // SAFETY: only lanes of the mask are read; panels lie within the sizes that `product_here` asserts.
    unsafe { _mm512_maskz_loadu_ps(lanes, from.as_ptr().add(start)) }
}

#[inline]
#[target_feature(enable = "avx512f,avx512vl")]
fn load_half(from: &[f32], start: usize, lanes: __mmask8) -> __m256 {
    debug_assert!(
        start + lanes.count_ones() as usize <= from.len(),
        "within the matrix"
    );
    // SAFETY: only lanes of the mask are read; panels lie within the sizes that `product_here` asserts.
    unsafe { _mm256_maskz_loadu_ps(lanes, from.as_ptr().add(start)) }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn store(to: &mut [f32], start: usize, lanes: __mmask16, x: __m512) {
    debug_assert!(
        start + lanes.count_ones() as usize <= to.len(),
        "within the matrix"
    );
    // SAFETY: only lanes of the mask are written; panels lie within the sizes that `product_here` asserts.
    unsafe { _mm512_mask_storeu_ps(to.as_mut_ptr().add(start), lanes, x) }
}

#[inline]
#[target_feature(enable = "avx512f,avx512vl")]
fn store_half(to: &mut [f32], start: usize, lanes: __mmask8, x: __m256) {
    debug_assert!(
        start + lanes.count_ones() as usize <= to.len(),
        "within the matrix"
    );
    // SAFETY: only lanes of the mask are written; panels lie within the sizes that `product_here` asserts.
    unsafe { _mm256_mask_storeu_ps(to.as_mut_ptr().add(start), lanes, x) }
}
