//! First-order steps on a flat vector.

mod adam;
mod rms_prop;
mod sgd;

pub use adam::{Adam, AdamConfig};
pub use rms_prop::{RmsProp, RmsPropConfig};
pub use sgd::{Sgd, SgdConfig};

use crate::Error;

/// Moves parameters against a gradient, keeping whatever it remembers between steps.
pub trait Optimizer<E> {
    /// One step: `θ ← θ − …`.
    ///
    /// # Errors
    ///
    /// [`Error::ParameterCount`] when a vector is not as long as the optimizer's memory.
    fn step(&mut self, parameters: &mut [E], gradient: &[E]) -> Result<(), Error>;
}

/// Checks a hyper-parameter: NaN and infinity are never allowed.
fn check(name: &'static str, allowed: &'static str, got: f64, ok: bool) -> Result<(), Error> {
    if ok && got.is_finite() {
        Ok(())
    } else {
        Err(Error::OutOfRange { name, allowed, got })
    }
}

/// Scales a gradient so that its Euclidean norm is at most `max_norm`; gives the norm it had.
///
/// # Examples
///
/// ```
/// let mut gradient = [3.0_f64, 4.0];
/// assert_eq!(metarl_autodiff::clip_norm(&mut gradient, 2.5), 5.0);
/// assert_eq!(gradient, [1.5, 2.0]);
/// ```
pub fn clip_norm<E: crate::Scalar>(gradient: &mut [E], max_norm: f64) -> f64 {
    let squares: f64 = gradient.iter().map(|g| g.into_f64().powi(2)).sum();
    let norm = squares.sqrt();
    if norm > max_norm {
        let scale = E::real(max_norm / norm);
        gradient.iter_mut().for_each(|g| *g *= scale);
    }
    norm
}
