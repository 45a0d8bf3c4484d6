//! The loss of one shard of trials.

use dfdx::prelude::Rank0;
use metarl_autodiff::{Algebra, Error, Kernels, Objective};
use metarl_losses::{ClipRange, clipped_surrogate, entropy_bonus, squared_value_error};

use super::core::RecurrentState;
use super::network::{RecurrentActorCritic, RecurrentActorCriticParameters};

/// Weights of the parts of the loss.
#[derive(Debug, Clone, Copy)]
pub(super) struct Weights {
    pub(super) clip_range: ClipRange,
    pub(super) value: f64,
    pub(super) entropy: f64,
}

/// PPO's loss over one shard: clipped surrogate, critic and entropy bonus through the whole trial.
#[derive(Debug)]
pub(super) struct ShardLoss<'a, const ACTIONS: usize> {
    pub(super) network: RecurrentActorCritic<ACTIONS>,
    pub(super) weights: Weights,
    /// The state every lane begins with, one lane after another.
    pub(super) zeros: &'a [f32],
    pub(super) input: &'a [f32],
    pub(super) first: &'a [bool],
    pub(super) action: &'a [usize],
    pub(super) behavior_log_prob: &'a [f32],
    /// Normalized, as the loss wants them, as are the targets.
    pub(super) advantage: &'a [f32],
    pub(super) value_target: &'a [f32],
}

impl<D: Kernels<f32>, const ACTIONS: usize> Objective<f32, D> for ShardLoss<'_, ACTIONS> {
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
        let input = algebra.data(self.input, (rows, self.network.row_width()));
        let n_lanes = self.zeros.len() / hidden;
        let zeros = || algebra.data(self.zeros, (n_lanes, hidden));
        let state = RecurrentState {
            hidden: zeros(),
            cell: Some(zeros()),
        };
        let states = parameters.remember(input.clone(), state, self.first);
        let (policy, value) = parameters.decide(input, states.hidden);
        let surrogate = clipped_surrogate(
            algebra,
            policy.log_prob(self.action),
            self.behavior_log_prob,
            self.advantage,
            self.weights.clip_range,
        )?;
        let critic = squared_value_error(algebra, value, self.value_target)?;
        let bonus = entropy_bonus::<A, usize>(policy.entropy());
        Ok(
            surrogate
                + A::scale(critic, self.weights.value)
                + A::scale(bonus, self.weights.entropy),
        )
    }
}
