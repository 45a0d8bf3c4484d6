//! Linear systems of which only products are known.

use metarl_autodiff::{Buffer, Scalar};

use crate::vector::{axpy, dot};

/// Solves `A x = b` for a symmetric positive definite `A` given by its products, starting at 0, in
/// at most `n_iterations` steps or until `‖b − A x‖² ≤ tolerance ‖b‖²`.
///
/// # Errors
///
/// Those of `product`.
///
/// # Examples
///
/// ```
/// let diagonal = |v: &[f64]| Ok::<_, ()>(vec![2.0 * v[0], 4.0 * v[1]].into());
/// let x = metarl_optim::conjugate_gradient(diagonal, &[2.0, 2.0], 10, 1e-20).unwrap();
/// assert!((x[0] - 1.0).abs() < 1e-12 && (x[1] - 0.5).abs() < 1e-12);
/// ```
///
/// # References
///
/// Hestenes & Stiefel, *Methods of conjugate gradients for solving linear systems*, 1952.
pub fn conjugate_gradient<E: Scalar, Err>(
    mut product: impl FnMut(&[E]) -> Result<Buffer<E>, Err>,
    b: &[E],
    n_iterations: usize,
    tolerance: f64,
) -> Result<Buffer<E>, Err> {
    let mut x = Buffer::zeros(b.len());
    let mut residual = Buffer::copy_of(b);
    let mut direction = Buffer::copy_of(b);
    let mut square = dot(b, b);
    let enough = tolerance * square;
    for _ in 0..n_iterations {
        if square <= enough {
            break;
        }
        let image = product(&direction)?;
        let curvature = dot(&direction, &image);
        if curvature <= 0.0 {
            // Not positive definite along this direction: what is solved so far is the best there is.
            break;
        }
        let length = square / curvature;
        axpy(length, &direction, &mut x);
        axpy(-length, &image, &mut residual);
        let next = dot(&residual, &residual);
        let keep = E::real(next / square);
        for (d, r) in direction.iter_mut().zip(&residual) {
            *d = *r + keep * *d;
        }
        square = next;
    }
    Ok(x)
}
