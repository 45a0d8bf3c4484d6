//! The Fisher matrix of a policy, seen from before its adaptation.

use metarl_autodiff::{Differentiable, OnDevice};
use metarl_optim::{Adaptation, MetaGradient};
use proptest::prelude::*;

use crate::device::test_device;
use crate::difference::{self, assert_near};
use crate::policy::{Divergence, cases, network};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// `D(θ') = KL(π_{θ_K(θ)} ‖ π_{θ_K(θ')})` is least at `θ' = θ`, so that its second derivative
    /// there is `Jᵀ F J`: the terms with the curvature of the adaptation carry a zero gradient.
    #[test]
    fn the_fisher_product_through_adaptation_is_the_curvature_of_the_divergence(
        case in cases(0..3_usize)
    ) {
        let reference = case.reference();
        let adapted = |theta: &[f64]| reference.adapted(theta, &case.support, case.inner_lr);
        let q = reference.log_probs(&adapted(&case.parameters), &case.query);
        let divergence = |theta: &[f64]| reference.divergence(&q, &adapted(theta), &case.query);
        let slope = |theta: &[f64]| difference::gradient(divergence, theta);
        let want = difference::along(slope, &case.parameters, &case.direction);

        let objective = Divergence { network: network(&case.hidden), batch: case.query.clone(), q };
        let divergence = OnDevice::new(objective, test_device());
        let support = case.task().support;
        let path = Adaptation::along(&case.parameters, &support, case.inner_lr).unwrap();
        let order = MetaGradient::SecondOrder;
        let moved = path.push_forward(&support, &case.direction, order).unwrap();
        let product = divergence.hessian_vector_product(path.adapted(), &moved).unwrap();
        let got = path.pull_back(&support, &product, order).unwrap();

        assert_near(&got, &want, 1e-6);
    }
}
