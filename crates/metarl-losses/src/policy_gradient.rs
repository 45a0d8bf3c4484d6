//! REINFORCE and advantage actor-critic.

use dfdx::prelude::{Dim, Rank0};
use metarl_autodiff::{Algebra, Error};

use crate::fixed::fixed;

/// Policy-gradient loss, averaged over steps.
///
/// ```text
/// L = −(1/N) Σₜ log π(aₜ|oₜ) Âₜ
/// ```
///
/// With returns as `Â` it is REINFORCE, with advantages the actor's loss of A2C. The gradient
/// reaches `log_prob` alone.
///
/// | argument    | shape  | unit   | meaning             |
/// |-------------|--------|--------|---------------------|
/// | `log_prob`  | `(N,)` | nats   | log π(aₜ\|oₜ)       |
/// | `advantage` | `(N,)` | reward | Âₜ, fixed           |
///
/// # Errors
///
/// [`Error::StepMismatch`] when the step counts differ.
///
/// # Examples
///
/// ```
/// use dfdx::prelude::*;
/// use metarl_autodiff::{Algebra, Plain};
///
/// let device = Cpu::default();
/// let plain = Plain::<f64, _>::new(device.clone());
/// let log_prob = plain.constant(device.tensor([-0.5, -1.0]));
/// let loss = metarl_losses::policy_gradient(&plain, log_prob, &[2.0, -4.0])?;
/// assert!((loss.tensor().array() - -1.5).abs() < 1e-12);
/// # Ok::<(), metarl_losses::Error>(())
/// ```
///
/// # References
///
/// Williams, *Simple statistical gradient-following algorithms for connectionist reinforcement
/// learning*, 1992, theorem 1.
pub fn policy_gradient<A: Algebra, N: Dim>(
    algebra: &A,
    log_prob: A::Of<(N,)>,
    advantage: &[A::Elem],
) -> Result<A::Of<Rank0>, Error> {
    let advantage = fixed(algebra, ("advantage", advantage), ("log_prob", &log_prob))?;
    Ok(-A::mean(log_prob * advantage))
}
