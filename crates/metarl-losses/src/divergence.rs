//! Distances between policies and their spread.

use dfdx::prelude::{Dim, Rank0};
use metarl_autodiff::Algebra;

/// Minus the mean entropy: added to a loss with a positive factor it keeps a policy exploring.
///
/// ```text
/// L = −(1/N) Σₜ H(π(·|oₜ))
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
/// // A fair coin has ln 2 nats, a certain one none.
/// let entropy = plain.constant(device.tensor([2.0_f64.ln(), 0.0]));
/// let loss = metarl_losses::entropy_bonus::<Plain<f64, Cpu>, _>(entropy);
/// assert!((loss.tensor().array() + 0.5 * 2.0_f64.ln()).abs() < 1e-12);
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
///
/// # Examples
///
/// ```
/// use dfdx::prelude::*;
/// use metarl_autodiff::{Algebra, Plain};
/// use metarl_autodiff::Categorical;
///
/// let device = Cpu::default();
/// let plain = Plain::<f64, _>::new(device.clone());
/// // From a fair coin to one that shows heads three times in four: ½ ln(½ / ¾) + ½ ln(½ / ¼).
/// let logits = plain.constant(device.tensor([[3.0_f64.ln(), 0.0]]));
/// let policy = Categorical::<Plain<f64, Cpu>, Const<1>, 2>::from_logits(logits);
/// let divergence = policy.kl_from(&plain, &[[0.5_f64.ln(); 2]]);
/// let loss = metarl_losses::mean_divergence::<Plain<f64, Cpu>, _>(divergence);
/// assert!((loss.tensor().array() - 0.5 * (4.0_f64 / 3.0).ln()).abs() < 1e-12);
/// ```
///
/// # References
///
/// Schulman et al., *Trust Region Policy Optimization*, 2015,
/// [arXiv:1502.05477](https://arxiv.org/abs/1502.05477), equation 12.
pub fn mean_divergence<A: Algebra, N: Dim>(divergence: A::Of<(N,)>) -> A::Of<Rank0> {
    A::mean(divergence)
}
