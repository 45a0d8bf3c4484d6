//! Diagonal Gaussians: densities, gradients, sampling.

use dfdx::prelude::{Const, Rank0};
use metarl_autodiff::{
    Algebra, Binder, DiagonalGaussian, Error, Initialization, Network, Objective, sample_gaussian,
};
use metarl_core::{Purpose, Seed};
use metarl_testkit::gradient::assert_close;
use proptest::prelude::*;

use crate::categorical::chi_square;
use crate::device::TestDevice;
use crate::reference;
use crate::support::{check, numbers, weigh};

/// Means of `N` steps over two coordinates, and one log standard deviation a coordinate.
#[derive(Debug, Clone)]
struct Head(usize);

impl Network for Head {
    type Bound<A: Algebra> = (A::Of<(usize, Const<2>)>, A::Of<(Const<2>,)>);

    fn bind<A: Algebra, B: Binder<A>>(&self, binder: &mut B) -> Self::Bound<A> {
        let zero = Initialization::Constant(0.0);
        let mean = binder.leaf("mean", (self.0, Const), zero);
        (mean, binder.leaf("log_std", (Const,), zero))
    }
}

#[derive(Debug, Clone)]
enum Statistic {
    LogProb(Vec<f64>),
    Entropy,
    /// From fixed means and log standard deviations.
    KlFrom(Vec<f64>, Vec<f64>),
}

#[derive(Debug, Clone)]
struct Policy {
    network: Head,
    statistic: Statistic,
    weight: Vec<f64>,
}

impl Objective<f64, TestDevice> for Policy {
    type Network = Head;

    fn network(&self) -> &Head {
        &self.network
    }

    fn loss<A: Algebra<Elem = f64, Device = TestDevice>>(
        &self,
        algebra: &A,
        (mean, log_std): (A::Of<(usize, Const<2>)>, A::Of<(Const<2>,)>),
    ) -> Result<A::Of<Rank0>, Error> {
        let policy = DiagonalGaussian::<A, _, 2>::new(mean, log_std);
        let statistic = match &self.statistic {
            Statistic::LogProb(action) => policy.log_prob(algebra, action.as_chunks().0),
            Statistic::Entropy => policy.entropy(),
            Statistic::KlFrom(mean, log_std) => {
                policy.kl_from(algebra, mean.as_chunks().0, log_std.as_chunks().0)
            }
        };
        Ok(weigh(algebra, statistic, &self.weight))
    }
}

/// Density of one coordinate.
fn density(x: f64, mean: f64, std: f64) -> f64 {
    let z = (x - mean) / std;
    (-z * z / 2.0).exp() / (std * std::f64::consts::TAU.sqrt())
}

/// `∫ q (log q − log p) dx` by the trapezoid rule over ±12 standard deviations of `q`.
fn divergence((q_mean, q_std): (f64, f64), (mean, std): (f64, f64)) -> f64 {
    let dx = q_std / 50.0;
    let points = (-600..=600).map(|i| q_mean + f64::from(i) * dx);
    let log_density = |x: f64, mean: f64, std: f64| {
        let z = (x - mean) / std;
        -z * z / 2.0 - std.ln()
    };
    let terms = points.map(|x| {
        let ratio = log_density(x, q_mean, q_std) - log_density(x, mean, std);
        density(x, q_mean, q_std) * ratio * dx
    });
    terms.sum()
}

impl Policy {
    fn reference(&self, x: &[f64]) -> f64 {
        let (means, log_std) = x.split_at(2 * self.network.0);
        let std = |k: usize| log_std[k].exp();
        let statistic = means
            .chunks(2)
            .enumerate()
            .map(|(n, mean)| match &self.statistic {
                Statistic::LogProb(action) => (0..2)
                    .map(|k| density(action[2 * n + k], mean[k], std(k)).ln())
                    .sum(),
                Statistic::Entropy => (0..2)
                    .map(|k| (std(k) * (std::f64::consts::TAU * std::f64::consts::E).sqrt()).ln())
                    .sum(),
                Statistic::KlFrom(q_mean, q_log_std) => (0..2)
                    .map(|k| {
                        let q = (q_mean[2 * n + k], q_log_std[2 * n + k].exp());
                        divergence(q, (mean[k], std(k)))
                    })
                    .sum(),
            });
        reference::weigh(&statistic.collect::<Vec<_>>(), &self.weight)
    }
}

fn policy() -> impl Strategy<Value = (Policy, Vec<f64>, Vec<f64>)> {
    (1..4_usize).prop_flat_map(|n| {
        let log_std = prop::collection::vec(-0.7..0.7, 2 * n);
        let statistic = prop_oneof![
            numbers(2 * n).prop_map(Statistic::LogProb),
            Just(Statistic::Entropy),
            (numbers(2 * n), log_std).prop_map(|(mean, std)| Statistic::KlFrom(mean, std)),
        ];
        let policy = (statistic, numbers(n)).prop_map(move |(statistic, weight)| Policy {
            network: Head(n),
            statistic,
            weight,
        });
        let head = (numbers(2 * n), prop::collection::vec(-0.7..0.7, 2));
        let head = head.prop_map(|(mean, log_std)| [mean, log_std].concat());
        (policy, head, numbers(2 * n + 2))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn statistics_are_their_integrals((policy, x, v) in policy()) {
        check(policy.clone(), |x| policy.reference(x), &x, &v);
    }

    #[test]
    fn a_sample_knows_its_density(mean in numbers(3), log_std in numbers(3), seed: u64) {
        let mut rng = Seed::new(seed).stream(Purpose::Policy, 0, 0, 0);
        let mut action = [0.0; 3];
        let log_prob = sample_gaussian(&mean, &log_std, &mut rng, &mut action);
        let want: f64 = (0..3)
            .map(|k| density(action[k], mean[k], log_std[k].exp()).ln())
            .sum();
        assert_close(&[log_prob], &[want], 1e-9);
    }
}

#[test]
fn samples_fall_between_quartiles_a_quarter_of_the_time() {
    let (mean, std) = (1.5, 2.0_f64);
    let mut rng = Seed::new(3).stream(Purpose::Policy, 0, 0, 0);
    let mut counts = [0; 4];
    for _ in 0..40_000 {
        let mut action = [0.0];
        sample_gaussian(&[mean], &[std.ln()], &mut rng, &mut action);
        let quartile = 0.674_489_750_196_081_7 * std;
        let bounds = [mean - quartile, mean, mean + quartile];
        counts[bounds.iter().filter(|bound| action[0] > **bound).count()] += 1;
    }
    // Three degrees of freedom: exceeded once in 10⁴ seeds.
    let statistic = chi_square(&counts, &[0.25; 4]);
    assert!(statistic < 21.1, "chi-square {statistic} of {counts:?}");
}
