//! Arms that pay 1 or 0.

use metarl_core::{Error, Rng, TaskDistribution, check_range};
use rand::RngExt;
use serde::{Deserialize, Serialize};
use smallvec::smallvec;

use crate::{BanditTask, PerArm};

/// Arms that pay 1 with a probability of their own, and 0 otherwise.
///
/// ```text
/// r ~ Bernoulli(pₐ)
/// ```
///
/// # References
///
/// Duan et al. 2016, [arXiv:1611.02779](https://arxiv.org/abs/1611.02779), section 3.1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BernoulliTask {
    /// Probability of a reward of 1, per arm.
    pub probability: PerArm,
}

impl BanditTask for BernoulliTask {
    fn n_arms(&self) -> usize {
        self.probability.len()
    }

    fn check(&self) -> Result<(), Error> {
        check_range("probability", "one or more", "none", self.n_arms() > 0)?;
        self.probability
            .iter()
            .try_for_each(|p| check_range("probability", "in [0, 1]", p, (0.0..=1.0).contains(p)))
    }

    fn mean(&self, arm: usize) -> f64 {
        self.probability[arm]
    }

    fn pull(&mut self, arm: usize, rng: &mut Rng) -> f64 {
        bernoulli(self.probability[arm], rng)
    }
}

/// 1 with probability `p`, otherwise 0.
pub(crate) fn bernoulli(p: f64, rng: &mut Rng) -> f64 {
    f64::from(u8::from(rng.random::<f64>() < p))
}

/// Bernoulli bandits with independent arms, `pₐ ~ U[0, 1]`.
///
/// # Examples
///
/// ```
/// use metarl_core::TaskDistribution;
/// use metarl_envs::BernoulliBandits;
///
/// assert_eq!(BernoulliBandits { n_arms: 5 }.name(), "bandit/bernoulli-5@1");
/// ```
///
/// # References
///
/// Duan et al. 2016, [arXiv:1611.02779](https://arxiv.org/abs/1611.02779), section 3.1, with 5, 10
/// and 50 arms; Wang et al. 2016, [arXiv:1611.05763](https://arxiv.org/abs/1611.05763), section
/// 3.1.1, with 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BernoulliBandits {
    /// How many arms.
    pub n_arms: usize,
}

impl TaskDistribution for BernoulliBandits {
    type Task = BernoulliTask;

    fn name(&self) -> String {
        format!("bandit/bernoulli-{}@1", self.n_arms)
    }

    fn sample(&self, rng: &mut Rng) -> BernoulliTask {
        BernoulliTask {
            probability: (0..self.n_arms).map(|_| rng.random()).collect(),
        }
    }
}

/// Two Bernoulli arms that know of each other, `p₂ = 1 − p₁`: what one pays tells about both.
///
/// # References
///
/// Wang et al. 2016, [arXiv:1611.05763](https://arxiv.org/abs/1611.05763), section 3.1.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DependentBandits {
    /// `p₁ ~ U[0, 1]`.
    Uniform,
    /// `p₁` is 0.1 or 0.9, equally likely.
    Easy,
    /// `p₁` is 0.25 or 0.75, equally likely.
    Medium,
    /// `p₁` is 0.4 or 0.6, equally likely.
    Hard,
}

impl DependentBandits {
    /// Probability of the better arm; [`Uniform`](Self::Uniform) has no single one.
    #[must_use]
    pub fn better_probability(self) -> Option<f64> {
        match self {
            Self::Uniform => None,
            Self::Easy => Some(0.9),
            Self::Medium => Some(0.75),
            Self::Hard => Some(0.6),
        }
    }
}

impl TaskDistribution for DependentBandits {
    type Task = BernoulliTask;

    fn name(&self) -> String {
        let difficulty = match self {
            Self::Uniform => "uniform",
            Self::Easy => "easy",
            Self::Medium => "medium",
            Self::Hard => "hard",
        };
        format!("bandit/dependent-{difficulty}@1")
    }

    fn sample(&self, rng: &mut Rng) -> BernoulliTask {
        let p = match self.better_probability() {
            None => rng.random(),
            Some(better) if rng.random() => better,
            Some(better) => 1.0 - better,
        };
        BernoulliTask {
            probability: smallvec![p, 1.0 - p],
        }
    }
}
