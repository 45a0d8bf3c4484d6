//! One task of an iteration: playing on it, adapting to it, being judged on it.

use std::sync::Arc;

use metarl_autodiff::{Kernels, OnDevice};
use metarl_core::{Rng, Rollout};
use metarl_optim::Adaptation;
use smallvec::SmallVec;

use super::baseline::LinearBaseline;
use super::batch::{Batch, Divergence, InnerLoss, OuterLoss};

/// Room for episodes in an environment, used again for the next ones.
pub(super) struct Room<const O: usize, const K: usize> {
    pub(super) rngs: Vec<Rng>,
    pub(super) rollout: Rollout<[f32; O], [f32; K]>,
    pub(super) baseline: LinearBaseline,
}

impl<const O: usize, const K: usize> Room<O, K> {
    pub(super) fn new(n_lanes: usize) -> Self {
        Self {
            rngs: Vec::new(),
            rollout: Rollout::new(0, n_lanes, [0.0; O], [0.0; K]),
            baseline: LinearBaseline::default(),
        }
    }
}

pub(super) type Inner<D, const O: usize, const K: usize> = OnDevice<InnerLoss<O, K>, D>;

/// What adaptation to a task is made of and judged by.
pub(super) struct Lesson<D: Kernels<f32>, const O: usize, const K: usize> {
    pub(super) support: SmallVec<[Inner<D, O, K>; 3]>,
    /// From the parameters the iteration began with.
    pub(super) adaptation: Adaptation<f32>,
    pub(super) query: OnDevice<OuterLoss<O, K>, D>,
    pub(super) divergence: OnDevice<Divergence<O, K>, D>,
    pub(super) return_before: f64,
    pub(super) return_after: f64,
    pub(super) n_env_steps: usize,
}

/// Where one task of each iteration is dealt with.
pub(super) struct Desk<E, D: Kernels<f32>, const O: usize, const K: usize> {
    pub(super) environment: E,
    pub(super) room: Room<O, K>,
    /// The batches of the rounds so far, which losses share.
    batches: Vec<Arc<Batch<O, K>>>,
    pub(super) lesson: Option<Lesson<D, O, K>>,
}

impl<E, D: Kernels<f32>, const O: usize, const K: usize> Desk<E, D, O, K> {
    pub(super) fn new(environment: E, n_lanes: usize) -> Self {
        Self {
            environment,
            room: Room::new(n_lanes),
            batches: Vec::new(),
            lesson: None,
        }
    }

    /// Shares the batch of a round, in the place of the one of that round before.
    pub(super) fn share(&mut self, round: usize, batch: Batch<O, K>) -> Arc<Batch<O, K>> {
        match self.batches.get_mut(round) {
            None => self.batches.push(Arc::new(batch)),
            Some(shared) => match Arc::get_mut(shared) {
                Some(old) => *old = batch,
                None => *shared = Arc::new(batch),
            },
        }
        self.batches[round].clone()
    }
}
