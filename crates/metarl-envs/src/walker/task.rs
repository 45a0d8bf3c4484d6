//! Courses to walk, and distributions over them.

use metarl_core::{Error, Rng, TaskDistribution};
use rand::RngExt;
use serde::{Deserialize, Serialize};

use super::course;
use super::cppn::Cppn;
use super::encoding::{TerrainEncoding, TerrainFeature};
use super::terrain::Terrain;

/// Mutations that a drawn task is away from the first one, at most.
const MOST_MUTATIONS: u32 = 20;

/// What the courses of a walker are drawn from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WalkerTask {
    /// POET's encoding; the default is level ground.
    Encoding(TerrainEncoding),
    /// Stumps, ramped stairs and gaps as in Gymnasium's `BipedalWalkerHardcore-v3`.
    Hardcore,
    /// Ground that follows a network; the same in every episode.
    Cppn(Cppn),
}

impl Default for WalkerTask {
    fn default() -> Self {
        Self::Encoding(TerrainEncoding::default())
    }
}

impl WalkerTask {
    /// Checks every value.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] naming the first that is outside its range.
    pub fn check(&self) -> Result<(), Error> {
        match self {
            Self::Encoding(encoding) => encoding.check(),
            Self::Hardcore => Ok(()),
            Self::Cppn(cppn) => cppn.check(),
        }
    }

    /// Draws a course; the task must be one that passes its [`check`](Self::check).
    #[must_use]
    pub fn terrain(&self, rng: &mut Rng) -> Terrain {
        match self {
            Self::Encoding(encoding) => course::encoded(encoding, rng),
            Self::Hardcore => course::gymnasium(true, rng),
            Self::Cppn(cppn) => course::following(|position| cppn.height(position)),
        }
    }
}

/// Distributions over courses.
///
/// | name | a task is |
/// |---|---|
/// | `bipedal-walker/flat@1` | level ground |
/// | `bipedal-walker/rough@1` | ground as rough as that of Gymnasium's `BipedalWalker-v3` |
/// | `bipedal-walker/hardcore@1` | that of its hardcore variant |
/// | `bipedal-walker/poet@1` | level ground after 0 to 20 mutations of everything in its [`TerrainEncoding`] |
/// | `bipedal-walker/cppn@1` | a [`Cppn`] after 1 to 20 mutations |
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BipedalWalkers {
    /// Level ground.
    #[default]
    Flat,
    /// Rough ground without obstacles.
    Rough,
    /// Gymnasium's obstacles.
    Hardcore,
    /// Mutations of POET's encoding.
    Poet,
    /// Mutations of a network.
    Cppn,
}

impl TaskDistribution for BipedalWalkers {
    type Task = WalkerTask;

    fn name(&self) -> String {
        let family = match self {
            Self::Flat => "flat",
            Self::Rough => "rough",
            Self::Hardcore => "hardcore",
            Self::Poet => "poet",
            Self::Cppn => "cppn",
        };
        format!("bipedal-walker/{family}@1")
    }

    fn sample(&self, rng: &mut Rng) -> WalkerTask {
        let flat = TerrainEncoding::default();
        match self {
            Self::Flat => WalkerTask::Encoding(flat),
            Self::Rough => WalkerTask::Encoding(TerrainEncoding {
                roughness: 1.0,
                ..flat
            }),
            Self::Hardcore => WalkerTask::Hardcore,
            Self::Poet => {
                let n_mutations = rng.random_range(0..=MOST_MUTATIONS);
                let mutate = |parent: TerrainEncoding, _| parent.mutate(&TerrainFeature::ALL, rng);
                WalkerTask::Encoding((0..n_mutations).fold(flat, mutate))
            }
            Self::Cppn => {
                let n_mutations = rng.random_range(1..=MOST_MUTATIONS);
                let first = Cppn::first(rng);
                let mutate = |parent: Cppn, _| parent.mutate(rng);
                WalkerTask::Cppn((0..n_mutations).fold(first, mutate))
            }
        }
    }
}
