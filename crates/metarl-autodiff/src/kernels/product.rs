//! Matrix products on slices, with every size checked before a pointer is made.
#![expect(unsafe_code, reason = "the gemm crate takes raw pointers")]

use super::narrow;
use crate::Scalar;

/// A row-major matrix in a slice, possibly read transposed.
#[derive(Debug, Clone, Copy)]
pub struct Matrix<'a, E> {
    pub(super) data: &'a [E],
    pub(super) rows: usize,
    pub(super) columns: usize,
    pub(super) row_stride: usize,
    pub(super) column_stride: usize,
}

impl<'a, E> Matrix<'a, E> {
    /// `data` as `rows × columns`, row by row.
    pub(crate) fn new(data: &'a [E], rows: usize, columns: usize) -> Self {
        assert_eq!(data.len(), rows * columns, "a {rows} × {columns} matrix");
        Self {
            data,
            rows,
            columns,
            row_stride: columns,
            column_stride: 1,
        }
    }

    pub(crate) fn rows(self) -> usize {
        self.rows
    }

    /// The same numbers with rows and columns exchanged.
    pub(crate) fn t(self) -> Self {
        Self {
            data: self.data,
            rows: self.columns,
            columns: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
        }
    }

    /// The element in row `i` and column `j`.
    #[inline(always)]
    pub(super) fn at(self, i: usize, j: usize) -> E
    where
        E: Copy,
    {
        self.data[i * self.row_stride + j * self.column_stride]
    }

    /// Row `i` of a matrix whose rows lie in one piece.
    #[inline(always)]
    pub(super) fn row(self, i: usize) -> &'a [E] {
        debug_assert_eq!(self.column_stride, 1, "rows in one piece");
        &self.data[i * self.row_stride..][..self.columns]
    }

    /// Column `j` of a matrix whose columns lie in one piece.
    #[inline(always)]
    pub(super) fn column(self, j: usize) -> &'a [E] {
        debug_assert_eq!(self.row_stride, 1, "columns in one piece");
        &self.data[j * self.column_stride..][..self.rows]
    }
}

/// `out ← lhs rhs`, or `out ← out + lhs rhs` when `accumulate`; `out` is row-major. Runs on the
/// calling thread, so that results do not depend on a thread count.
pub(crate) fn product<E: Scalar>(
    out: &mut [E],
    lhs: Matrix<'_, E>,
    rhs: Matrix<'_, E>,
    accumulate: bool,
) {
    let (m, n, k) = (lhs.rows, rhs.columns, lhs.columns);
    assert_eq!(rhs.rows, k, "inner sizes of a matrix product");
    assert_eq!(out.len(), m * n, "output of a matrix product");
    if m == 0 || n == 0 {
        return;
    }
    if m.min(n).min(k) <= narrow::FEW && narrow::product(out, lhs, rhs, accumulate) {
        return;
    }
    if E::product_in_tiles(out, lhs, rhs, accumulate) {
        return;
    }
    // SAFETY: `Matrix` holds `rows × columns` elements reachable by its strides (checked when it
    // is made), `out` holds `m × n` (checked above), and `&mut` keeps it apart from the operands.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            out.as_mut_ptr(),
            1,
            n as isize,
            accumulate,
            lhs.data.as_ptr(),
            lhs.column_stride as isize,
            lhs.row_stride as isize,
            rhs.data.as_ptr(),
            rhs.column_stride as isize,
            rhs.row_stride as isize,
            if accumulate { E::ONE } else { E::real(0.0) },
            E::ONE,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}
