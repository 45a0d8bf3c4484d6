//! Hyper-parameters.

use serde::{Deserialize, Serialize};

use crate::error::check_range;
use crate::{Error, Kernel};

/// Hyper-parameters of a [`Dictionary`](crate::Dictionary).
///
/// | name | default | range | purpose |
/// |---|---|---|---|
/// | `n_neighbors` | 50 | ≥ 1 | p: entries that a look-up reads, fewer while there are fewer |
/// | `kernel` | 1 / (u + 0.001) | | how much a neighbor counts |
/// | `learning_rate` | 0.1 | (0, 1] | α: how far a value moves when its key is written again |
///
/// Neighbors and kernel are those of Pritzel et al. 2017; their learning rate was tuned and is not
/// stated.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DictionaryConfig {
    /// p: entries that a look-up reads.
    pub n_neighbors: usize,
    /// How much a neighbor counts.
    pub kernel: Kernel,
    /// α: how far a value moves when its key is written again.
    pub learning_rate: f32,
}

impl Default for DictionaryConfig {
    fn default() -> Self {
        Self {
            n_neighbors: 50,
            kernel: Kernel::InverseDistance { delta: 1e-3 },
            learning_rate: 0.1,
        }
    }
}

impl DictionaryConfig {
    /// Checks every range.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] names the first key that is outside its range.
    pub fn validate(&self) -> Result<(), Error> {
        let (p, alpha) = (self.n_neighbors, self.learning_rate);
        check_range("n_neighbors", "at least 1", p, p >= 1)?;
        self.kernel.validate()?;
        let fits = alpha > 0.0 && alpha <= 1.0;
        check_range("learning_rate", "in (0, 1]", alpha, fits)
    }
}
