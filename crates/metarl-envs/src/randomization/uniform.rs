//! Parameters uniform around the usual values.

use std::marker::PhantomData;

use metarl_core::{Error, Rng, TaskDistribution, check_range};
use rand::RngExt;
use serde::{Deserialize, Serialize};

use super::parameter::Parameterized;

/// Each parameter is the usual one times `U[1 − spread, 1 + spread]`, on its own.
///
/// # References
///
/// Peng et al., *Sim-to-Real Transfer of Robotic Control with Dynamics Randomization*, 2018,
/// [arXiv:1710.06537](https://arxiv.org/abs/1710.06537), section V.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(bound = "T: Clone")]
#[serde(try_from = "Spread", into = "Spread")]
pub struct UniformRandomization<T> {
    spread: f64,
    task: PhantomData<T>,
}

/// How it is written down.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Spread {
    spread: f64,
}

impl<T> TryFrom<Spread> for UniformRandomization<T> {
    type Error = Error;

    fn try_from(written: Spread) -> Result<Self, Error> {
        Self::new(written.spread)
    }
}

impl<T> From<UniformRandomization<T>> for Spread {
    fn from(UniformRandomization { spread, .. }: UniformRandomization<T>) -> Self {
        Self { spread }
    }
}

impl<T> UniformRandomization<T> {
    /// Parameters within a factor of `1 ± spread`.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] for a spread outside [0, 1).
    pub fn new(spread: f64) -> Result<Self, Error> {
        check_range("spread", "in [0, 1)", spread, (0.0..1.0).contains(&spread))?;
        Ok(Self {
            spread,
            task: PhantomData,
        })
    }
}

impl<T: Parameterized> TaskDistribution for UniformRandomization<T> {
    type Task = T;

    fn name(&self) -> String {
        format!("{}/uniform-{}@1", T::NAME, self.spread)
    }

    fn sample(&self, rng: &mut Rng) -> T {
        T::with(|p| p.default * rng.random_range(1.0 - self.spread..=1.0 + self.spread))
    }
}
