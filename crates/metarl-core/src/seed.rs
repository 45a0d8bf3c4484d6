//! Random streams that are named, not shared.

use rand::SeedableRng;
use serde::{Deserialize, Serialize};

/// The generator behind every stream: ChaCha with 8 rounds, a counter-based generator.
pub type Rng = rand::rngs::ChaCha8Rng;

/// What a stream is used for. Two purposes never share a number.
///
/// The discriminants are part of every published result: append, never renumber.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
#[repr(u64)]
pub enum Purpose {
    /// Initial parameters of a network.
    Initialization = 1,
    /// Drawing a training task.
    Task = 2,
    /// Dynamics and rewards of an environment.
    Environment = 3,
    /// Sampling a policy's actions.
    Policy = 4,
    /// The order of minibatches.
    Minibatch = 5,
    /// Drawing an evaluation task for a report.
    EvaluationTask = 6,
    /// Dynamics and rewards during an evaluation.
    EvaluationEnvironment = 7,
    /// Sampling a policy's actions during an evaluation.
    EvaluationPolicy = 8,
    /// The frozen training split of a task distribution.
    TrainSplit = 9,
    /// The frozen test split of a task distribution.
    TestSplit = 10,
    /// Random numbers of a classical baseline.
    Baseline = 11,
}

/// The one number a run's randomness comes from.
///
/// A stream is addressed by `(seed, purpose, task, lane, episode)`. The first four are the 256-bit
/// key of the generator and the episode is its 64-bit stream number, so the map is injective:
/// different addresses are different streams by construction, not by the luck of a hash.
///
/// # Examples
///
/// ```
/// use metarl_core::{Purpose, Seed};
/// use rand::RngExt;
///
/// let seed = Seed::new(1);
/// let a: u64 = seed.stream(Purpose::Environment, 0, 0, 0).random();
/// let b: u64 = seed.stream(Purpose::Environment, 0, 1, 0).random();
/// assert_ne!(a, b);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seed(u64);

impl Seed {
    /// A seed; every `u64` is as good as any other.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The number itself.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The stream at an address.
    ///
    /// `task` counts tasks from the start of the run, `lane` the lanes on that task, `episode` the
    /// episodes (or updates) of that lane. A caller that has no use for a coordinate passes 0.
    #[must_use]
    pub fn stream(self, purpose: Purpose, task: u64, lane: u64, episode: u64) -> Rng {
        let mut key = [0_u8; 32];
        for (bytes, word) in key
            .chunks_exact_mut(8)
            .zip([self.0, purpose as u64, task, lane])
        {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        let mut rng = Rng::from_seed(key);
        rng.set_stream(episode);
        rng
    }
}
