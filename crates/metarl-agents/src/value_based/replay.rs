//! What learners by gradients share: steps that are kept, and updates that are drawn from them.

use metarl_core::{Purpose, Seed};
use metarl_memory::{NStep, NStepBatch, Replay, Transition};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::range::{above_0, at_least_1, batch_size};

/// How many updates there are, and of how many remembered steps each is made.
///
/// | name | default | range | purpose |
/// |---|---|---|---|
/// | `batch_size` | 32 | 1 to 2²⁰ | steps of an update |
/// | `capacity_bytes` | 10⁸ | room for one | size of the replay memory |
/// | `first_update` | 100 | ≥ 1 | environment steps before the first update |
/// | `steps_per_update` | 16 | ≥ 1 | environment steps from one update to the next |
/// | `max_gradient_norm` | 10 | > 0 | longest gradient that is not shortened |
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReplayConfig {
    /// Steps of an update.
    pub batch_size: usize,
    /// Size of the replay memory.
    pub capacity_bytes: usize,
    /// Environment steps before the first update.
    pub first_update: u64,
    /// Environment steps from one update to the next.
    pub steps_per_update: u64,
    /// Longest gradient that is not shortened.
    pub max_gradient_norm: f64,
}

impl Default for ReplayConfig {
    fn default() -> Self {
        Self {
            batch_size: 32,
            capacity_bytes: 100_000_000,
            first_update: 100,
            steps_per_update: 16,
            max_gradient_norm: 10.0,
        }
    }
}

impl ReplayConfig {
    /// Checks every range.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] names the first key that is outside its range.
    pub fn validate(&self) -> Result<(), Error> {
        batch_size("replay.batch_size", self.batch_size)?;
        at_least_1("replay.first_update", self.first_update)?;
        at_least_1("replay.steps_per_update", self.steps_per_update)?;
        above_0("replay.max_gradient_norm", self.max_gradient_norm)
    }
}

/// Steps that are remembered, and counts of what was done and learned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound(
    serialize = "O: Copy + Serialize",
    deserialize = "O: Copy + Serialize + DeserializeOwned"
))]
pub(super) struct Experience<O> {
    /// Environment steps done.
    n_steps: u64,
    /// Updates done.
    pub(super) n_updates: u64,
    replay: Replay<O, usize>,
}

impl<O: Copy> Experience<O> {
    pub(super) fn new(config: &ReplayConfig) -> Result<Self, Error> {
        Ok(Self {
            n_steps: 0,
            n_updates: 0,
            replay: Replay::new(1, config.capacity_bytes)?,
        })
    }

    /// Remembers a step.
    pub(super) fn push(&mut self, step: &Transition<O, usize>) -> Result<(), Error> {
        Ok(self.replay.push_transition(step)?)
    }

    /// Counts a step of the environment, and says whether an update follows it.
    pub(super) fn count_step(&mut self, config: &ReplayConfig) -> bool {
        self.n_steps += 1;
        let waited = self.n_steps >= config.first_update && !self.replay.is_empty();
        waited && self.n_steps.is_multiple_of(config.steps_per_update)
    }

    /// Draws the remembered steps of the next update.
    pub(super) fn draw(
        &self,
        config: &ReplayConfig,
        n_step: &NStep,
        seed: Seed,
    ) -> Result<NStepBatch<O, usize>, Error> {
        let mut rng = seed.stream(Purpose::Minibatch, 0, 0, self.n_updates);
        let mut indices = vec![0; config.batch_size];
        self.replay.draw(&mut rng, &mut indices)?;
        let mut batch = NStepBatch::default();
        n_step.gather(&self.replay, &indices, &mut batch)?;
        Ok(batch)
    }
}
