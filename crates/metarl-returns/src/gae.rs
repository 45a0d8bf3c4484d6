//! Generalized advantage estimation.

use crate::error::check_unit;
use crate::{Error, Float, Transitions};

/// Generalized advantage estimates: TD errors to the end of the episode, weighted by (γλ)ˡ.
///
/// ```text
/// δₜ = rₜ + γ V(oₜ₊₁) − V(oₜ)            V(oₜ₊₁) = 0 where terminated
/// Âₜ = Σₗ (γλ)ˡ δₜ₊ₗ                     until the episode ends or the rows do
/// ```
///
/// λ = 0 is the TD error; λ = 1 the discounted return less V(oₜ).
///
/// | argument | shape | unit | meaning |
/// |---|---|---|---|
/// | `transitions` | time × lane | | what happened |
/// | `value` | time × lane | reward | V(oₜ) |
/// | `discount` | | | γ in `[0, 1]` |
/// | `lambda` | | | λ in `[0, 1]` |
/// | `advantage` | time × lane | reward | Âₜ, written |
///
/// # Errors
///
/// [`Error::LengthMismatch`] and [`Error::Ragged`] when shapes disagree, [`Error::OutOfRange`] when
/// γ or λ is outside `[0, 1]`.
///
/// # Examples
///
/// ```
/// use metarl_returns::{Transitions, gae};
///
/// let transitions = Transitions {
///     n_lanes: 1,
///     reward: &[1.0, 1.0],
///     next_value: &[2.0, 0.0],
///     terminated: &[false, true],
///     truncated: &[false; 2],
/// };
/// let mut advantage = [0.0; 2];
/// gae(&transitions, &[1.0, 2.0], 1.0, 0.5, &mut advantage)?;
/// // δ = [1 + 2 − 1, 1 − 2]
/// assert_eq!(advantage, [2.0 - 0.5, -1.0]);
/// # Ok::<(), metarl_returns::Error>(())
/// ```
///
/// # References
///
/// Schulman et al., *High-Dimensional Continuous Control Using Generalized Advantage Estimation*,
/// 2016, [arXiv:1506.02438](https://arxiv.org/abs/1506.02438), equation 16.
pub fn gae<T: Float>(
    transitions: &Transitions<'_, T>,
    value: &[T],
    discount: T,
    lambda: T,
    advantage: &mut [T],
) -> Result<(), Error> {
    transitions.check([("value", value.len()), ("advantage", advantage.len())])?;
    check_unit("discount", discount)?;
    check_unit("lambda", lambda)?;
    let decay = discount * lambda;
    transitions.backward([value], [advantage], |step| {
        let ([value], [later]) = (step.inputs, step.later_estimates);
        let td_error = step.reward + discount * step.next_value - value;
        [td_error + T::select(step.goes_on, decay * later, T::ZERO)]
    });
    Ok(())
}
