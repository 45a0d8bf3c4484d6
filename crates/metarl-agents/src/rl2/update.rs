//! The loss of one shard of trials.

use dfdx::prelude::Rank0;
use metarl_autodiff::{Algebra, Error, Kernels, Objective};
use metarl_core::{Rollout, Space, TrialObservation};
use metarl_losses::{ClipRange, clipped_surrogate, entropy_bonus, squared_value_error};

use super::config::Rl2Config;
use super::core::RecurrentState;
use super::inputs::Inputs;
use super::network::{RecurrentActorCritic, RecurrentActorCriticParameters};
use super::recall::replay;

/// Weights of the parts of the loss.
#[derive(Debug, Clone, Copy)]
pub(super) struct Weights {
    pub(super) clip_range: ClipRange,
    pub(super) value: f64,
    pub(super) entropy: f64,
}

impl Weights {
    /// Those of a configuration when so much of the training is left.
    pub(super) fn of(config: &Rl2Config, left: f64) -> Result<Self, Error> {
        Ok(Self {
            clip_range: ClipRange::new(config.clip_range)?,
            value: config.value_weight,
            entropy: config.entropy_weight * left,
        })
    }
}

/// PPO's loss over one shard: clipped surrogate, critic and entropy bonus through the whole trial.
#[derive(Debug)]
pub(super) struct ShardLoss<const ACTIONS: usize> {
    network: RecurrentActorCritic<ACTIONS>,
    n_lanes: usize,
    weights: Weights,
    input: Vec<f32>,
    /// What every lane begins with.
    zeros: Vec<f32>,
    first: Vec<bool>,
    action: Vec<usize>,
    behavior_log_prob: Vec<f32>,
    /// Normalized, as the loss wants them, as are the targets.
    advantage: Vec<f32>,
    value_target: Vec<f32>,
}

impl<const ACTIONS: usize> ShardLoss<ACTIONS> {
    /// The loss of no steps yet.
    pub(super) fn new(
        network: RecurrentActorCritic<ACTIONS>,
        n_lanes: usize,
        weights: Weights,
    ) -> Self {
        Self {
            network,
            n_lanes,
            weights,
            input: Vec::new(),
            zeros: vec![0.0; n_lanes * network.hidden],
            first: Vec::new(),
            action: Vec::new(),
            behavior_log_prob: Vec::new(),
            advantage: Vec::new(),
            value_target: Vec::new(),
        }
    }

    /// Makes it the loss of a rollout, in the memory of those before. `recalled` is the history of the
    /// policy that acted.
    pub(super) fn refill<O: Space>(
        &mut self,
        inputs: Inputs<O, ACTIONS>,
        rollout: &Rollout<TrialObservation<O::Element, usize>, usize>,
        recalled: &[f32],
        advantage: &[f32],
        value_target: impl Iterator<Item = f32>,
        weights: Weights,
    ) {
        let row_width = self.network.row_width();
        self.weights = weights;
        self.input.resize(rollout.len() * row_width, 0.0);
        inputs.encode(&rollout.observation, &mut self.input, row_width);
        self.first.clone_from(&rollout.first);
        if row_width > self.network.inputs {
            let hidden = self.network.hidden;
            replay(recalled, hidden, &self.first, self.n_lanes, &mut self.input);
        }
        self.action.clone_from(&rollout.action);
        self.behavior_log_prob.clone_from(&rollout.log_prob);
        self.advantage.clear();
        self.advantage.extend_from_slice(advantage);
        self.value_target.clear();
        self.value_target.extend(value_target);
    }
}

impl<D: Kernels<f32>, const ACTIONS: usize> Objective<f32, D> for ShardLoss<ACTIONS> {
    type Network = RecurrentActorCritic<ACTIONS>;

    fn network(&self) -> &Self::Network {
        &self.network
    }

    fn loss<A: Algebra<Elem = f32, Device = D>>(
        &self,
        algebra: &A,
        parameters: RecurrentActorCriticParameters<A, ACTIONS>,
    ) -> Result<A::Of<Rank0>, Error> {
        let (rows, hidden) = (self.action.len(), self.network.hidden);
        let input = algebra.data(&self.input, (rows, self.network.row_width()));
        let zeros = || algebra.data(&self.zeros, (self.n_lanes, hidden));
        let state = RecurrentState {
            hidden: zeros(),
            cell: Some(zeros()),
        };
        let states = parameters.remember(input.clone(), state, &self.first);
        let (policy, value) = parameters.decide(input, states.hidden);
        let surrogate = clipped_surrogate(
            algebra,
            policy.log_prob(&self.action),
            &self.behavior_log_prob,
            &self.advantage,
            self.weights.clip_range,
        )?;
        let critic = squared_value_error(algebra, value, &self.value_target)?;
        let bonus = entropy_bonus::<A, usize>(policy.entropy());
        Ok(
            surrogate
                + A::scale(critic, self.weights.value)
                + A::scale(bonus, self.weights.entropy),
        )
    }
}
