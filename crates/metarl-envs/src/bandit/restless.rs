//! Arms that change while nobody looks.

use metarl_core::{Error, Rng, TaskDistribution, check_range};
use rand::RngExt;
use rand_distr::StandardNormal;
use serde::{Deserialize, Serialize};

use super::bernoulli::bernoulli;
use crate::BanditTask;

/// Two Bernoulli arms with probabilities `p` and `1 − p`, where `p` takes a step after every pull.
///
/// ```text
/// r  ~ Bernoulli(p) for arm 0, Bernoulli(1 − p) for arm 1
/// p' = reflect(p + σ ε),   ε ~ N(0, 1)
/// ```
///
/// `reflect` folds the line onto `[0, 1]` at both ends, as often as it takes, so the uniform
/// distribution is the stationary one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RestlessTask {
    /// Probability that arm 0 pays 1 at the first pull.
    pub probability: f64,
    /// Standard deviation σ of a step of the walk.
    pub volatility: f64,
}

impl BanditTask for RestlessTask {
    fn n_arms(&self) -> usize {
        2
    }

    fn check(&self) -> Result<(), Error> {
        for (name, x) in [
            ("probability", self.probability),
            ("volatility", self.volatility),
        ] {
            check_range(name, "in [0, 1]", x, (0.0..=1.0).contains(&x))?;
        }
        Ok(())
    }

    fn mean(&self, arm: usize) -> f64 {
        [self.probability, 1.0 - self.probability][arm]
    }

    fn pull(&mut self, arm: usize, rng: &mut Rng) -> f64 {
        let reward = bernoulli(self.mean(arm), rng);
        let step: f64 = rng.sample(StandardNormal);
        self.probability = reflect(self.probability + self.volatility * step);
        reward
    }
}

/// Folds the line onto `[0, 1]`: a mirror at every integer.
fn reflect(x: f64) -> f64 {
    let x = x.rem_euclid(2.0);
    if x > 1.0 { 2.0 - x } else { x }
}

/// Restless bandits that start anywhere, `p ~ U[0, 1]`.
///
/// Wang et al. describe such a task without its volatilities; those here are this library's own, so
/// results do not compare with the paper's figures.
///
/// # References
///
/// Wang et al. 2016, [arXiv:1611.05763](https://arxiv.org/abs/1611.05763), section 3.1.4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RestlessBandits {
    /// σ = 0.02: over 100 pulls `p` wanders by about 0.2.
    LowVolatility,
    /// σ = 0.1: over 10 pulls `p` wanders by about 0.3.
    HighVolatility,
}

impl RestlessBandits {
    /// Standard deviation σ of a step of the walk.
    #[must_use]
    pub fn volatility(self) -> f64 {
        match self {
            Self::LowVolatility => 0.02,
            Self::HighVolatility => 0.1,
        }
    }
}

impl TaskDistribution for RestlessBandits {
    type Task = RestlessTask;

    fn name(&self) -> String {
        let volatility = match self {
            Self::LowVolatility => "low",
            Self::HighVolatility => "high",
        };
        format!("bandit/restless-{volatility}@1")
    }

    fn sample(&self, rng: &mut Rng) -> RestlessTask {
        RestlessTask {
            probability: rng.random(),
            volatility: self.volatility(),
        }
    }
}
