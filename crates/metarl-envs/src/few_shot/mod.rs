//! Classes to be told apart from few examples.

mod centroid;
mod clusters;
mod copies;
mod distorted;
mod labelled;

pub use centroid::nearest_centroid;
pub use clusters::ClusterTasks;
pub use copies::DistortedCopies;
pub use distorted::{DistortedImages, Distortion};
pub use labelled::{ClassTasks, LabelledData};

use metarl_core::{Error, check_range};
use serde::{Deserialize, Serialize};

/// How many classes and examples a few-shot task has.
///
/// | name | default | range | meaning |
/// |---|---|---|---|
/// | `n_ways` | 5 | ≥ 2 | classes |
/// | `n_shots` | 1 | ≥ 1 | examples of each that are told |
/// | `n_queries` | 5 | ≥ 1 | examples of each to classify |
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FewShot {
    /// Classes.
    pub n_ways: usize,
    /// Examples of each class that are told.
    pub n_shots: usize,
    /// Examples of each class to classify.
    pub n_queries: usize,
}

impl Default for FewShot {
    fn default() -> Self {
        Self {
            n_ways: 5,
            n_shots: 1,
            n_queries: 5,
        }
    }
}

impl FewShot {
    /// # Errors
    ///
    /// [`Error::OutOfRange`] naming the first number outside its range.
    pub fn check(&self) -> Result<(), Error> {
        check_range("n_ways", "at least 2", self.n_ways, self.n_ways >= 2)?;
        check_range("n_shots", "at least 1", self.n_shots, self.n_shots >= 1)?;
        check_range(
            "n_queries",
            "at least 1",
            self.n_queries,
            self.n_queries >= 1,
        )
    }
}
