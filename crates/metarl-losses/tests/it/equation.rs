//! Each loss is its equation, its gradient the equation's slope, its curvature the gradient's.

use metarl_autodiff::Differentiable;
use metarl_testkit::gradient::{assert_close, central_difference};
use proptest::prelude::*;

use crate::reference;
use crate::support::{Loss, gradient, gradient_difference, off_kinks, on_device, steps};

#[track_caller]
fn check(loss: Loss, reference: impl Fn(&[f64]) -> f64, x: &[f64], v: &[f64]) {
    let (value, slope) = gradient(loss.clone(), x);
    assert_close(&[value], &[reference(x)], 1e-12);
    assert_close(&slope, &central_difference(reference, x), 1e-7);

    let curvature = on_device(x.len(), loss.clone())
        .hessian_vector_product(x, v)
        .expect("as many steps of everything");
    assert_close(&curvature, &gradient_difference(&loss, x, v), 1e-7);
}

proptest! {
    #[test]
    fn policy_gradient(s in steps(off_kinks)) {
        let advantage = s.advantage.clone();
        let reference = |x: &[f64]| reference::policy_gradient(x, &advantage);
        let loss = Loss::PolicyGradient { advantage: advantage.clone() };
        check(loss, reference, &s.log_prob, &s.direction);
    }

    #[test]
    fn surrogate(s in steps(off_kinks)) {
        let (behavior, advantage) = (s.behavior.clone(), s.advantage.clone());
        let reference = |x: &[f64]| reference::surrogate(x, &s.behavior, &s.advantage);
        check(Loss::Surrogate { behavior, advantage }, reference, &s.log_prob, &s.direction);
    }

    #[test]
    fn clipped_surrogate(s in steps(off_kinks)) {
        let (behavior, advantage, range) = (s.behavior.clone(), s.advantage.clone(), s.range);
        let reference = |x: &[f64]| {
            reference::clipped_surrogate(x, &s.behavior, &s.advantage, range.epsilon())
        };
        check(Loss::Clipped { behavior, advantage, range }, reference, &s.log_prob, &s.direction);
    }

    #[test]
    fn squared_value_error(s in steps(off_kinks)) {
        let target = s.advantage.clone();
        let reference = |x: &[f64]| reference::squared_value_error(x, &s.advantage);
        check(Loss::Value { target }, reference, &s.log_prob, &s.direction);
    }

    /// No error is within reach of the bend at 1.
    #[test]
    fn huber_value_error(s in steps(off_kinks)) {
        let errors = s.advantage.iter().map(|e| if (e.abs() - 1.0).abs() < 0.01 { 2.0 * e } else { *e });
        let target: Vec<f64> = s.log_prob.iter().zip(errors).map(|(x, e)| x - e).collect();
        let reference = |x: &[f64]| reference::huber_value_error(x, &target);
        check(Loss::Huber { target: target.clone() }, reference, &s.log_prob, &s.direction);
    }

    #[test]
    fn behavior_cloning(s in steps(off_kinks)) {
        check(Loss::Cloning, |x| -reference::mean(x), &s.log_prob, &s.direction);
    }

    #[test]
    fn entropy_bonus(s in steps(off_kinks)) {
        check(Loss::Entropy, |x| -reference::mean(x), &s.log_prob, &s.direction);
    }

    #[test]
    fn mean_divergence(s in steps(off_kinks)) {
        check(Loss::Divergence, reference::mean, &s.log_prob, &s.direction);
    }
}
