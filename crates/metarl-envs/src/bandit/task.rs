//! What every bandit has in common.

use metarl_core::{Error, Rng};
use smallvec::SmallVec;

/// A number for each arm. Up to eleven of them, as many as the eleven-armed bandits have, take no
/// allocation, so that a trial of these begins without one. A `Vec` turns into it.
pub type PerArm = SmallVec<[f64; 11]>;

/// The arms of one bandit, and how they pay.
///
/// A task is also the state of its arms: an environment clones it at a reset and pulls the clone,
/// so arms that change with time ([`RestlessTask`](crate::RestlessTask)) start again from what the
/// task says.
pub trait BanditTask: Clone + Send + Sync {
    /// How many arms there are.
    fn n_arms(&self) -> usize;

    /// Checks the parameters.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] naming the parameter, what is allowed and what was found.
    fn check(&self) -> Result<(), Error>;

    /// Expected reward of pulling `arm` now.
    ///
    /// # Panics
    ///
    /// When there is no such arm.
    fn mean(&self, arm: usize) -> f64;

    /// Pulls `arm` once, gives its reward and lets time pass for all arms.
    ///
    /// # Panics
    ///
    /// When there is no such arm.
    fn pull(&mut self, arm: usize, rng: &mut Rng) -> f64;

    /// Expected reward of the arm that is best now.
    fn best_mean(&self) -> f64 {
        (0..self.n_arms())
            .map(|arm| self.mean(arm))
            .fold(f64::NEG_INFINITY, f64::max)
    }
}
