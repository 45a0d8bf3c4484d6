//! λ-returns, the targets of TD(λ).

use crate::error::check_unit;
use crate::{Error, Float, Transitions};

/// The average of all n-step returns, weighted by λⁿ⁻¹: the target of TD(λ).
///
/// ```text
/// Gₜ^λ = (1 − λ) Σₙ λⁿ⁻¹ Gₜ⁽ⁿ⁾ + λᴸ⁻¹ Gₜ⁽ᴸ⁾        n = 1 … L − 1
///      = rₜ + γ ((1 − λ) V(oₜ₊₁) + λ Gₜ₊₁^λ)
/// ```
///
/// L is the number of steps until the episode ends or the rows do. λ = 0 is one-step TD, λ = 1 the
/// discounted return.
///
/// | argument | shape | unit | meaning |
/// |---|---|---|---|
/// | `transitions` | time × lane | | what happened |
/// | `discount` | | | γ in `[0, 1]` |
/// | `lambda` | | | λ in `[0, 1]` |
/// | `returns` | time × lane | reward | Gₜ^λ, written |
///
/// # Errors
///
/// [`Error::LengthMismatch`] and [`Error::Ragged`] when shapes disagree, [`Error::OutOfRange`] when
/// γ or λ is outside `[0, 1]`.
///
/// # Examples
///
/// ```
/// use metarl_returns::{Transitions, lambda_returns};
///
/// let transitions = Transitions {
///     n_lanes: 1,
///     reward: &[0.0, 1.0],
///     next_value: &[3.0, 0.0],
///     terminated: &[false, true],
///     truncated: &[false; 2],
/// };
/// let mut returns = [0.0; 2];
/// lambda_returns(&transitions, 1.0, 0.5, &mut returns)?;
/// assert_eq!(returns, [0.5 * 3.0 + 0.5 * 1.0, 1.0]);
/// # Ok::<(), metarl_returns::Error>(())
/// ```
///
/// # References
///
/// Sutton and Barto, *Reinforcement Learning*, second edition, 2018, equation 12.3.
pub fn lambda_returns<T: Float>(
    transitions: &Transitions<'_, T>,
    discount: T,
    lambda: T,
    returns: &mut [T],
) -> Result<(), Error> {
    transitions.check([("returns", returns.len())])?;
    check_unit("discount", discount)?;
    check_unit("lambda", lambda)?;
    transitions.backward([], [returns], |step| {
        let [later] = step.later_estimates;
        let mixed = (T::ONE - lambda) * step.next_value + lambda * later;
        [step.reward + discount * T::select(step.goes_on, mixed, step.next_value)]
    });
    Ok(())
}
