//! Meta-gradients of random policies, against differences of adapt-then-evaluate in plain `f64`.

use metarl_autodiff::Differentiable;
use metarl_optim::{Adaptation, MetaGradient};
use metarl_testkit::gradient::assert_close;
use proptest::prelude::*;

use crate::difference::{self, assert_near, distance, norm};
use crate::policy::{Case, cases};
use crate::quadratic::dot;

fn steps() -> impl Strategy<Value = usize> {
    prop::sample::select(vec![1, 2, 3, 5])
}

fn adaptation(case: &Case) -> Adaptation<f64> {
    let task = case.task();
    Adaptation::along(&case.parameters, &task.support, case.inner_lr).expect("its own support")
}

proptest! {
    /// The loops the rest is held against are right themselves.
    #[test]
    fn the_reference_gradient_is_its_slope(case in cases(Just(0))) {
        let reference = case.reference();
        let slope = difference::gradient(|x| reference.loss(x, &case.query), &case.parameters);
        assert_near(&reference.gradient(&case.parameters, &case.query), &slope, 1e-8);
    }

    #[test]
    fn adaptation_follows_the_support_gradients(case in cases(0..6_usize)) {
        let got = adaptation(&case);
        let want = case.reference().adapted(&case.parameters, &case.support, case.inner_lr);
        assert_close(got.adapted(), &want, 1e-12);
        prop_assert_eq!(got.n_steps(), case.support.len());
    }

    #[test]
    fn second_order_is_the_slope_of_adapt_then_evaluate(case in cases(steps())) {
        let reference = case.reference();
        let whole = |theta: &[f64]| {
            let adapted = reference.adapted(theta, &case.support, case.inner_lr);
            reference.loss(&adapted, &case.query)
        };
        let want = difference::gradient(whole, &case.parameters);

        let task = case.task();
        let (value, got) = task.gradient(&case.parameters, MetaGradient::SecondOrder).unwrap();

        assert_near(&got, &want, 1e-6);
        let alone = task.value(&case.parameters).unwrap();
        assert_close(&[value, alone], &[whole(&case.parameters); 2], 1e-12);
    }

    #[test]
    fn first_order_is_the_gradient_at_the_adapted_parameters(case in cases(steps())) {
        let reference = case.reference();
        let adapted = reference.adapted(&case.parameters, &case.support, case.inner_lr);
        let want = reference.gradient(&adapted, &case.query);

        let task = case.task();
        let (_, got) = task.gradient(&case.parameters, MetaGradient::FirstOrder).unwrap();

        assert_close(&got, &want, 1e-11);
    }

    /// Curvature that the support has moves the meta-gradient away from the first-order one.
    #[test]
    fn the_orders_differ_by_the_curvature(case in cases(Just(1))) {
        let task = case.task();
        let gradient = |order| task.gradient(&case.parameters, order).unwrap().1;
        let (second, first) = (
            gradient(MetaGradient::SecondOrder),
            gradient(MetaGradient::FirstOrder),
        );
        let curvature = task.support[0]
            .hessian_vector_product(&case.parameters, &first)
            .unwrap();
        let want = case.inner_lr * norm(&curvature);
        prop_assume!(want > 1e-8);
        prop_assert!((distance(&second, &first) / want - 1.0).abs() < 1e-6);
    }

    #[test]
    fn push_forward_is_how_the_adapted_parameters_move(case in cases(steps())) {
        let reference = case.reference();
        let adapted = |theta: &[f64]| reference.adapted(theta, &case.support, case.inner_lr);
        let want = difference::along(adapted, &case.parameters, &case.direction);

        let support = case.task().support;
        let got = adaptation(&case)
            .push_forward(&support, &case.direction, MetaGradient::SecondOrder)
            .unwrap();

        assert_near(&got, &want, 1e-6);
    }

    #[test]
    fn pull_back_is_the_transpose_of_push_forward(
        (case, u) in cases(0..6_usize).prop_flat_map(|case| {
            let n = case.parameters.len();
            (Just(case), difference::numbers(n))
        })
    ) {
        let (path, support) = (adaptation(&case), case.task().support);
        for order in [MetaGradient::SecondOrder, MetaGradient::FirstOrder] {
            let forward = path.push_forward(&support, &case.direction, order).unwrap();
            let back = path.pull_back(&support, &u, order).unwrap();
            assert_close(&[dot(&u, &forward)], &[dot(&back, &case.direction)], 1e-11);

            // What many products share changes no bit of one.
            let jacobian = path.linearize(&support, order).unwrap();
            for _ in 0..2 {
                prop_assert_eq!(&jacobian.push_forward(&case.direction).unwrap(), &forward);
                prop_assert_eq!(&jacobian.pull_back(&u).unwrap(), &back);
            }
        }
    }

    #[test]
    fn without_steps_the_meta_gradient_is_the_gradient(case in cases(Just(0))) {
        let task = case.task();
        let want = task.query.gradient(&case.parameters).unwrap();
        for order in [MetaGradient::SecondOrder, MetaGradient::FirstOrder] {
            prop_assert_eq!(&task.gradient(&case.parameters, order).unwrap(), &want);
        }
        let path = adaptation(&case);
        prop_assert_eq!(path.adapted(), case.parameters.as_slice());
        prop_assert_eq!(path.n_steps(), 0);
    }
}
