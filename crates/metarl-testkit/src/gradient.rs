//! Finite differences of plain `f64` functions.
//!
//! Difference an independent `f64` reference, not the code under test: a wrong loss that is
//! differenced against itself passes.

/// The gradient by central differences, one coordinate at a time.
///
/// ```text
/// ∂f/∂xᵢ ≈ (f(x + h eᵢ) − f(x − h eᵢ)) / 2h,    h = ∛ε max(1, |xᵢ|)
/// ```
///
/// ε is the machine precision of `f64`; the error is of order h² ≈ 4e-11 times the third derivative.
///
/// # Examples
///
/// ```
/// use metarl_testkit::gradient::central_difference;
///
/// let slope = central_difference(|x| x[0].powi(3), &[2.0]);
/// assert!((slope[0] - 12.0).abs() < 1e-8);
/// ```
pub fn central_difference(mut f: impl FnMut(&[f64]) -> f64, x: &[f64]) -> Vec<f64> {
    let mut x = x.to_vec();
    (0..x.len())
        .map(|i| {
            let (center, h) = (x[i], step(x[i]));
            x[i] = center + h;
            let above = f(&x);
            x[i] = center - h;
            let below = f(&x);
            x[i] = center;
            (above - below) / (2.0 * h)
        })
        .collect()
}

/// The derivative along a direction d: two evaluations, however many parameters there are.
///
/// ```text
/// ∇f(x)ᵀ d ≈ (f(x + h d) − f(x − h d)) / 2h,    h = ∛ε max(1, maxᵢ |xᵢ|) / maxᵢ |dᵢ|
/// ```
///
/// # Panics
///
/// When `x` and `direction` differ in length.
///
/// # Examples
///
/// ```
/// use metarl_testkit::gradient::directional_derivative;
///
/// let slope = directional_derivative(|x| x[0] * x[1], &[2.0, 5.0], &[1.0, -1.0]);
/// assert!((slope - 3.0).abs() < 1e-9);
/// ```
#[track_caller]
pub fn directional_derivative(
    mut f: impl FnMut(&[f64]) -> f64,
    x: &[f64],
    direction: &[f64],
) -> f64 {
    assert_eq!(x.len(), direction.len(), "one direction entry a parameter");
    let largest = |v: &[f64]| v.iter().fold(0.0_f64, |m, x| m.max(x.abs()));
    let length = largest(direction);
    if length == 0.0 {
        return 0.0;
    }
    let h = step(largest(x)) / length;
    let moved = |by: f64| -> Vec<f64> {
        let pairs = x.iter().zip(direction);
        pairs.map(|(x, d)| x + by * d).collect()
    };
    (f(&moved(h)) - f(&moved(-h))) / (2.0 * h)
}

/// Asserts `|got − want| ≤ tol · max(1, |want|)` element by element; NaN is close to nothing.
///
/// # Panics
///
/// When the lengths differ or an element is off; the message names the element.
#[track_caller]
pub fn assert_close(got: &[f64], want: &[f64], tol: f64) {
    assert_eq!(got.len(), want.len(), "got and want differ in length");
    for (i, (g, w)) in got.iter().zip(want).enumerate() {
        let error = (g - w).abs() / w.abs().max(1.0);
        assert!(
            error <= tol,
            "element {i}: got {g}, want {w}, relative error {error:e} over {tol:e}"
        );
    }
}

fn step(x: f64) -> f64 {
    f64::EPSILON.cbrt() * x.abs().max(1.0)
}
