//! The main axes of keys.

use multiversion::multiversion;

use super::keys::Keys;

/// Keys that decide where axes lie.
const SAMPLE: usize = 4096;

/// Rounds of rotations at most; each squares what is left to do, so about ten suffice.
const MOST_ROUNDS: usize = 50;

/// Outputs that are added up side by side.
const LANES: usize = 64;

/// An orthonormal basis in which coordinates of keys do not vary together.
///
/// ```text
/// C = Aᵀ Λ A,  y = A x
/// ```
///
/// C is the covariance of the keys.
#[derive(Debug, Clone)]
pub(crate) struct Axes {
    dimension: usize,
    /// Of each axis a number, for the first coordinate of keys; then for the second, and so on. Each
    /// has zeros up to a multiple of the lanes.
    columns: Vec<f32>,
}

impl Axes {
    /// The axes of keys, those of the coordinates if there are none.
    pub(crate) fn of(keys: &Keys) -> Self {
        let dimension = keys.dimension();
        let axes = eigenvectors(covariance(keys), dimension);
        let width = dimension.next_multiple_of(LANES);
        let mut columns = vec![0.0; dimension * width];
        for (i, axis) in axes.chunks_exact(dimension).enumerate() {
            for (j, x) in axis.iter().enumerate() {
                columns[j * width + i] = *x as f32;
            }
        }
        Self { dimension, columns }
    }

    /// Writes the coordinates of a point along the axes.
    pub(crate) fn turn(&self, point: &[f32], turned: &mut [f32]) {
        turn(&self.columns, point, turned);
    }

    /// More than the length of what rounding does to a turned point, by the length of the point: a sum
    /// of d products is off by d 2⁻²⁴ of the product of the lengths, there are d sums, and axes are
    /// themselves rounded.
    pub(crate) fn relative_error(&self) -> f32 {
        let d = self.dimension as f32;
        d.sqrt() * (d + 64.0) / (1 << 23) as f32
    }

    pub(crate) fn bytes(&self) -> usize {
        size_of_val(&self.columns[..])
    }
}

/// ```text
/// yᵢ = Σⱼ Aᵢⱼ xⱼ
/// ```
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn turn(columns: &[f32], point: &[f32], turned: &mut [f32]) {
    let width = point.len().next_multiple_of(LANES);
    for (lane_block, turned) in turned.chunks_mut(LANES).enumerate() {
        let mut sums = [0.0_f32; LANES];
        for (column, x) in columns.chunks_exact(width).zip(point) {
            let column = &column[lane_block * LANES..][..LANES];
            for (sum, a) in sums.iter_mut().zip(column) {
                *sum += a * x;
            }
        }
        turned.copy_from_slice(&sums[..turned.len()]);
    }
}

/// ```text
/// C = Σ (x − x̄) (x − x̄)ᵀ
/// ```
///
/// Over a sample of the keys; how long the axes are does not matter.
fn covariance(keys: &Keys) -> Vec<f64> {
    let d = keys.dimension();
    let step = keys.len().div_ceil(SAMPLE).max(1);
    let sample = || keys.slots().step_by(step).map(|slot| keys.row(slot));
    let n = sample().count() as f64;
    let mut mean = vec![0.0; d];
    for row in sample() {
        for (mean, x) in mean.iter_mut().zip(row) {
            *mean += f64::from(*x) / n;
        }
    }
    let mut covariance = vec![0.0; d * d];
    let mut centered = vec![0.0; d];
    for row in sample() {
        for ((centered, x), mean) in centered.iter_mut().zip(row).zip(&mean) {
            *centered = f64::from(*x) - mean;
        }
        for (row, a) in covariance.chunks_exact_mut(d).zip(&centered) {
            for (entry, b) in row.iter_mut().zip(&centered) {
                *entry += a * b;
            }
        }
    }
    covariance
}

/// The eigenvectors of a symmetric matrix, row after row, by Jacobi's rotations: each makes one entry
/// off the diagonal 0.
///
/// # References
///
/// Golub and Van Loan, *Matrix Computations*, 4th edition, 2013, section 8.5.
fn eigenvectors(mut matrix: Vec<f64>, d: usize) -> Vec<f64> {
    let mut vectors = vec![0.0; d * d];
    for i in 0..d {
        vectors[i * d + i] = 1.0;
    }
    for _ in 0..MOST_ROUNDS {
        let mut is_diagonal = true;
        for p in 0..d {
            for q in p + 1..d {
                let entry = matrix[p * d + q];
                let (a, b) = (matrix[p * d + p], matrix[q * d + q]);
                if entry.abs() <= 1e-12 * (a * b).abs().sqrt() || entry.abs() < f64::MIN_POSITIVE {
                    continue;
                }
                is_diagonal = false;
                let tau = (b - a) / (2.0 * entry);
                let tangent = tau.signum() / (tau.abs() + tau.hypot(1.0));
                let cosine = tangent.hypot(1.0).recip();
                let sine = tangent * cosine;
                for k in 0..d {
                    rotate(&mut matrix, k * d + p, k * d + q, cosine, sine);
                }
                for k in 0..d {
                    rotate(&mut matrix, p * d + k, q * d + k, cosine, sine);
                    rotate(&mut vectors, p * d + k, q * d + k, cosine, sine);
                }
            }
        }
        if is_diagonal {
            break;
        }
    }
    vectors
}

fn rotate(numbers: &mut [f64], i: usize, j: usize, cosine: f64, sine: f64) {
    let (x, y) = (numbers[i], numbers[j]);
    numbers[i] = cosine * x - sine * y;
    numbers[j] = sine * x + cosine * y;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers that do not repeat.
    fn number(i: usize) -> f32 {
        (0.618_034 * i as f64).fract() as f32 - 0.5
    }

    #[test]
    fn along_the_axes_coordinates_do_not_vary_together() {
        for dimension in [1, 2, 17, 70] {
            // Numbers that have much in common.
            let row = |i: usize| {
                (0..dimension).map(move |j| number(i * 31) + 0.3 * number(i * 17 + j * j))
            };
            let rows: Vec<f32> = (0..500).flat_map(row).collect();
            let keys = Keys::from_rows(dimension, 500, &rows).unwrap();
            let axes = Axes::of(&keys);
            let mut turned = vec![0.0; rows.len()];
            for (row, turned) in rows
                .chunks_exact(dimension)
                .zip(turned.chunks_exact_mut(dimension))
            {
                axes.turn(row, turned);
                let (squares, others) = [row, &*turned]
                    .map(|x| x.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>())
                    .into();
                let error = f64::from(axes.relative_error()) * squares.sqrt();
                assert!((squares.sqrt() - others.sqrt()).abs() <= error);
            }
            let turned = Keys::from_rows(dimension, 500, &turned).unwrap();
            let covariance = covariance(&turned);
            let trace: f64 = (0..dimension).map(|i| covariance[i * dimension + i]).sum();
            for i in 0..dimension {
                for j in 0..i {
                    assert!(covariance[i * dimension + j].abs() <= 1e-5 * trace);
                }
            }
        }
    }

    #[test]
    fn keys_that_say_nothing_have_the_axes_of_their_coordinates() {
        for rows in [&[][..], &[2.0; 6]] {
            let axes = Axes::of(&Keys::from_rows(3, 10, rows).unwrap());
            let mut turned = [0.0; 3];
            axes.turn(&[1.0, 2.0, 3.0], &mut turned);
            assert_eq!(turned, [1.0, 2.0, 3.0]);
        }
    }
}
