//! Categorical distributions: densities, gradients, sampling, and the Fisher matrix.

use dfdx::prelude::{Const, Rank0};
use metarl_autodiff::{
    Algebra, Binder, Categorical, Differentiable, Error, Initialization, Network, Objective,
    sample_categorical,
};
use metarl_core::{Purpose, Seed};
use metarl_testkit::gradient::assert_close;
use proptest::prelude::*;

use crate::device::TestDevice;
use crate::reference;
use crate::support::{check, dot, numbers, on_device, weigh};

/// Logits of `N` steps over three classes.
#[derive(Debug, Clone)]
struct Logits(usize);

impl Network for Logits {
    type Bound<A: Algebra> = A::Of<(usize, Const<3>)>;

    fn bind<A: Algebra, B: Binder<A>>(&self, binder: &mut B) -> Self::Bound<A> {
        let shape = (self.0, Const::<3>);
        binder.leaf("logits", shape, Initialization::Constant(0.0))
    }
}

#[derive(Debug, Clone)]
enum Statistic {
    LogProb(Vec<usize>),
    Entropy,
    /// From a fixed distribution, by its normalized log-probabilities.
    KlFrom(Vec<f64>),
}

#[derive(Debug, Clone)]
struct Policy {
    network: Logits,
    statistic: Statistic,
    weight: Vec<f64>,
}

impl Objective<f64, TestDevice> for Policy {
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
        let statistic = match &self.statistic {
            Statistic::LogProb(action) => policy.log_prob(action),
            Statistic::Entropy => policy.entropy(),
            Statistic::KlFrom(q) => policy.kl_from(algebra, q.as_chunks().0),
        };
        Ok(weigh(algebra, statistic, &self.weight))
    }
}

impl Policy {
    fn reference(&self, logits: &[f64]) -> f64 {
        let softmax = |row: &[f64]| {
            let total: f64 = row.iter().map(|x| x.exp()).sum();
            row.iter().map(|x| x.exp() / total).collect::<Vec<_>>()
        };
        let rows = logits.chunks(3).map(softmax).enumerate();
        let statistic = rows.map(|(n, p)| match &self.statistic {
            Statistic::LogProb(action) => p[action[n]].ln(),
            Statistic::Entropy => p.iter().map(|p| -p * p.ln()).sum(),
            Statistic::KlFrom(q) => (0..3)
                .map(|k| q[3 * n + k].exp() * (q[3 * n + k] - p[k].ln()))
                .sum(),
        });
        reference::weigh(&statistic.collect::<Vec<_>>(), &self.weight)
    }
}

fn policy() -> impl Strategy<Value = (Policy, Vec<f64>, Vec<f64>)> {
    (1..5_usize).prop_flat_map(|n| {
        let statistic = prop_oneof![
            prop::collection::vec(0..3_usize, n).prop_map(Statistic::LogProb),
            Just(Statistic::Entropy),
            numbers(3 * n).prop_map(|q| Statistic::KlFrom(reference::log_softmax(&q, 3))),
        ];
        let policy = (statistic, numbers(n)).prop_map(move |(statistic, weight)| Policy {
            network: Logits(n),
            statistic,
            weight,
        });
        (policy, numbers(3 * n), numbers(3 * n))
    })
}

proptest! {
    #[test]
    fn statistics_are_their_equations((policy, x, v) in policy()) {
        check(policy.clone(), |x| policy.reference(x), &x, &v);
    }

    /// `∇²KL(p ‖ π) v = Σₖ pₖ ∇log pₖ (∇log pₖ · v)` where π = p.
    #[test]
    fn curvature_of_the_divergence_is_the_fisher_matrix(x in numbers(3), v in numbers(3)) {
        let log_probs = reference::log_softmax(&x, 3);
        // The bent weight's slope at divergence 0 is 1, so the curvature is the divergence's.
        let loss = on_device(Policy {
            network: Logits(1),
            statistic: Statistic::KlFrom(log_probs.clone()),
            weight: vec![1.0],
        });
        let p: Vec<f64> = log_probs.iter().map(|x| x.exp()).collect();
        let mut fisher = vec![0.0; 3];
        for class in 0..3 {
            let score: Vec<f64> = (0..3).map(|k| f64::from(k == class) - p[k]).collect();
            for (f, s) in fisher.iter_mut().zip(&score) {
                *f += p[class] * s * dot(&score, &v);
            }
        }
        assert_close(&loss.hessian_vector_product(&x, &v).unwrap(), &fisher, 1e-12);
        assert_close(&loss.gradient(&x).unwrap().1, &[0.0; 3], 1e-12);
    }
}

/// Pearson's statistic of counts against probabilities.
pub(crate) fn chi_square(counts: &[u32], p: &[f64]) -> f64 {
    let n = f64::from(counts.iter().sum::<u32>());
    let cells = counts.iter().zip(p);
    cells
        .map(|(count, p)| (f64::from(*count) - n * p).powi(2) / (n * p))
        .sum()
}

#[test]
fn samples_come_as_often_as_their_probability() {
    let p = [0.1, 0.2, 0.3, 0.4];
    let log_probs = p.map(f64::ln);
    let mut rng = Seed::new(1).stream(Purpose::Policy, 0, 0, 0);
    let mut counts = [0; 4];
    for _ in 0..40_000 {
        counts[sample_categorical(&log_probs, &mut rng)] += 1;
    }
    // Three degrees of freedom: exceeded once in 10⁴ seeds.
    let statistic = chi_square(&counts, &p);
    assert!(statistic < 21.1, "chi-square {statistic} of {counts:?}");
}

#[test]
fn probabilities_that_fall_short_of_one_still_give_a_class() {
    let mut rng = Seed::new(2).stream(Purpose::Policy, 0, 0, 0);
    let almost_nothing = [-50.0_f32, -50.0];
    assert_eq!(sample_categorical(&almost_nothing, &mut rng), 1);
}
