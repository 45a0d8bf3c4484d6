//! Matrix products in which one size is a handful: layers with two inputs or two outputs, and
//! batches of one row. A blocked product spends more on packing than on such a product itself.

use multiversion::multiversion;

use super::buffer::Buffer;
use super::product::Matrix;
use crate::Scalar;

/// What counts as a handful.
pub(super) const FEW: usize = 4;
/// Partial sums of a dot product. Fixed, so that every instruction set adds in the same order.
const LANES: usize = 16;

/// `out ← lhs rhs`, or `out ← out + lhs rhs` when `accumulate`, with `out` row-major, if one size is a
/// handful and the others lie well in memory; says whether they did.
pub(crate) fn product<E: Scalar>(
    out: &mut [E],
    lhs: Matrix<'_, E>,
    rhs: Matrix<'_, E>,
    accumulate: bool,
) -> bool {
    let (m, k, n) = (lhs.rows, lhs.columns, rhs.columns);
    let rows_whole = rhs.column_stride == 1;
    if n > FEW && rows_whole && (k <= FEW || m <= FEW) {
        sum_rows(out, lhs, rhs, accumulate);
    } else if n > FEW && k <= FEW {
        let rows = transposed(rhs.t());
        sum_rows(out, lhs, Matrix::new(&rows, k, n), accumulate);
    } else if m <= FEW && rhs.row_stride == 1 && lhs.column_stride == 1 {
        dot_rows(out, lhs, rhs, accumulate);
    } else if n <= FEW && lhs.column_stride == 1 {
        let columns = transposed(rhs);
        let columns = Matrix::new(&columns, n, k).t();
        dot_rows(out, lhs, columns, accumulate);
    } else if n <= FEW && lhs.row_stride == 1 {
        let mut columns = Buffer::stale(n * m);
        sum_rows(&mut columns, rhs.t(), lhs.t(), false);
        for (i, out) in out.chunks_exact_mut(n).enumerate() {
            for (j, out) in out.iter_mut().enumerate() {
                let sum = columns[j * m + i];
                *out = if accumulate { *out + sum } else { sum };
            }
        }
    } else {
        return false;
    }
    true
}

/// The numbers of a matrix column by column. Worth its while, too, where a transpose is multiplied many
/// times and its rows are a power of two apart, which is where a cache keeps few of them.
pub(crate) fn transposed<E: Scalar>(x: Matrix<'_, E>) -> Buffer<E> {
    let mut columns = Buffer::stale(x.rows * x.columns);
    for (j, column) in columns.chunks_exact_mut(x.rows).enumerate() {
        for (i, out) in column.iter_mut().enumerate() {
            *out = x.at(i, j);
        }
    }
    columns
}

/// Each row of `out` is a weighted sum of the rows of `rhs`, which lie in one piece; four are added at
/// a time.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2"))]
fn sum_rows<E: Scalar>(out: &mut [E], lhs: Matrix<'_, E>, rhs: Matrix<'_, E>, accumulate: bool) {
    let (k, n) = (lhs.columns, rhs.columns);
    if !accumulate && k == 0 {
        out.fill(E::real(0.0));
    }
    let mut first = 0;
    while first < k {
        let add = accumulate || first > 0;
        let few = (k - first).min(4);
        for (i, out) in out.chunks_exact_mut(n).enumerate() {
            let weight = |j: usize| lhs.at(i, first + j);
            let row = |j: usize| rhs.row(first + j);
            match few {
                4 => {
                    let (a, b, c, d) = (weight(0), weight(1), weight(2), weight(3));
                    let pairs = row(0).iter().zip(row(1)).zip(row(2)).zip(row(3));
                    for (out, (((p, q), r), s)) in out.iter_mut().zip(pairs) {
                        let sum = (a * *p + b * *q) + (c * *r + d * *s);
                        *out = if add { *out + sum } else { sum };
                    }
                }
                3 => {
                    let (a, b, c) = (weight(0), weight(1), weight(2));
                    let triples = row(0).iter().zip(row(1)).zip(row(2));
                    for (out, ((p, q), r)) in out.iter_mut().zip(triples) {
                        let sum = (a * *p + b * *q) + c * *r;
                        *out = if add { *out + sum } else { sum };
                    }
                }
                2 => {
                    let (a, b) = (weight(0), weight(1));
                    for (out, (p, q)) in out.iter_mut().zip(row(0).iter().zip(row(1))) {
                        let sum = a * *p + b * *q;
                        *out = if add { *out + sum } else { sum };
                    }
                }
                _ => {
                    let a = weight(0);
                    for (out, p) in out.iter_mut().zip(row(0)) {
                        *out = if add { *out + a * *p } else { a * *p };
                    }
                }
            }
        }
        first += few;
    }
}

/// Dot products of rows of `lhs` with columns of `rhs`, each in one piece.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2"))]
fn dot_rows<E: Scalar>(out: &mut [E], lhs: Matrix<'_, E>, rhs: Matrix<'_, E>, accumulate: bool) {
    for (i, out) in out.chunks_exact_mut(rhs.columns).enumerate() {
        let x = lhs.row(i);
        for (j, out) in out.iter_mut().enumerate() {
            let sum = dot(x, rhs.column(j));
            *out = if accumulate { *out + sum } else { sum };
        }
    }
}

#[inline(always)]
fn dot<E: Scalar>(x: &[E], y: &[E]) -> E {
    let zero = E::real(0.0);
    let mut sums = [zero; LANES];
    let (xs, x_rest) = x.as_chunks::<LANES>();
    let (ys, y_rest) = y.as_chunks::<LANES>();
    for (x, y) in xs.iter().zip(ys) {
        for lane in 0..LANES {
            sums[lane] += x[lane] * y[lane];
        }
    }
    // Or else the compiler, with an eye on the tree below, adds them up two at a time.
    let sums = std::hint::black_box(sums);
    // By halves: a tree, whatever the width of a register.
    let eight: [E; 8] = std::array::from_fn(|lane| sums[lane] + sums[lane + 8]);
    let mut four: [E; 4] = std::array::from_fn(|lane| eight[lane] + eight[lane + 4]);
    let (xs, x_rest) = x_rest.as_chunks::<4>();
    let (ys, y_rest) = y_rest.as_chunks::<4>();
    for (x, y) in xs.iter().zip(ys) {
        for lane in 0..4 {
            four[lane] += x[lane] * y[lane];
        }
    }
    let rest = x_rest.iter().zip(y_rest);
    let sum = (four[0] + four[2]) + (four[1] + four[3]);
    rest.fold(sum, |sum, (x, y)| sum + *x * *y)
}

#[cfg(test)]
mod tests {
    use allocation_counter::measure;

    use super::*;
    use crate::kernels::product::product;

    /// What steady state still allocates: the gemm crate takes no scratch memory from its caller.
    #[test]
    fn a_narrow_product_allocates_nothing_and_another_two_buffers_at_most() {
        for (m, n, k, most) in [(64, 96, 24, 2), (500, 100, 100, 2), (500, 4, 100, 0)] {
            let (x, y) = (vec![1.0_f32; m * k], vec![1.0_f32; k * n]);
            let mut out = vec![0.0; m * n];
            let mut multiply = |y: Matrix<'_, f32>| {
                product(&mut out, Matrix::new(&x, m, k), y, false);
            };
            for y in [Matrix::new(&y, k, n), Matrix::new(&y, n, k).t()] {
                multiply(y);
                let allocations = measure(|| multiply(y)).count_total;
                assert!(allocations <= most, "{allocations} in {m} × {k} × {n}");
            }
        }
    }
}
