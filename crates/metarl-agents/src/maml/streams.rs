//! Where a rollout's random numbers come from.

use metarl_core::{Purpose, Rng, Seed};

/// The streams of one rollout.
#[derive(Clone, Copy)]
pub(super) struct Streams {
    pub(super) seed: Seed,
    pub(super) dynamics: Purpose,
    pub(super) actions: Purpose,
    pub(super) task_idx: u64,
    /// Which rollout on that task.
    pub(super) round: u64,
}

impl Streams {
    pub(super) fn evaluation(seed: Seed, task_idx: u64) -> Self {
        Self {
            seed,
            dynamics: Purpose::EvaluationEnvironment,
            actions: Purpose::EvaluationPolicy,
            task_idx,
            round: 0,
        }
    }

    pub(super) fn lane(self, purpose: Purpose, lane: usize) -> Rng {
        self.seed
            .stream(purpose, self.task_idx, lane as u64, self.round)
    }
}
