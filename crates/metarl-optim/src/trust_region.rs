//! Trust-region policy optimization: the largest natural-gradient step a divergence allows.

use metarl_autodiff::{Buffer, Scalar};
use serde::{Deserialize, Serialize};

use crate::error::check;
use crate::vector::{axpy, dot};
use crate::{Error, conjugate_gradient};

/// | name | default | range | purpose |
/// |---|---|---|---|
/// | `max_divergence` | 0.01 | > 0 | δ: largest mean KL divergence of a step, nats |
/// | `n_conjugate_gradient_iterations` | 10 | ≥ 1 | accuracy of the natural gradient |
/// | `damping` | 1e-5 | ≥ 0 | added to the Fisher matrix's diagonal |
/// | `n_backtracks` | 15 | ≥ 1 | tries of the line search |
/// | `backtrack_ratio` | 0.8 | (0, 1) | how much shorter each try is |
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrustRegion {
    /// δ: largest mean KL divergence of a step, in nats.
    pub max_divergence: f64,
    /// Accuracy of the natural gradient.
    pub n_conjugate_gradient_iterations: usize,
    /// Added to the Fisher matrix's diagonal.
    pub damping: f64,
    /// Tries of the line search.
    pub n_backtracks: usize,
    /// How much shorter each try is.
    pub backtrack_ratio: f64,
}

impl Default for TrustRegion {
    fn default() -> Self {
        Self {
            max_divergence: 0.01,
            n_conjugate_gradient_iterations: 10,
            damping: 1e-5,
            n_backtracks: 15,
            backtrack_ratio: 0.8,
        }
    }
}

/// A loss and the divergence from where a step began, at some parameters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured {
    /// The surrogate loss.
    pub loss: f64,
    /// The mean KL divergence in nats.
    pub divergence: f64,
}

/// What a step did.
#[derive(Debug, Clone, PartialEq)]
pub struct TrustRegionStep<E: Scalar> {
    /// The parameters after it: those before it when no try was good enough.
    pub parameters: Buffer<E>,
    /// Loss and divergence there.
    pub measured: Measured,
    /// Whether a try was accepted.
    pub accepted: bool,
}

impl TrustRegion {
    /// Checks every range.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] names the first key that is outside its range.
    pub fn validate(&self) -> Result<(), Error> {
        let (divergence, damping, ratio) =
            (self.max_divergence, self.damping, self.backtrack_ratio);
        check("max_divergence", "above 0", divergence, divergence > 0.0)?;
        check("damping", "at least 0", damping, damping >= 0.0)?;
        check(
            "backtrack_ratio",
            "in (0, 1)",
            ratio,
            0.0 < ratio && ratio < 1.0,
        )?;
        let count = |name, n: usize| check(name, "at least 1", n as f64, n >= 1);
        count(
            "n_conjugate_gradient_iterations",
            self.n_conjugate_gradient_iterations,
        )?;
        count("n_backtracks", self.n_backtracks)
    }

    /// One step from `parameters`, where the loss is `loss` and its gradient `gradient`.
    ///
    /// ```text
    /// s = F⁻¹ g,   β = √(2δ / sᵀ F s),   θ' = θ − ρʲ β s
    /// ```
    ///
    /// with `F` the Fisher matrix plus the damping on its diagonal, and the smallest `j` for which
    /// the loss falls and the divergence stays within δ. `fisher_product` gives the Fisher matrix's
    /// product with a vector, undamped, and `measure` loss and divergence at other parameters.
    ///
    /// # Errors
    ///
    /// Those of the two functions.
    ///
    /// # Examples
    ///
    /// ```
    /// use metarl_optim::{Measured, TrustRegion};
    ///
    /// // L = θ₀ + 2 θ₁ and KL = ½ (θ₀² + 4 θ₁²): the natural gradient is (1, ½), the plain (1, 2).
    /// let measure = |x: &[f64]| {
    ///     let divergence = 0.5 * (x[0] * x[0] + 4.0 * x[1] * x[1]);
    ///     Ok::<_, ()>(Measured { loss: x[0] + 2.0 * x[1], divergence })
    /// };
    /// let fisher = |v: &[f64]| Ok(vec![v[0], 4.0 * v[1]].into());
    /// let region = TrustRegion { max_divergence: 0.25, ..TrustRegion::default() };
    /// let step = region.step(&[0.0, 0.0], 0.0, &[1.0, 2.0], fisher, measure).unwrap();
    /// // sᵀ F s = 2, so β = √(2 · ¼ / 2) = ½.
    /// assert!(step.accepted && step.measured.divergence <= 0.25);
    /// assert!((step.parameters[0] + 0.5).abs() < 1e-5);
    /// assert!((step.parameters[1] + 0.25).abs() < 1e-5);
    /// ```
    ///
    /// # References
    ///
    /// Schulman et al., *Trust Region Policy Optimization*, 2015,
    /// [arXiv:1502.05477](https://arxiv.org/abs/1502.05477), appendix C.
    pub fn step<E: Scalar, Err>(
        &self,
        parameters: &[E],
        loss: f64,
        gradient: &[E],
        mut fisher_product: impl FnMut(&[E]) -> Result<Buffer<E>, Err>,
        mut measure: impl FnMut(&[E]) -> Result<Measured, Err>,
    ) -> Result<TrustRegionStep<E>, Err> {
        let mut damped = |v: &[E]| {
            let mut product = fisher_product(v)?;
            axpy(self.damping, v, &mut product);
            Ok(product)
        };
        let direction = conjugate_gradient(
            &mut damped,
            gradient,
            self.n_conjugate_gradient_iterations,
            1e-10,
        )?;
        let curvature = dot(&direction, &damped(&direction)?);
        if curvature > 0.0 {
            let mut length = (2.0 * self.max_divergence / curvature).sqrt();
            for _ in 0..self.n_backtracks {
                let mut candidate = Buffer::copy_of(parameters);
                axpy(-length, &direction, &mut candidate);
                let measured = measure(&candidate)?;
                // A NaN fails both comparisons, and the try with it.
                if measured.loss < loss && measured.divergence <= self.max_divergence {
                    return Ok(TrustRegionStep {
                        parameters: candidate,
                        measured,
                        accepted: true,
                    });
                }
                length *= self.backtrack_ratio;
            }
        }
        Ok(TrustRegionStep {
            parameters: Buffer::copy_of(parameters),
            measured: Measured {
                loss,
                divergence: 0.0,
            },
            accepted: false,
        })
    }
}
