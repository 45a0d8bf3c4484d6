//! Rows made of columns, a square of registers at a time, for AVX-512.
#![expect(
    unsafe_code,
    reason = "vector loads and stores are intrinsics on pointers"
)]

use std::arch::x86_64::{
    __m512, __mmask16, _mm512_castpd_ps, _mm512_castps_pd, _mm512_mask_storeu_ps,
    _mm512_maskz_loadu_ps, _mm512_setzero_ps, _mm512_shuffle_f32x4, _mm512_unpackhi_pd,
    _mm512_unpackhi_ps, _mm512_unpacklo_pd, _mm512_unpacklo_ps,
};

use crate::kernels::product::Matrix;

const LANES: usize = 16;

/// Writes the columns of a matrix whose rows lie in one piece as rows.
pub(super) fn transpose(out: &mut [f32], from: Matrix<'_, f32>) {
    // SAFETY: this kernel is chosen where `avx512::is_available` holds.
    unsafe { transpose_here(out, from) }
}

#[target_feature(enable = "avx512f")]
fn transpose_here(out: &mut [f32], from: Matrix<'_, f32>) {
    let (rows, columns) = (from.rows, from.columns);
    assert_eq!(
        (from.column_stride, out.len()),
        (1, rows * columns),
        "rows in one piece"
    );
    for i in (0..rows).step_by(LANES) {
        for j in (0..columns).step_by(LANES) {
            let (n_rows, n_columns) = ((rows - i).min(LANES), (columns - j).min(LANES));
            let mut square = [_mm512_setzero_ps(); LANES];
            if n_rows == LANES && n_columns == LANES {
                for (r, register) in square.iter_mut().enumerate() {
                    *register = load(&from.row(i + r)[j..], LANES);
                }
                for (c, register) in turned(square).into_iter().enumerate() {
                    store(&mut out[(j + c) * rows + i..], LANES, register);
                }
            } else {
                for (r, register) in square[..n_rows].iter_mut().enumerate() {
                    *register = load(&from.row(i + r)[j..], n_columns);
                }
                for (c, register) in turned(square)[..n_columns].iter().enumerate() {
                    store(&mut out[(j + c) * rows + i..], n_rows, *register);
                }
            }
        }
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn load(from: &[f32], n: usize) -> __m512 {
    let from = &from[..n];
    // SAFETY: the slice holds as many numbers as the mask has lanes.
    unsafe { _mm512_maskz_loadu_ps(lanes(n), from.as_ptr()) }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn store(to: &mut [f32], n: usize, x: __m512) {
    let to = &mut to[..n];
    // SAFETY: the slice has room for as many numbers as the mask has lanes.
    unsafe { _mm512_mask_storeu_ps(to.as_mut_ptr(), lanes(n), x) }
}

/// The first `n` lanes.
#[inline]
fn lanes(n: usize) -> __mmask16 {
    if n == LANES { !0 } else { (1 << n) - 1 }
}

/// The columns of a square of 16 × 16 numbers: pairs of rows, pairs of pairs, then their quarters.
#[inline]
#[target_feature(enable = "avx512f")]
fn turned(rows: [__m512; LANES]) -> [__m512; LANES] {
    let zero = _mm512_setzero_ps();
    let (mut pairs, mut fours) = ([zero; LANES], [zero; LANES]);
    for i in 0..8 {
        let (x, y) = (rows[2 * i], rows[2 * i + 1]);
        pairs[2 * i] = _mm512_unpacklo_ps(x, y);
        pairs[2 * i + 1] = _mm512_unpackhi_ps(x, y);
    }
    // `fours[4 i + c]` has column `c` of each quarter of rows `4 i` to `4 i + 3`.
    for i in 0..4 {
        for half in 0..2 {
            let x = _mm512_castps_pd(pairs[4 * i + half]);
            let y = _mm512_castps_pd(pairs[4 * i + 2 + half]);
            fours[4 * i + 2 * half] = _mm512_castpd_ps(_mm512_unpacklo_pd(x, y));
            fours[4 * i + 2 * half + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(x, y));
        }
    }
    let mut columns = [zero; LANES];
    for c in 0..4 {
        let (a, b, d, e) = (fours[c], fours[4 + c], fours[8 + c], fours[12 + c]);
        let low = (
            _mm512_shuffle_f32x4::<0x88>(a, b),
            _mm512_shuffle_f32x4::<0x88>(d, e),
        );
        let high = (
            _mm512_shuffle_f32x4::<0xdd>(a, b),
            _mm512_shuffle_f32x4::<0xdd>(d, e),
        );
        columns[c] = _mm512_shuffle_f32x4::<0x88>(low.0, low.1);
        columns[8 + c] = _mm512_shuffle_f32x4::<0xdd>(low.0, low.1);
        columns[4 + c] = _mm512_shuffle_f32x4::<0x88>(high.0, high.1);
        columns[12 + c] = _mm512_shuffle_f32x4::<0xdd>(high.0, high.1);
    }
    columns
}
