//! The loss of one shard of trials.

use dfdx::prelude::{Rank0, Tensor, TensorFromVec};
use metarl_autodiff::{Algebra, Error, Kernels, Objective};
use metarl_core::{Rollout, Space, TrialObservation};
use metarl_losses::{ClipRange, clipped_surrogate, entropy_bonus, squared_value_error};

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

/// PPO's loss over one shard: clipped surrogate, critic and entropy bonus through the whole trial.
#[derive(Debug)]
pub(super) struct ShardLoss<D: Kernels<f32>, const ACTIONS: usize> {
    network: RecurrentActorCritic<ACTIONS>,
    input: Tensor<(usize, usize), f32, D>,
    state: Tensor<(usize, usize), f32, D>,
    first: Vec<bool>,
    action: Vec<usize>,
    behavior_log_prob: Tensor<(usize,), f32, D>,
    advantage: Tensor<(usize,), f32, D>,
    value_target: Tensor<(usize,), f32, D>,
    weights: Weights,
}

impl<D: Kernels<f32>, const ACTIONS: usize> ShardLoss<D, ACTIONS> {
    /// `recalled` is the history of the policy that acted; `advantage` and `value_target` are as the loss wants them: normalized.
    pub(super) fn new<O: Space>(
        network: RecurrentActorCritic<ACTIONS>,
        inputs: Inputs<O, ACTIONS>,
        rollout: &Rollout<TrialObservation<O::Element, usize>, usize>,
        recalled: &[f32],
        advantage: &[f32],
        value_target: Vec<f32>,
        weights: Weights,
        device: &D,
    ) -> Self {
        let (rows, lanes) = (rollout.len(), rollout.n_lanes());
        let row_width = network.row_width();
        let mut input = vec![0.0; rows * row_width];
        inputs.encode(&rollout.observation, &mut input, row_width);
        if row_width > network.inputs {
            replay(recalled, network.hidden, &rollout.first, lanes, &mut input);
        }
        let matrix = |numbers, n, m| TensorFromVec::<f32>::tensor_from_vec(device, numbers, (n, m));
        let column = |numbers| TensorFromVec::<f32>::tensor_from_vec(device, numbers, (rows,));
        Self {
            network,
            input: matrix(input, rows, row_width),
            state: matrix(vec![0.0; lanes * network.hidden], lanes, network.hidden),
            first: rollout.first.clone(),
            action: rollout.action.clone(),
            behavior_log_prob: column(rollout.log_prob.clone()),
            advantage: column(advantage.to_vec()),
            value_target: column(value_target),
            weights,
        }
    }
}

impl<D: Kernels<f32>, const ACTIONS: usize> Objective<f32, D> for ShardLoss<D, ACTIONS> {
    type Network = RecurrentActorCritic<ACTIONS>;

    fn network(&self) -> &Self::Network {
        &self.network
    }

    fn loss<A: Algebra<Elem = f32, Device = D>>(
        &self,
        algebra: &A,
        parameters: RecurrentActorCriticParameters<A, ACTIONS>,
    ) -> Result<A::Of<Rank0>, Error> {
        let input = algebra.constant(self.input.clone());
        let zeros = || algebra.constant(self.state.clone());
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
