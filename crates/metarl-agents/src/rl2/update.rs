//! The loss of one shard of trials.

use dfdx::prelude::Rank0;
use metarl_autodiff::{Algebra, Error, Kernels, Objective};
use metarl_core::{Rollout, Space, TrialObservation};
use metarl_losses::{ClipRange, clipped_surrogate, entropy_bonus, squared_value_error};

use super::core::RecurrentState;
use crate::tensor::tensor;

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

/// PPO's loss over one shard: clipped surrogate, critic and entropy bonus through the whole trial.
#[derive(Debug)]
pub(super) struct ShardLoss<const ACTIONS: usize> {
    network: RecurrentActorCritic<ACTIONS>,
    n_lanes: usize,
    input: Vec<f32>,
    first: Vec<bool>,
    action: Vec<usize>,
    behavior_log_prob: Vec<f32>,
    advantage: Vec<f32>,
    value_target: Vec<f32>,
    weights: Weights,
}

impl<const ACTIONS: usize> ShardLoss<ACTIONS> {
    /// `recalled` is the history of the policy that acted; `advantage` and `value_target` are as the
    /// loss wants them: normalized.
    pub(super) fn new<O: Space>(
        network: RecurrentActorCritic<ACTIONS>,
        inputs: Inputs<O, ACTIONS>,
        rollout: &Rollout<TrialObservation<O::Element, usize>, usize>,
        recalled: &[f32],
        advantage: &[f32],
        value_target: Vec<f32>,
        weights: Weights,
    ) -> Self {
        let (rows, n_lanes) = (rollout.len(), rollout.n_lanes());
        let row_width = network.row_width();
        let mut input = vec![0.0; rows * row_width];
        inputs.encode(&rollout.observation, &mut input, row_width);
        if row_width > network.inputs {
            replay(
                recalled,
                network.hidden,
                &rollout.first,
                n_lanes,
                &mut input,
            );
        }
        Self {
            network,
            n_lanes,
            input,
            first: rollout.first.clone(),
            action: rollout.action.clone(),
            behavior_log_prob: rollout.log_prob.clone(),
            advantage: advantage.to_vec(),
            value_target,
            weights,
        }
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
        let column = |numbers: &[f32]| tensor(algebra.device(), numbers, (rows,));
        let input = tensor(
            algebra.device(),
            &self.input,
            (rows, self.network.row_width()),
        );
        let input = algebra.constant(input);
        let zeros = vec![0.0; self.n_lanes * hidden];
        let zeros = || algebra.constant(tensor(algebra.device(), &zeros, (self.n_lanes, hidden)));
        let state = RecurrentState {
            hidden: zeros(),
            cell: Some(zeros()),
        };
        let states = parameters.remember(input.clone(), state, &self.first);
        let (policy, value) = parameters.decide(input, states.hidden);
        let surrogate = clipped_surrogate(
            algebra,
            policy.log_prob(&self.action),
            &column(&self.behavior_log_prob),
            &column(&self.advantage),
            self.weights.clip_range,
        )?;
        let critic = squared_value_error(algebra, value, &column(&self.value_target))?;
        let bonus = entropy_bonus::<A, usize>(policy.entropy());
        Ok(
            surrogate
                + A::scale(critic, self.weights.value)
                + A::scale(bonus, self.weights.entropy),
        )
    }
}
