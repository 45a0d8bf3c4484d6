//! Retrace(λ).

use crate::error::check_unit;
use crate::{Error, Float, Transitions};

/// Retrace(λ) targets for action values, from off-policy experience.
///
/// ```text
/// cₜ = λ min(1, π(aₜ|oₜ) / μ(aₜ|oₜ))
/// δₜ = rₜ + γ E_π Q(oₜ₊₁, ·) − Q(oₜ, aₜ)
/// Q̂ₜ = Q(oₜ, aₜ) + Σₖ γᵏ (cₜ₊₁ … cₜ₊ₖ) δₜ₊ₖ        until the episode ends or the rows do
/// ```
///
/// The ratio of aₜ itself is not used: Q̂ₜ is the value of having taken it.
///
/// | argument | shape | unit | meaning |
/// |---|---|---|---|
/// | `transitions` | time × lane | | what happened; `next_value` is the mean of Q(oₜ₊₁, ·) under π |
/// | `action_value` | time × lane | reward | Q(oₜ, aₜ) |
/// | `importance_ratio` | time × lane | | π(aₜ\|oₜ) / μ(aₜ\|oₜ) |
/// | `discount` | | | γ in `[0, 1]` |
/// | `lambda` | | | λ in `[0, 1]` |
/// | `target` | time × lane | reward | Q̂ₜ, written |
///
/// # Errors
///
/// [`Error::LengthMismatch`] and [`Error::Ragged`] when shapes disagree, [`Error::OutOfRange`] when
/// γ or λ is outside `[0, 1]`.
///
/// # Examples
///
/// The second action is half as likely under the target policy, so its surprise of 4 counts half:
///
/// ```
/// use metarl_returns::{Transitions, retrace};
///
/// let transitions = Transitions {
///     n_lanes: 1,
///     reward: &[0.0, 5.0],
///     next_value: &[1.0, 0.0],
///     terminated: &[false, true],
///     truncated: &[false; 2],
/// };
/// let mut target = [0.0; 2];
/// retrace(&transitions, &[1.0, 1.0], &[9.0, 0.5], 1.0, 1.0, &mut target)?;
/// assert_eq!(target, [1.0 + 0.0 + 0.5 * 4.0, 5.0]);
/// # Ok::<(), metarl_returns::Error>(())
/// ```
///
/// # References
///
/// Munos et al., *Safe and Efficient Off-Policy Reinforcement Learning*, 2016,
/// [arXiv:1606.02647](https://arxiv.org/abs/1606.02647), equation 3 with the trace of section 3.
pub fn retrace<T: Float>(
    transitions: &Transitions<'_, T>,
    action_value: &[T],
    importance_ratio: &[T],
    discount: T,
    lambda: T,
    target: &mut [T],
) -> Result<(), Error> {
    transitions.check([
        ("action_value", action_value.len()),
        ("importance_ratio", importance_ratio.len()),
        ("target", target.len()),
    ])?;
    check_unit("discount", discount)?;
    check_unit("lambda", lambda)?;
    transitions.backward([action_value, importance_ratio], [target], |step| {
        let [later_value, later_ratio] = step.later_inputs;
        let [later_target] = step.later_estimates;
        let trace = lambda * later_ratio.min(T::ONE) * (later_target - later_value);
        let next_value = step.next_value + T::select(step.goes_on, trace, T::ZERO);
        [step.reward + discount * next_value]
    });
    Ok(())
}
