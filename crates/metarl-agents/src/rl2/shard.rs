//! The unit of parallel work.

use metarl_core::{Environment, Rng, Rollout, Space, Trial};

/// Trials that are collected and differentiated together, on one thread.
pub(super) struct Shard<E: Environment> {
    pub(super) environment: Trial<E>,
    /// What each lane's actions are drawn with.
    pub(super) rngs: Vec<Rng>,
    pub(super) rollout: Rollout<
        <<Trial<E> as Environment>::ObservationSpace as Space>::Element,
        <E::ActionSpace as Space>::Element,
    >,
    /// Step of its trial, for each row.
    pub(super) trial_step: Vec<usize>,
    /// What an episodic memory recalled at the start of each trial.
    pub(super) recalled: Vec<f32>,
    pub(super) advantage: Vec<f32>,
    /// What the loss is made of besides: the network's input, and normalized returns.
    pub(super) input: Vec<f32>,
    pub(super) value_target: Vec<f32>,
}

impl<E: Environment> Shard<E> {
    /// Returns `G` with their steps of the trial.
    pub(super) fn value_targets(&self) -> impl Iterator<Item = (usize, f32)> + Clone + '_ {
        let pairs = self.advantage.iter().zip(&self.rollout.value);
        let targets = pairs.map(|(advantage, value)| advantage + value);
        self.trial_step.iter().copied().zip(targets)
    }
}
