//! Discounted returns.

use crate::error::check_unit;
use crate::{Error, Float, Transitions};

/// Discounted sum of rewards to the end of the episode, bootstrapped where it was cut.
///
/// ```text
/// Gₜ = rₜ + γ Gₜ₊₁         while the episode goes on
///    = rₜ + γ V(oₜ₊₁)      truncated, or the last row
///    = rₜ                  terminated
/// ```
///
/// With `next_value` all zeros this is the Monte Carlo return of what was seen.
///
/// | argument | shape | unit | meaning |
/// |---|---|---|---|
/// | `transitions` | time × lane | | what happened |
/// | `discount` | | | γ in `[0, 1]` |
/// | `returns` | time × lane | reward | Gₜ, written |
///
/// # Errors
///
/// [`Error::LengthMismatch`] and [`Error::Ragged`] when shapes disagree, [`Error::OutOfRange`] when
/// γ is outside `[0, 1]`.
///
/// # Examples
///
/// ```
/// use metarl_returns::{Transitions, discounted_returns};
///
/// let transitions = Transitions {
///     n_lanes: 1,
///     reward: &[1.0, 1.0, 1.0],
///     next_value: &[0.0; 3],
///     terminated: &[false, false, true],
///     truncated: &[false; 3],
/// };
/// let mut returns = [0.0; 3];
/// discounted_returns(&transitions, 0.5, &mut returns)?;
/// assert_eq!(returns, [1.75, 1.5, 1.0]);
/// # Ok::<(), metarl_returns::Error>(())
/// ```
///
/// # References
///
/// Sutton and Barto, *Reinforcement Learning*, second edition, 2018, equations 3.8 and 3.9; for
/// truncation, Pardo et al., *Time Limits in Reinforcement Learning*, 2018,
/// [arXiv:1712.00378](https://arxiv.org/abs/1712.00378), section 4.
pub fn discounted_returns<T: Float>(
    transitions: &Transitions<'_, T>,
    discount: T,
    returns: &mut [T],
) -> Result<(), Error> {
    transitions.check([("returns", returns.len())])?;
    check_unit("discount", discount)?;
    transitions.backward([], [returns], |step| {
        let [later] = step.later_estimates;
        [step.reward + discount * T::select(step.goes_on, later, step.next_value)]
    });
    Ok(())
}
