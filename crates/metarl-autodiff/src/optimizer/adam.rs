//! Adam.

use serde::{Deserialize, Serialize};

use super::{Optimizer, check};
use crate::network::check_count;
use crate::{Buffer, Error, Scalar};

/// | name | default | range | purpose |
/// |---|---|---|---|
/// | `learning_rate` | 0.001 | > 0 | step size α |
/// | `beta1` | 0.9 | [0, 1) | decay of the mean gradient |
/// | `beta2` | 0.999 | [0, 1) | decay of the mean squared gradient |
/// | `epsilon` | 1e-8 | > 0 | added to the root |
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AdamConfig {
    /// Step size α.
    pub learning_rate: f64,
    /// Decay of the mean gradient.
    pub beta1: f64,
    /// Decay of the mean squared gradient.
    pub beta2: f64,
    /// Added to the root.
    pub epsilon: f64,
}

impl Default for AdamConfig {
    fn default() -> Self {
        Self {
            learning_rate: 0.001,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
        }
    }
}

/// `m ← β₁ m + (1 − β₁) g`, `v ← β₂ v + (1 − β₂) g²`, `θ ← θ − α m̂ / (√v̂ + ε)` with
/// `m̂ = m / (1 − β₁ᵗ)`, `v̂ = v / (1 − β₂ᵗ)` (Kingma & Ba 2015, algorithm 1).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Adam<E: Scalar> {
    config: AdamConfig,
    n_steps: u32,
    mean: Buffer<E>,
    square: Buffer<E>,
}

impl<E: Scalar> Adam<E> {
    /// An optimizer of `n_parameters` numbers.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] for a hyper-parameter outside its range.
    pub fn new(config: AdamConfig, n_parameters: usize) -> Result<Self, Error> {
        let AdamConfig {
            learning_rate,
            beta1,
            beta2,
            epsilon,
        } = config;
        check(
            "learning_rate",
            "above 0",
            learning_rate,
            learning_rate > 0.0,
        )?;
        check("beta1", "in [0, 1)", beta1, (0.0..1.0).contains(&beta1))?;
        check("beta2", "in [0, 1)", beta2, (0.0..1.0).contains(&beta2))?;
        check("epsilon", "above 0", epsilon, epsilon > 0.0)?;
        let zeros = Buffer::zeros(n_parameters);
        Ok(Self {
            config,
            n_steps: 0,
            mean: zeros.clone(),
            square: zeros,
        })
    }

    /// Changes the step size, as a schedule does.
    pub fn set_learning_rate(&mut self, learning_rate: f64) {
        self.config.learning_rate = learning_rate;
    }
}

impl<E: Scalar> Optimizer<E> for Adam<E> {
    fn step(&mut self, parameters: &mut [E], gradient: &[E]) -> Result<(), Error> {
        check_count("parameters", parameters.len(), self.mean.len())?;
        check_count("gradient", gradient.len(), self.mean.len())?;
        self.n_steps += 1;
        let c = self.config;
        let unbias = |beta: f64| 1.0 - beta.powf(f64::from(self.n_steps));
        let alpha = E::real(c.learning_rate / unbias(c.beta1));
        let root = E::real(1.0 / unbias(c.beta2));
        let (beta1, beta2) = (E::real(c.beta1), E::real(c.beta2));
        let epsilon = E::real(c.epsilon);
        let memory = self.mean.iter_mut().zip(&mut self.square);
        for ((theta, (m, v)), g) in parameters.iter_mut().zip(memory).zip(gradient) {
            *m = beta1 * *m + (E::ONE - beta1) * *g;
            *v = beta2 * *v + (E::ONE - beta2) * *g * *g;
            *theta -= alpha * *m / ((*v * root).sqrt() + epsilon);
        }
        Ok(())
    }
}
