//! Surrogate losses with importance ratios: TRPO's and PPO's.

use dfdx::prelude::{Dim, Rank0};
use metarl_autodiff::{Algebra, Error};
use serde::{Deserialize, Serialize};

use crate::fixed::fixed;

/// Half-width ε of the trust interval `[1 − ε, 1 + ε]`, checked once here.
///
/// # Examples
///
/// ```
/// use metarl_losses::ClipRange;
///
/// assert!(ClipRange::new(0.2).is_ok());
/// assert!(ClipRange::new(1.0).is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct ClipRange(f64);

impl ClipRange {
    /// Checks `0 < epsilon < 1`.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] when `epsilon` is outside `(0, 1)` or NaN.
    pub fn new(epsilon: f64) -> Result<Self, Error> {
        if 0.0 < epsilon && epsilon < 1.0 {
            Ok(Self(epsilon))
        } else {
            Err(Error::OutOfRange {
                name: "clip_range",
                allowed: "in (0, 1)",
                got: epsilon,
            })
        }
    }

    /// The half-width ε.
    #[must_use]
    pub fn epsilon(self) -> f64 {
        self.0
    }
}

impl TryFrom<f64> for ClipRange {
    type Error = Error;
    fn try_from(epsilon: f64) -> Result<Self, Error> {
        Self::new(epsilon)
    }
}

impl From<ClipRange> for f64 {
    fn from(range: ClipRange) -> Self {
        range.0
    }
}

/// Surrogate policy loss of TRPO, averaged over steps.
///
/// ```text
/// ρₜ = exp(log π(aₜ|oₜ) − log μ(aₜ|oₜ))
/// L  = −(1/N) Σₜ ρₜ Âₜ
/// ```
///
/// π is the target policy being trained, μ the behavior policy that acted. On policy its gradient
/// is that of [`policy_gradient`](crate::policy_gradient). The gradient reaches `log_prob` alone.
///
/// | argument            | shape  | unit   | meaning                 |
/// |---------------------|--------|--------|-------------------------|
/// | `log_prob`          | `(N,)` | nats   | log π(aₜ\|oₜ)           |
/// | `behavior_log_prob` | `(N,)` | nats   | log μ(aₜ\|oₜ), fixed    |
/// | `advantage`         | `(N,)` | reward | Âₜ, fixed               |
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
/// // The target policy takes the action twice as often as the behavior policy did.
/// let log_prob = plain.constant(device.tensor([0.5_f64.ln()]));
/// let loss = metarl_losses::surrogate(&plain, log_prob, &[0.25_f64.ln()], &[3.0])?;
/// assert!((loss.tensor().array() - -6.0).abs() < 1e-12);
/// # Ok::<(), metarl_losses::Error>(())
/// ```
///
/// # References
///
/// Schulman et al., *Trust Region Policy Optimization*, 2015,
/// [arXiv:1502.05477](https://arxiv.org/abs/1502.05477), equation 14.
pub fn surrogate<A: Algebra, N: Dim>(
    algebra: &A,
    log_prob: A::Of<(N,)>,
    behavior_log_prob: &[A::Elem],
    advantage: &[A::Elem],
) -> Result<A::Of<Rank0>, Error> {
    let ratio = importance_ratio(algebra, log_prob, behavior_log_prob)?;
    let advantage = fixed(algebra, ("advantage", advantage), ("log_prob", &ratio))?;
    Ok(-A::mean(ratio * advantage))
}

/// Clipped surrogate policy loss of PPO, averaged over steps.
///
/// ```text
/// L = −(1/N) Σₜ min(ρₜ Âₜ, clip(ρₜ, 1 − ε, 1 + ε) Âₜ)
/// ```
///
/// Arguments, gradient and errors are those of [`surrogate`].
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
/// use metarl_losses::{ClipRange, clipped_surrogate};
///
/// let device = Cpu::default();
/// let plain = Plain::<f64, _>::new(device.clone());
/// let behavior = [-0.5, -1.0];
/// let log_prob = plain.constant(device.tensor(behavior));
/// let range = ClipRange::new(0.2)?;
/// let loss = clipped_surrogate(&plain, log_prob, &behavior, &[2.0, -4.0], range)?;
/// // On policy every ratio is 1, so the loss is minus the mean advantage.
/// assert!((loss.tensor().array() - 1.0).abs() < 1e-12);
/// # Ok::<(), metarl_losses::Error>(())
/// ```
///
/// # References
///
/// Schulman et al., *Proximal Policy Optimization Algorithms*, 2017,
/// [arXiv:1707.06347](https://arxiv.org/abs/1707.06347), equation 7.
pub fn clipped_surrogate<A: Algebra, N: Dim>(
    algebra: &A,
    log_prob: A::Of<(N,)>,
    behavior_log_prob: &[A::Elem],
    advantage: &[A::Elem],
    clip_range: ClipRange,
) -> Result<A::Of<Rank0>, Error> {
    let ratio = importance_ratio(algebra, log_prob, behavior_log_prob)?;
    let advantage = fixed(algebra, ("advantage", advantage), ("log_prob", &ratio))?;
    let epsilon = clip_range.epsilon();
    let clipped = A::clamp(ratio.clone(), 1.0 - epsilon, 1.0 + epsilon);
    Ok(-A::mean(A::minimum(
        ratio * advantage.clone(),
        clipped * advantage,
    )))
}

fn importance_ratio<A: Algebra, N: Dim>(
    algebra: &A,
    log_prob: A::Of<(N,)>,
    behavior_log_prob: &[A::Elem],
) -> Result<A::Of<(N,)>, Error> {
    let behavior = ("behavior_log_prob", behavior_log_prob);
    let behavior = fixed(algebra, behavior, ("log_prob", &log_prob))?;
    Ok(A::exp(log_prob - behavior))
}
