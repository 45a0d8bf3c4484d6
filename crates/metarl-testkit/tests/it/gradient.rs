//! Finite differences against derivatives known in closed form.

use metarl_testkit::gradient::{assert_close, central_difference, directional_derivative};
use proptest::prelude::*;

/// `f(x) = Σ sin xᵢ + x₀²`.
fn f(x: &[f64]) -> f64 {
    x.iter().map(|x| x.sin()).sum::<f64>() + x[0] * x[0]
}

fn slope(x: &[f64]) -> Vec<f64> {
    let mut slope: Vec<f64> = x.iter().map(|x| x.cos()).collect();
    slope[0] += 2.0 * x[0];
    slope
}

proptest! {
    #[test]
    fn central_difference_is_the_gradient(x in prop::collection::vec(-5.0..5.0, 1..6)) {
        assert_close(&central_difference(f, &x), &slope(&x), 1e-8);
    }

    #[test]
    fn directional_derivative_is_the_gradient_along_it(
        pairs in prop::collection::vec((-5.0..5.0, -3.0..3.0), 1..6),
    ) {
        let (x, d): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
        let want: f64 = slope(&x).iter().zip(&d).map(|(g, d)| g * d).sum();
        assert_close(&[directional_derivative(f, &x, &d)], &[want], 1e-7);
    }
}

#[test]
fn no_direction_no_derivative() {
    assert_eq!(directional_derivative(f, &[1.0], &[0.0]).to_bits(), 0);
}

#[test]
#[should_panic(expected = "element 1: got 2.1, want 2")]
fn assert_close_names_the_element() {
    assert_close(&[1.0, 2.1, 5.0], &[1.0, 2.0, 3.0], 1e-3);
}

#[test]
#[should_panic(expected = "element 0: got NaN")]
fn nothing_is_close_to_nan() {
    assert_close(&[f64::NAN], &[f64::NAN], 1e9);
}

#[test]
fn the_tolerance_is_relative() {
    assert_close(&[1_000_001.0], &[1_000_000.0], 2e-6);
}
