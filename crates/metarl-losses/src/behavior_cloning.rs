//! Imitation by maximum likelihood.

use dfdx::prelude::{Dim, Rank0};
use metarl_autodiff::Algebra;

/// Negative log-likelihood of an expert's actions, averaged over steps.
///
/// ```text
/// L = −(1/N) Σₜ log π(aₜ|oₜ),   (oₜ, aₜ) from the expert
/// ```
///
/// # References
///
/// Pomerleau, *ALVINN: an autonomous land vehicle in a neural network*, 1988.
pub fn behavior_cloning<A: Algebra, N: Dim>(log_prob: A::Of<(N,)>) -> A::Of<Rank0> {
    -A::mean(log_prob)
}
