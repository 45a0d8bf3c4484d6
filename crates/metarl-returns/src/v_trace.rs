//! V-trace.

use crate::error::{check_positive, check_unit};
use crate::{Error, Float, Transitions};

/// Hyper-parameters of [`v_trace`].
///
/// | field | usual | allowed | purpose |
/// |---|---|---|---|
/// | `discount` | 0.99 | `[0, 1]` | γ |
/// | `lambda` | 1 | `[0, 1]` | decay of the trace, on top of the discount |
/// | `rho_bar` | 1 | above 0 | ρ̄: which policy's value is learned; ∞ is the target policy's |
/// | `c_bar` | 1 | above 0 | c̄: how far news travels; does not move the fixed point |
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VTrace<T> {
    /// γ.
    pub discount: T,
    /// λ.
    pub lambda: T,
    /// ρ̄, where importance ratios of TD errors are clipped.
    pub rho_bar: T,
    /// c̄, where importance ratios of the trace are clipped.
    pub c_bar: T,
}

/// V-trace value targets and policy-gradient advantages from off-policy experience.
///
/// ```text
/// ρₜ = min(ρ̄, wₜ)    cₜ = λ min(c̄, wₜ)              wₜ = π(aₜ|oₜ) / μ(aₜ|oₜ)
/// δₜ = ρₜ (rₜ + γ V(oₜ₊₁) − V(oₜ))
/// vₜ = V(oₜ) + Σₖ γᵏ (cₜ cₜ₊₁ … cₜ₊ₖ₋₁) δₜ₊ₖ        until the episode ends or the rows do
/// Âₜ = ρₜ (rₜ + γ vₜ₊₁ − V(oₜ))
/// ```
///
/// π is the target policy, μ the behavior policy that acted. Where the episode ended or the rows
/// do, vₜ₊₁ is V(oₜ₊₁): 0 if terminated.
///
/// | argument | shape | unit | meaning |
/// |---|---|---|---|
/// | `transitions` | time × lane | | what happened |
/// | `value` | time × lane | reward | V(oₜ) |
/// | `importance_ratio` | time × lane | | wₜ |
/// | `params` | | | γ, λ, ρ̄, c̄ |
/// | `value_target` | time × lane | reward | vₜ, written |
/// | `advantage` | time × lane | reward | Âₜ, written |
///
/// # Errors
///
/// [`Error::LengthMismatch`] and [`Error::Ragged`] when shapes disagree, [`Error::OutOfRange`] when
/// a parameter is.
///
/// # Examples
///
/// An action half as likely under the target policy counts half:
///
/// ```
/// use metarl_returns::{Transitions, VTrace, v_trace};
///
/// let transitions = Transitions {
///     n_lanes: 1,
///     reward: &[4.0],
///     next_value: &[0.0],
///     terminated: &[true],
///     truncated: &[false],
/// };
/// let params = VTrace { discount: 0.9, lambda: 1.0, rho_bar: 1.0, c_bar: 1.0 };
/// let (mut value_target, mut advantage) = ([0.0], [0.0]);
/// v_trace(&transitions, &[2.0], &[0.5], params, &mut value_target, &mut advantage)?;
/// assert_eq!((value_target, advantage), ([2.0 + 0.5 * 2.0], [0.5 * 2.0]));
/// # Ok::<(), metarl_returns::Error>(())
/// ```
///
/// # References
///
/// Espeholt et al., *IMPALA*, 2018, [arXiv:1802.01561](https://arxiv.org/abs/1802.01561),
/// equation 1, remark 2 for λ, section 4.2 for the advantages.
pub fn v_trace<T: Float>(
    transitions: &Transitions<'_, T>,
    value: &[T],
    importance_ratio: &[T],
    params: VTrace<T>,
    value_target: &mut [T],
    advantage: &mut [T],
) -> Result<(), Error> {
    let VTrace {
        discount,
        lambda,
        rho_bar,
        c_bar,
    } = params;
    transitions.check([
        ("value", value.len()),
        ("importance_ratio", importance_ratio.len()),
        ("value_target", value_target.len()),
        ("advantage", advantage.len()),
    ])?;
    check_unit("discount", discount)?;
    check_unit("lambda", lambda)?;
    check_positive("rho_bar", rho_bar)?;
    check_positive("c_bar", c_bar)?;

    // vₜ − V(oₜ) first: the advantages need it, and a value is added to it last.
    let inputs = [value, importance_ratio];
    transitions.backward(inputs, [&mut *value_target, advantage], |step| {
        let [value, ratio] = step.inputs;
        let [later_correction, _] = step.later_estimates;
        let clipped = ratio.min(rho_bar);
        let trace = discount * lambda * ratio.min(c_bar) * later_correction;
        let td_error = step.reward + discount * step.next_value - value;
        let correction = clipped * td_error + T::select(step.goes_on, trace, T::ZERO);
        let next_target = step.next_value + T::select(step.goes_on, later_correction, T::ZERO);
        [
            correction,
            clipped * (step.reward + discount * next_target - value),
        ]
    });
    for (target, value) in value_target.iter_mut().zip(value) {
        *target = *target + *value;
    }
    Ok(())
}
