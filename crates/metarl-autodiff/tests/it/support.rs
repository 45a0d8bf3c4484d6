//! What every test here does with a loss: hold value, gradient and curvature against plain numbers.

use dfdx::prelude::{Rank0, Shape};
use metarl_autodiff::{Algebra, Buffer, Differentiable, Objective, OnDevice, Scalar};
use metarl_testkit::gradient::{assert_close, central_difference};
use proptest::prelude::*;

use crate::device::{TestDevice, test_device};

/// Plain numbers as data of an algebra.
pub(crate) fn constant<A: Algebra, S: Shape>(algebra: &A, x: &[f64], shape: S) -> A::Of<S> {
    let x: Vec<A::Elem> = x.iter().map(|x| A::Elem::real(*x)).collect();
    algebra.data(&x, shape)
}

/// `Σᵢ wᵢ (yᵢ + yᵢ²/2)`: every element counts differently, and even a linear `y` has curvature.
pub(crate) fn weigh<A: Algebra, S: Shape>(
    algebra: &A,
    y: A::Of<S>,
    weight: &[f64],
) -> A::Of<Rank0> {
    let weight = constant(algebra, weight, A::shape(&y));
    A::sum(weight * (y.clone() + A::scale(A::square(y), 0.5)))
}

/// An objective on the CPU in `f64`.
pub(crate) fn on_device<O: Objective<f64, TestDevice>>(objective: O) -> OnDevice<O, TestDevice> {
    OnDevice::new(objective, test_device())
}

/// Holds value and gradient against `reference` and its central differences, the directional
/// derivative against the gradient, and the Hessian-vector product against differences of gradients.
#[track_caller]
pub(crate) fn check<O: Objective<f64, TestDevice>>(
    objective: O,
    reference: impl Fn(&[f64]) -> f64,
    x: &[f64],
    v: &[f64],
) {
    let loss = on_device(objective);
    let (value, gradient) = loss.gradient(x).expect("the data fit together");
    let plain = loss.value(x).expect("the data fit together");
    assert_close(&[value, plain], &[reference(x); 2], 1e-12);
    assert_close(&gradient, &central_difference(&reference, x), 1e-7);

    let (forward, slope) = loss
        .jacobian_vector_product(x, v)
        .expect("the data fit together");
    assert_close(&[forward, slope], &[value, dot(&gradient, v)], 1e-11);

    let curvature = loss
        .hessian_vector_product(x, v)
        .expect("the data fit together");
    assert_close(&curvature, &gradient_difference(&loss, x, v), 1e-6);
    check_linearization(&loss, x, v);
}

/// What products at one point share changes no bit of any of them, whatever the order.
#[track_caller]
fn check_linearization(loss: &impl Differentiable<f64>, x: &[f64], v: &[f64]) {
    let bits = |x: Buffer<f64>| x.iter().copied().map(f64::to_bits).collect::<Vec<_>>();
    let back: Vec<f64> = v.iter().rev().map(|v| 0.5 - v).collect();
    let still = vec![0.0; v.len()];
    let linearization = loss.linearize(x);
    for v in [v, &back, &still, v, &back] {
        let alone = loss
            .hessian_vector_product(x, v)
            .expect("the data fit together");
        let product = linearization.product(v).expect("the data fit together");
        assert_eq!(bits(product), bits(alone), "H v along {v:?}");
    }
}

/// `(∇L(x + h v) − ∇L(x − h v)) / 2h ≈ ∇²L(x) v`
pub(crate) fn gradient_difference(
    loss: &impl Differentiable<f64>,
    x: &[f64],
    v: &[f64],
) -> Vec<f64> {
    let largest = |v: &[f64]| v.iter().fold(0.0_f64, |max, x| max.max(x.abs()));
    let h = f64::EPSILON.cbrt() * largest(x).max(1.0) / largest(v).max(1e-3);
    let at = |h: f64| {
        let moved: Vec<f64> = x.iter().zip(v).map(|(x, v)| x + h * v).collect();
        loss.gradient(&moved).expect("the data fit together").1
    };
    let (above, below) = (at(h), at(-h));
    let pairs = above.iter().zip(&below);
    pairs.map(|(a, b)| (a - b) / (2.0 * h)).collect()
}

/// Holds gradient and curvature in `f32` against those in `f64`, relative to their length.
#[track_caller]
pub(crate) fn check_single_precision<O>(objective: O, x: &[f64], v: &[f64])
where
    O: Objective<f64, TestDevice> + Objective<f32, TestDevice> + Clone,
{
    let single = |x: &[f64]| x.iter().map(|x| f32::real(*x)).collect::<Vec<f32>>();
    // Both are read at the same point.
    let (x, v) = (single(x), single(v));
    let double = |x: &[f32]| x.iter().map(|x| x.into_f64()).collect::<Vec<f64>>();
    let exact = OnDevice::new::<f64>(objective.clone(), test_device());
    let fast = OnDevice::new::<f32>(objective, test_device());
    let want = exact
        .gradient(&double(&x))
        .expect("the data fit together")
        .1;
    let got = fast.gradient(&x).expect("the data fit together").1;
    assert_near(&double(&got), &want, 1e-4);
    let want = exact
        .hessian_vector_product(&double(&x), &double(&v))
        .expect("the data fit together");
    let got = fast
        .hessian_vector_product(&x, &v)
        .expect("the data fit together");
    assert_near(&double(&got), &want, 1e-4);
}

/// `‖got − want‖ ≤ tol max(1, ‖want‖)`
#[track_caller]
fn assert_near(got: &[f64], want: &[f64], tol: f64) {
    let difference: Vec<f64> = got.iter().zip(want).map(|(g, w)| g - w).collect();
    let norm = |x: &[f64]| dot(x, x).sqrt();
    let (error, size) = (norm(&difference), norm(want));
    assert!(error <= tol * size.max(1.0), "error {error:e} of {size}");
}

pub(crate) fn dot(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).map(|(x, y)| x * y).sum()
}

/// `n` numbers of order one.
pub(crate) fn numbers(n: usize) -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(-1.5..1.5, n)
}
