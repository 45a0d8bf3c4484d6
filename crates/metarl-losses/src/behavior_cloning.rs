//! Imitation by maximum likelihood.

use dfdx::prelude::{Dim, Rank0};
use metarl_autodiff::Algebra;

/// Negative log-likelihood of an expert's actions, averaged over steps.
///
/// ```text
/// L = −(1/N) Σₜ log π(aₜ|oₜ),   (oₜ, aₜ) from the expert
/// ```
///
/// # Examples
///
/// ```
/// use dfdx::prelude::*;
/// use metarl_autodiff::{Algebra, Plain};
///
/// let device = Cpu::default();
/// let plain = Plain::<f64, _>::new(device.clone());
/// // An expert's two actions had probabilities 1/2 and 1/8: ln 2 and 3 ln 2 nats.
/// let log_prob = plain.constant(device.tensor([0.5_f64.ln(), 0.125_f64.ln()]));
/// let loss = metarl_losses::behavior_cloning::<Plain<f64, Cpu>, _>(log_prob);
/// assert!((loss.tensor().array() - 2.0 * 2.0_f64.ln()).abs() < 1e-12);
/// ```
///
/// # References
///
/// Pomerleau, *ALVINN: an autonomous land vehicle in a neural network*, 1988.
pub fn behavior_cloning<A: Algebra, N: Dim>(log_prob: A::Of<(N,)>) -> A::Of<Rank0> {
    -A::mean(log_prob)
}
