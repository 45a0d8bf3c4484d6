//! Distributions over Markov decision processes.

use serde::{Deserialize, Serialize};

use crate::{Purpose, Rng, Seed};

/// Which frozen part of a distribution a task belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Split {
    /// Tasks to learn from.
    Train,
    /// Tasks held out for the report.
    Test,
}

/// A distribution over tasks, with a name that changes when its numbers change.
pub trait TaskDistribution: Send + Sync {
    /// One task: the parameters of one Markov decision process.
    type Task: Clone + Send + Sync + Serialize;

    /// Family, size and version, for example `bandit/bernoulli-5@1`.
    fn name(&self) -> String;

    /// Draws a task.
    fn sample(&self, rng: &mut Rng) -> Self::Task;

    /// The `index`-th task of a frozen split: the same task in every program, for ever.
    fn frozen(&self, split: Split, index: u64) -> Self::Task {
        let purpose = match split {
            Split::Train => Purpose::TrainSplit,
            Split::Test => Purpose::TestSplit,
        };
        self.sample(&mut Seed::new(0).stream(purpose, index, 0, 0))
    }
}
