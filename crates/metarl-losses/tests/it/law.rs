//! What the papers say the losses have to do with each other.

use dfdx::prelude::{Const, Rank0};
use metarl_autodiff::{
    Algebra, Binder, Categorical, Differentiable, Initialization, Network, Objective, OnDevice,
};
use metarl_losses::{Error, mean_divergence};
use metarl_testkit::gradient::assert_close;
use proptest::prelude::*;

use crate::device::{TestDevice, test_device};
use crate::support::{Loss, gradient, off_kinks, steps};

/// Log-ratios strictly inside `[ln(1 − ε), ln(1 + ε)]`.
fn inside(epsilon: f64) -> impl Strategy<Value = f64> {
    (0.99 * (1.0 - epsilon).ln())..(0.99 * (1.0 + epsilon).ln())
}

proptest! {
    #[test]
    fn on_policy_the_surrogates_gradients_are_reinforces(s in steps(|_| Just(0.0))) {
        let advantage = s.advantage.clone();
        let behavior = s.behavior.clone();
        let (_, reinforce) = gradient(
            Loss::PolicyGradient { advantage: advantage.clone() },
            &s.log_prob,
        );
        let trpo = Loss::Surrogate { behavior: behavior.clone(), advantage: advantage.clone() };
        let ppo = Loss::Clipped { behavior, advantage, range: s.range };
        for loss in [trpo, ppo] {
            let (_, slope) = gradient(loss, &s.log_prob);
            assert_close(&slope, &reinforce, 1e-12);
        }
    }

    #[test]
    fn inside_the_interval_clipping_changes_nothing(s in steps(inside)) {
        let (behavior, advantage) = (s.behavior.clone(), s.advantage.clone());
        let free = gradient(Loss::Surrogate { behavior, advantage }, &s.log_prob);
        let (behavior, advantage) = (s.behavior.clone(), s.advantage.clone());
        let clipped = Loss::Clipped { behavior, advantage, range: s.range };
        let clipped = gradient(clipped, &s.log_prob);
        assert_close(&[clipped.0], &[free.0], 1e-12);
        assert_close(&clipped.1, &free.1, 1e-12);
    }

    /// The clipped loss is an upper bound: it never rewards leaving the interval.
    #[test]
    fn clipping_never_lowers_the_loss_and_stops_the_gradient_where_it_bites(
        s in steps(off_kinks),
    ) {
        let (behavior, advantage) = (s.behavior.clone(), s.advantage.clone());
        let (free, _) = gradient(Loss::Surrogate { behavior, advantage }, &s.log_prob);
        let (behavior, advantage) = (s.behavior.clone(), s.advantage.clone());
        let clipped = Loss::Clipped { behavior, advantage, range: s.range };
        let (clipped, slope) = gradient(clipped, &s.log_prob);
        prop_assert!(clipped >= free - 1e-12);
        for (t, slope) in slope.iter().enumerate() {
            let ratio = (s.log_prob[t] - s.behavior[t]).exp();
            let epsilon = s.range.epsilon();
            let gained = (ratio > 1.0 + epsilon && s.advantage[t] > 0.0)
                || (ratio < 1.0 - epsilon && s.advantage[t] < 0.0);
            prop_assert_eq!(gained, *slope == 0.0 && s.advantage[t] != 0.0);
        }
    }
}

/// TRPO's constraint on logits of three classes, measured from the logits themselves.
#[derive(Debug)]
struct TrustRegion {
    network: Logits,
    log_probs: Vec<[f64; 3]>,
}

#[derive(Debug)]
struct Logits(usize);

impl Network for Logits {
    type Bound<A: Algebra> = A::Of<(usize, Const<3>)>;

    fn bind<A: Algebra, B: Binder<A>>(&self, binder: &mut B) -> Self::Bound<A> {
        let shape = (self.0, Const::<3>);
        binder.leaf("logits", shape, Initialization::Constant(0.0))
    }
}

impl Objective<f64, TestDevice> for TrustRegion {
    type Network = Logits;

    fn network(&self) -> &Logits {
        &self.network
    }

    fn loss<A: Algebra<Elem = f64, Device = TestDevice>>(
        &self,
        algebra: &A,
        logits: A::Of<(usize, Const<3>)>,
    ) -> Result<A::Of<Rank0>, Error> {
        let policy = Categorical::<A, _, 3>::from_logits(logits);
        Ok(mean_divergence::<A, _>(
            policy.kl_from(algebra, &self.log_probs),
        ))
    }
}

proptest! {
    /// `F v = (1/N) Σₜ Σₖ pₖ sₖ (sₖ · v)` with the scores `sₖ = ∇log pₖ = eₖ − p`.
    #[test]
    fn the_divergences_curvature_is_the_fisher_matrix(
        rows in prop::collection::vec([-2.0..2.0, -2.0..2.0, -2.0..2.0], 1..5),
        phase in 0.0..6.0_f64,
    ) {
        let n = rows.len();
        let x: Vec<f64> = rows.concat();
        let v: Vec<f64> = (0..x.len()).map(|i| (phase + i as f64).sin()).collect();
        let p: Vec<[f64; 3]> = rows
            .iter()
            .map(|row| {
                let total: f64 = row.iter().map(|x| x.exp()).sum();
                row.map(|x| x.exp() / total)
            })
            .collect();
        let loss = TrustRegion {
            network: Logits(n),
            log_probs: p.iter().map(|p| p.map(f64::ln)).collect(),
        };
        let loss = OnDevice::new::<f64>(loss, test_device());

        let mut fisher = vec![0.0; x.len()];
        for (t, p) in p.iter().enumerate() {
            for class in 0..3 {
                let score = [0, 1, 2].map(|k| f64::from(k == class) - p[k]);
                let along: f64 = (0..3).map(|k| score[k] * v[3 * t + k]).sum();
                for k in 0..3 {
                    fisher[3 * t + k] += p[class] * score[k] * along / n as f64;
                }
            }
        }
        assert_close(&loss.hessian_vector_product(&x, &v).unwrap(), &fisher, 1e-12);
        assert_close(&loss.gradient(&x).unwrap().1, &vec![0.0; x.len()], 1e-12);
    }
}
