//! Distances between policies and their spread.

use dfdx::prelude::{Dim, Rank0};
use metarl_autodiff::Algebra;

/// Minus the mean entropy: added to a loss with a positive factor it keeps a policy exploring.
///
/// ```text
/// L = −(1/N) Σₜ H(π(·|oₜ))
/// ```
///
/// # References
///
/// Williams & Peng, *Function optimization using connectionist reinforcement learning algorithms*,
/// 1991.
pub fn entropy_bonus<A: Algebra, N: Dim>(entropy: A::Of<(N,)>) -> A::Of<Rank0> {
    -A::mean(entropy)
}

/// Mean over steps of a divergence in nats, such as
/// [`Categorical::kl_from`](metarl_autodiff::Categorical::kl_from): TRPO's constraint. Its second
/// derivative at the policy it is measured from is the Fisher matrix.
///
/// ```text
/// D = (1/N) Σₜ KL(μ(·|oₜ) ‖ π(·|oₜ))
/// ```
pub fn mean_divergence<A: Algebra, N: Dim>(divergence: A::Of<(N,)>) -> A::Of<Rank0> {
    A::mean(divergence)
}
