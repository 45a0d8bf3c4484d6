//! Matrix products on slices, with every size checked before a pointer is made.
#![expect(unsafe_code, reason = "the gemm crate takes raw pointers")]

/// A row-major matrix in a slice, possibly read transposed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Matrix<'a, E> {
    data: &'a [E],
    rows: usize,
    columns: usize,
    row_stride: usize,
    column_stride: usize,
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
}

/// `out ← lhs rhs`, or `out ← out + lhs rhs` when `accumulate`; `out` is row-major.
#[derive(Debug)]
pub(crate) struct Product<'a, E> {
    pub(crate) out: &'a mut [E],
    pub(crate) lhs: Matrix<'a, E>,
    pub(crate) rhs: Matrix<'a, E>,
    pub(crate) accumulate: bool,
}

/// Runs the product on the calling thread, so that results do not depend on a thread count.
pub(crate) fn run<E: Copy + 'static>(p: Product<'_, E>, zero: E, one: E) {
    let (m, n, k) = (p.lhs.rows, p.rhs.columns, p.lhs.columns);
    assert_eq!(p.rhs.rows, k, "inner sizes of a matrix product");
    assert_eq!(p.out.len(), m * n, "output of a matrix product");
    if m == 0 || n == 0 {
        return;
    }
    // SAFETY: `Matrix` holds `rows × columns` elements reachable by its strides (checked when it
    // is made), `out` holds `m × n` (checked above), and `&mut` keeps it apart from the operands.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            p.out.as_mut_ptr(),
            1,
            n as isize,
            p.accumulate,
            p.lhs.data.as_ptr(),
            p.lhs.column_stride as isize,
            p.lhs.row_stride as isize,
            p.rhs.data.as_ptr(),
            p.rhs.column_stride as isize,
            p.rhs.row_stride as isize,
            if p.accumulate { one } else { zero },
            one,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}
