//! Losses of critics.

use dfdx::prelude::{Dim, Rank0};
use metarl_autodiff::{Algebra, Error};

use crate::fixed::fixed;

/// Half the squared distance of values to their targets, averaged over steps.
///
/// ```text
/// L = (1/2N) Σₜ (V(oₜ) − Gₜ)²
/// ```
///
/// The gradient reaches `value` alone: a semi-gradient when the target was bootstrapped.
///
/// | argument       | shape  | unit   | meaning        |
/// |----------------|--------|--------|----------------|
/// | `value`        | `(N,)` | reward | V(oₜ)          |
/// | `value_target` | `(N,)` | reward | Gₜ, fixed      |
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
/// let value = plain.constant(device.tensor([1.0, 5.0]));
/// let loss = metarl_losses::squared_value_error(&plain, value, &[3.0, 5.0])?;
/// assert!((loss.tensor().array() - 1.0).abs() < 1e-12);
/// # Ok::<(), metarl_losses::Error>(())
/// ```
pub fn squared_value_error<A: Algebra, N: Dim>(
    algebra: &A,
    value: A::Of<(N,)>,
    value_target: &[A::Elem],
) -> Result<A::Of<Rank0>, Error> {
    let value_target = fixed(algebra, ("value_target", value_target), ("value", &value))?;
    let error = value - value_target;
    Ok(A::scale(A::mean(A::square(error)), 0.5))
}

/// The same with errors beyond 1 counted by their size, so that no target pulls harder than another
/// that is 1 away.
///
/// ```text
/// L = (1/N) Σₜ h(V(oₜ) − Gₜ)        h(e) = e²/2 where |e| ≤ 1, |e| − 1/2 elsewhere
/// ```
///
/// The gradient reaches `value` alone. Arguments as for [`squared_value_error`].
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
/// let value = plain.constant(device.tensor([1.0, 5.0]));
/// let loss = metarl_losses::huber_value_error(&plain, value, &[4.0, 5.5])?;
/// assert!((loss.tensor().array() - (2.5 + 0.125) / 2.0).abs() < 1e-12);
/// # Ok::<(), metarl_losses::Error>(())
/// ```
///
/// # References
///
/// Huber, *Robust Estimation of a Location Parameter*, 1964; its gradient is the clipped error of Mnih
/// et al., *Human-level control through deep reinforcement learning*, 2015.
pub fn huber_value_error<A: Algebra, N: Dim>(
    algebra: &A,
    value: A::Of<(N,)>,
    value_target: &[A::Elem],
) -> Result<A::Of<Rank0>, Error> {
    let value_target = fixed(algebra, ("value_target", value_target), ("value", &value))?;
    let error = value - value_target;
    // c (e − c/2) with c the clipped error is h(e), and its derivative is c.
    let clipped = A::clamp(error.clone(), -1.0, 1.0);
    Ok(A::mean(clipped.clone() * (error - A::scale(clipped, 0.5))))
}
