//! Arms that pay normally distributed rewards.

use metarl_core::{Error, Rng, TaskDistribution, check_range};
use rand::RngExt;
use rand_distr::StandardNormal;
use serde::{Deserialize, Serialize};
use smallvec::smallvec;

use crate::{BanditTask, PerArm};

/// Arms with normally distributed rewards, all of the same spread.
///
/// ```text
/// r ~ N(μₐ, σ²)
/// ```
///
/// A spread of 0 makes every arm pay its mean.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GaussianTask {
    /// Mean reward μ, per arm.
    pub mean: PerArm,
    /// Standard deviation σ of every arm's reward.
    pub standard_deviation: f64,
}

impl BanditTask for GaussianTask {
    fn n_arms(&self) -> usize {
        self.mean.len()
    }

    fn check(&self) -> Result<(), Error> {
        check_range("mean", "one or more", "none", self.n_arms() > 0)?;
        for mean in &self.mean {
            check_range("mean", "finite", mean, mean.is_finite())?;
        }
        check_deviation(self.standard_deviation)
    }

    fn mean(&self, arm: usize) -> f64 {
        self.mean[arm]
    }

    fn pull(&mut self, arm: usize, rng: &mut Rng) -> f64 {
        self.mean[arm] + self.standard_deviation * rng.sample::<f64, _>(StandardNormal)
    }
}

fn check_deviation(standard_deviation: f64) -> Result<(), Error> {
    check_range(
        "standard_deviation",
        "finite and at least 0",
        standard_deviation,
        standard_deviation.is_finite() && standard_deviation >= 0.0,
    )
}

/// Gaussian bandits with independent arms, `μₐ ~ N(0, 1)`, and a spread known to all.
///
/// # Examples
///
/// ```
/// use metarl_core::TaskDistribution;
/// use metarl_envs::GaussianBandits;
///
/// let tasks = GaussianBandits::new(10, 0.5)?;
/// assert_eq!(tasks.name(), "bandit/gaussian-10-deviation-0.5@1");
/// # Ok::<(), metarl_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GaussianBandits {
    n_arms: usize,
    standard_deviation: f64,
}

impl GaussianBandits {
    /// `n_arms` arms, rewards with standard deviation σ.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] when σ is negative or not finite.
    pub fn new(n_arms: usize, standard_deviation: f64) -> Result<Self, Error> {
        check_deviation(standard_deviation)?;
        Ok(Self {
            n_arms,
            standard_deviation,
        })
    }
}

impl TaskDistribution for GaussianBandits {
    type Task = GaussianTask;

    fn name(&self) -> String {
        let Self {
            n_arms,
            standard_deviation,
        } = self;
        format!("bandit/gaussian-{n_arms}-deviation-{standard_deviation}@1")
    }

    fn sample(&self, rng: &mut Rng) -> GaussianTask {
        GaussianTask {
            mean: (0..self.n_arms)
                .map(|_| rng.sample(StandardNormal))
                .collect(),
            standard_deviation: self.standard_deviation,
        }
    }
}

/// Eleven arms that pay the same amount every time, one of which tells where the target is.
///
/// ```text
/// target ~ U{1 … 10}
/// μₐ = 5 if a = target, 1 for the nine others, and μ₁₁ = target / 10
/// ```
///
/// The last arm is never worth pulling for its reward, but its reward names the target. A trial has
/// 5 pulls.
///
/// # References
///
/// Wang et al. 2016, [arXiv:1611.05763](https://arxiv.org/abs/1611.05763), section 3.1.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ElevenArmedBandits;

impl TaskDistribution for ElevenArmedBandits {
    type Task = GaussianTask;

    fn name(&self) -> String {
        "bandit/eleven-armed@1".to_owned()
    }

    fn sample(&self, rng: &mut Rng) -> GaussianTask {
        let target = rng.random_range(0..10);
        let mut mean = smallvec![1.0; 11];
        mean[target] = 5.0;
        mean[10] = (target + 1) as f64 / 10.0;
        GaussianTask {
            mean,
            standard_deviation: 0.0,
        }
    }
}
