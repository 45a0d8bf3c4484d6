//! Upgoing returns.

use crate::error::check_unit;
use crate::{Error, Float, Transitions};

/// Upgoing returns: rewards are followed while the actions do at least as well as expected, and the
/// value takes over where one does worse.
///
/// ```text
/// Gₜ = rₜ + γ Gₜ₊₁         if rₜ₊₁ + γ V(oₜ₊₂) ≥ V(oₜ₊₁)
///    = rₜ + γ V(oₜ₊₁)      otherwise, and where the episode was truncated or the rows end
///    = rₜ                  terminated
/// ```
///
/// An agent learns from `Gₜ − V(oₜ)`. The original has γ = 1.
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
/// The second action earns 3 where 1 was expected, and is followed; had it earned 0, the 1 would
/// have stood:
///
/// ```
/// use metarl_returns::{Transitions, upgo};
///
/// for (reward, upgoing) in [(3.0, 3.0), (0.0, 1.0)] {
///     let transitions = Transitions {
///         n_lanes: 1,
///         reward: &[0.0, reward],
///         next_value: &[1.0, 0.0],
///         terminated: &[false, true],
///         truncated: &[false; 2],
///     };
///     let mut returns = [0.0; 2];
///     upgo(&transitions, 1.0, &mut returns)?;
///     assert_eq!(returns, [upgoing, reward]);
/// }
/// # Ok::<(), metarl_returns::Error>(())
/// ```
///
/// # References
///
/// Vinyals et al., *Grandmaster level in `StarCraft` II using multi-agent reinforcement learning*,
/// Nature 575, 2019, [doi:10.1038/s41586-019-1724-z](https://doi.org/10.1038/s41586-019-1724-z),
/// Methods, upgoing policy update.
pub fn upgo<T: Float>(
    transitions: &Transitions<'_, T>,
    discount: T,
    returns: &mut [T],
) -> Result<(), Error> {
    transitions.check([("returns", returns.len())])?;
    check_unit("discount", discount)?;
    transitions.backward([], [returns], |step| {
        let [later_return] = step.later_estimates;
        let later = step.later_reward + discount * step.later_next_value;
        let upgoing = step.goes_on & (later >= step.next_value);
        [step.reward + discount * T::select(upgoing, later_return, step.next_value)]
    });
    Ok(())
}
