//! n-step returns.

use multiversion::multiversion;

use crate::error::check_unit;
use crate::{Error, Float, Transitions};

/// Discounted sum of up to n rewards, then a value.
///
/// ```text
/// Gₜ⁽ⁿ⁾ = rₜ + γ rₜ₊₁ + … + γᵐ⁻¹ rₜ₊ₘ₋₁ + γᵐ V(oₜ₊ₘ)
/// ```
///
/// where m is n, or the number of steps until the episode ends or the rows do, if that is less; the
/// last term is missing where the m-th step terminated. The cost is n passes over the rectangle.
///
/// | argument | shape | unit | meaning |
/// |---|---|---|---|
/// | `transitions` | time × lane | | what happened |
/// | `discount` | | | γ in `[0, 1]` |
/// | `n` | | steps | at least 1 |
/// | `returns` | time × lane | reward | Gₜ⁽ⁿ⁾, written |
///
/// # Errors
///
/// [`Error::LengthMismatch`] and [`Error::Ragged`] when shapes disagree, [`Error::OutOfRange`] when
/// γ is outside `[0, 1]` or `n` is 0.
///
/// # Examples
///
/// ```
/// use metarl_returns::{Transitions, n_step_returns};
///
/// let transitions = Transitions {
///     n_lanes: 1,
///     reward: &[1.0, 1.0, 1.0],
///     next_value: &[8.0, 8.0, 8.0],
///     terminated: &[false; 3],
///     truncated: &[false; 3],
/// };
/// let mut returns = [0.0; 3];
/// n_step_returns(&transitions, 0.5, 2, &mut returns)?;
/// assert_eq!(returns, [1.0 + 0.5 + 2.0, 1.0 + 0.5 + 2.0, 1.0 + 4.0]);
/// # Ok::<(), metarl_returns::Error>(())
/// ```
///
/// # References
///
/// Sutton and Barto, *Reinforcement Learning*, second edition, 2018, equation 7.1.
pub fn n_step_returns<T: Float>(
    transitions: &Transitions<'_, T>,
    discount: T,
    n: usize,
    returns: &mut [T],
) -> Result<(), Error> {
    transitions.check([("returns", returns.len())])?;
    check_unit("discount", discount)?;
    if n == 0 {
        return Err(Error::OutOfRange {
            name: "n",
            allowed: "at least 1",
            got: 0.0,
        });
    }
    transitions.backward([], [returns], |step| {
        [step.reward + discount * step.next_value]
    });
    let n_steps = transitions.reward.len().checked_div(transitions.n_lanes);
    for _ in 1..n.min(n_steps.unwrap_or(0)) {
        lengthen(transitions, discount, returns);
    }
    Ok(())
}

/// Makes returns of one step more, forward in time, so that each row still finds the shorter return in the
/// row after it.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512bw", "x86_64+avx2"))]
fn lengthen<T: Float>(transitions: &Transitions<'_, T>, discount: T, returns: &mut [T]) {
    let Transitions {
        n_lanes,
        reward,
        terminated,
        truncated,
        ..
    } = *transitions;
    for row in (0..returns.len() - n_lanes).step_by(n_lanes) {
        let (now, later) = returns[row..].split_at_mut(n_lanes);
        let endings = terminated[row..].iter().zip(&truncated[row..]);
        let steps = reward[row..].iter().zip(endings);
        for ((now, later), (reward, ending)) in now.iter_mut().zip(later).zip(steps) {
            let longer = *reward + discount * *later;
            *now = T::select(*ending.0 | *ending.1, *now, longer);
        }
    }
}
