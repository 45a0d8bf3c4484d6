//! Stochastic gradient descent, with momentum if wanted.

use serde::{Deserialize, Serialize};

use super::{Optimizer, check};
use crate::network::check_count;
use crate::{Buffer, Error, Scalar};

/// | name | default | range | purpose |
/// |---|---|---|---|
/// | `learning_rate` | 0.01 | > 0 | step size α |
/// | `momentum` | 0 | [0, 1) | share μ of the last velocity that is kept |
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SgdConfig {
    /// Step size α.
    pub learning_rate: f64,
    /// Share μ of the last velocity that is kept.
    pub momentum: f64,
}

impl Default for SgdConfig {
    fn default() -> Self {
        Self {
            learning_rate: 0.01,
            momentum: 0.0,
        }
    }
}

/// `v ← μ v + g`, `θ ← θ − α v` (Polyak 1964).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sgd<E: Scalar> {
    config: SgdConfig,
    velocity: Buffer<E>,
}

impl<E: Scalar> Sgd<E> {
    /// An optimizer of `n_parameters` numbers.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] for a hyper-parameter outside its range.
    pub fn new(config: SgdConfig, n_parameters: usize) -> Result<Self, Error> {
        let SgdConfig {
            learning_rate,
            momentum,
        } = config;
        check(
            "learning_rate",
            "above 0",
            learning_rate,
            learning_rate > 0.0,
        )?;
        check(
            "momentum",
            "in [0, 1)",
            momentum,
            (0.0..1.0).contains(&momentum),
        )?;
        Ok(Self {
            config,
            velocity: Buffer::zeros(n_parameters),
        })
    }
}

impl<E: Scalar> Optimizer<E> for Sgd<E> {
    fn step(&mut self, parameters: &mut [E], gradient: &[E]) -> Result<(), Error> {
        check_count("parameters", parameters.len(), self.velocity.len())?;
        check_count("gradient", gradient.len(), self.velocity.len())?;
        let alpha = E::real(self.config.learning_rate);
        let mu = E::real(self.config.momentum);
        for ((theta, v), g) in parameters.iter_mut().zip(&mut self.velocity).zip(gradient) {
            *v = mu * *v + *g;
            *theta -= alpha * *v;
        }
        Ok(())
    }
}
