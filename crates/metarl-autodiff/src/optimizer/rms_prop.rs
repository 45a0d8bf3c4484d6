//! `RMSProp`.

use serde::{Deserialize, Serialize};

use super::{Optimizer, check};
use crate::network::check_count;
use crate::{Buffer, Error, Scalar};

/// | name | default | range | purpose |
/// |---|---|---|---|
/// | `learning_rate` | 0.01 | > 0 | step size α |
/// | `decay` | 0.99 | [0, 1) | decay ρ of the mean squared gradient |
/// | `epsilon` | 1e-8 | > 0 | added inside the root |
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RmsPropConfig {
    /// Step size α.
    pub learning_rate: f64,
    /// Decay ρ of the mean squared gradient.
    pub decay: f64,
    /// Added inside the root.
    pub epsilon: f64,
}

impl Default for RmsPropConfig {
    fn default() -> Self {
        Self {
            learning_rate: 0.01,
            decay: 0.99,
            epsilon: 1e-8,
        }
    }
}

/// `v ← ρ v + (1 − ρ) g²`, `θ ← θ − α g / √(v + ε)` (Tieleman & Hinton 2012, lecture 6.5).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RmsProp<E: Scalar> {
    config: RmsPropConfig,
    square: Buffer<E>,
}

impl<E: Scalar> RmsProp<E> {
    /// An optimizer of `n_parameters` numbers.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] for a hyper-parameter outside its range.
    pub fn new(config: RmsPropConfig, n_parameters: usize) -> Result<Self, Error> {
        let RmsPropConfig {
            learning_rate,
            decay,
            epsilon,
        } = config;
        check(
            "learning_rate",
            "above 0",
            learning_rate,
            learning_rate > 0.0,
        )?;
        check("decay", "in [0, 1)", decay, (0.0..1.0).contains(&decay))?;
        check("epsilon", "above 0", epsilon, epsilon > 0.0)?;
        Ok(Self {
            config,
            square: Buffer::zeros(n_parameters),
        })
    }
}

impl<E: Scalar> Optimizer<E> for RmsProp<E> {
    fn step(&mut self, parameters: &mut [E], gradient: &[E]) -> Result<(), Error> {
        check_count("parameters", parameters.len(), self.square.len())?;
        check_count("gradient", gradient.len(), self.square.len())?;
        let (alpha, rho) = (
            E::real(self.config.learning_rate),
            E::real(self.config.decay),
        );
        let epsilon = E::real(self.config.epsilon);
        for ((theta, v), g) in parameters.iter_mut().zip(&mut self.square).zip(gradient) {
            *v = rho * *v + (E::ONE - rho) * *g * *g;
            *theta -= alpha * *g / (*v + epsilon).sqrt();
        }
        Ok(())
    }
}
