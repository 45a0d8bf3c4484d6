//! Episodes of one policy on one task, and the losses they define.

use std::sync::Arc;

use dfdx::prelude::{Const, Rank0};
use metarl_autodiff::{Algebra, Buffer, Error, Kernels, Objective, Plain};
use metarl_core::Rollout;
use metarl_losses::{ClipRange, clipped_surrogate, mean_divergence, policy_gradient, surrogate};
use metarl_returns::{Transitions, discounted_returns, gae, normalize};

use super::baseline::LinearBaseline;
use super::network::{GaussianMlp, GaussianMlpParameters};

/// Steps of complete episodes, one row each, with normalized advantages.
#[derive(Debug)]
pub(super) struct Batch<const O: usize, const K: usize> {
    network: Arc<GaussianMlp<O, K>>,
    /// `O` numbers a step.
    observation: Buffer<f32>,
    /// `K` numbers a step, as have mean and logarithm of the standard deviation of the policy that acted.
    action: Buffer<f32>,
    mean: Buffer<f32>,
    log_std: Buffer<f32>,
    log_prob: Buffer<f32>,
    advantage: Buffer<f32>,
    mean_return: f64,
    n_env_steps: usize,
}

impl<const O: usize, const K: usize> Batch<O, K> {
    /// Keeps the episodes that began within the first `horizon` steps of each lane.
    ///
    /// The time limit is part of the objective, a sum of rewards over a fixed horizon, and the
    /// baseline sees the time: what lies beyond the horizon is therefore worth nothing.
    pub(super) fn new<D: Kernels<f32>>(
        network: &Arc<GaussianMlp<O, K>>,
        parameters: &[f32],
        rollout: &Rollout<[f32; O], [f32; K]>,
        baseline: &mut LinearBaseline,
        horizon: usize,
        (discount, trace_decay): (f64, f64),
        device: D,
    ) -> Result<Self, crate::Error> {
        let n_lanes = rollout.n_lanes();
        let [mut observation, mut action, mut log_prob] = [(); 3].map(|()| Buffer::default());
        let (mut time, mut reward) = (Buffer::default(), Buffer::default());
        let mut terminated = Buffer::default();
        for lane in 0..n_lanes {
            let n_steps = rollout.steps_of_episodes(lane, horizon);
            let mut start = 0;
            for t in 0..n_steps {
                let row = t * n_lanes + lane;
                let ended = rollout.terminated[row] || rollout.truncated[row];
                observation.extend_from_slice(&rollout.observation[row]);
                action.extend_from_slice(&rollout.action[row]);
                log_prob.push(rollout.log_prob[row]);
                reward.push(f64::from(rollout.reward[row]));
                time.push(t - start);
                terminated.push(ended);
                let too_long = t + 1 - start > horizon || (!ended && t + 1 == n_steps);
                if too_long {
                    let message =
                        format!("an episode is longer than the horizon of {horizon} steps");
                    return Err(metarl_core::Error::Environment(message).into());
                }
                if ended {
                    start = t + 1;
                }
            }
        }
        let n_episodes = terminated.iter().filter(|ended| **ended).count();
        // Episodes lie one after the other in a single lane; each ends for good.
        let n = reward.len();
        let truncated = Buffer::zeros(n);
        let transitions = |next_value| Transitions {
            n_lanes: 1,
            reward: &reward,
            next_value,
            terminated: &terminated,
            truncated: &truncated,
        };
        let (mut returns, nothing) = (Buffer::zeros(n), Buffer::zeros(n));
        discounted_returns(&transitions(&nothing), discount, &mut returns)?;
        let (seen, _) = observation.as_chunks::<O>();
        baseline.fit(seen, &time, &returns);
        let moments = seen.iter().zip(&time);
        let value: Buffer<f64> = moments.map(|(o, t)| baseline.value(o, *t)).collect();
        let next_value: Buffer<f64> = value[1..].iter().copied().chain([0.0]).collect();
        let mut advantage = Buffer::zeros(n);
        let transitions = transitions(&next_value);
        gae(&transitions, &value, discount, trace_decay, &mut advantage)?;
        normalize(&mut advantage, 1e-8)?;

        #[expect(
            clippy::cast_possible_truncation,
            reason = "estimates in f64, losses in f32"
        )]
        let advantage = advantage.iter().map(|a| *a as f32).collect();
        let plain = Plain::new(device);
        let seen = plain.data(&observation, (n, Const::<O>));
        let acted = metarl_autodiff::bind(&**network, &plain, parameters).decide(seen);
        let [mut mean, mut log_std] = [(); 2].map(|()| Buffer::zeros(n * K));
        acted.mean().copy_into(&mut mean);
        acted.log_std().copy_into(&mut log_std);
        Ok(Self {
            network: network.clone(),
            observation,
            action,
            log_prob,
            advantage,
            mean,
            log_std,
            mean_return: reward.iter().sum::<f64>() / n_episodes as f64,
            n_env_steps: rollout.len(),
        })
    }

    /// Mean undiscounted return of the episodes.
    pub(super) fn mean_return(&self) -> f64 {
        self.mean_return
    }

    /// Steps of the environment it took, those of lanes that waited for others included.
    pub(super) fn n_env_steps(&self) -> usize {
        self.n_env_steps
    }
}

/// `K` numbers a step.
pub(super) fn rows<const K: usize>(numbers: &[f32]) -> &[[f32; K]] {
    numbers.as_chunks().0
}

type Parameters<A, const O: usize, const K: usize> = GaussianMlpParameters<A, O, K>;

/// A loss that is read from a shared batch.
macro_rules! batch_loss {
    ($(#[$doc:meta])* $name:ident { $($field:ident: $type:ty),* }, |$self:ident, $algebra:ident, $policy:ident, $batch:ident| $loss:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub(super) struct $name<const O: usize, const K: usize> {
            pub(super) batch: Arc<Batch<O, K>>,
            $(pub(super) $field: $type,)*
        }

        impl<D: Kernels<f32>, const O: usize, const K: usize> Objective<f32, D>
            for $name<O, K>
        {
            type Network = GaussianMlp<O, K>;

            fn network(&self) -> &Self::Network {
                &self.batch.network
            }

            fn loss<A: Algebra<Elem = f32, Device = D>>(
                &self,
                $algebra: &A,
                parameters: Parameters<A, O, K>,
            ) -> Result<A::Of<Rank0>, Error> {
                let ($self, $batch) = (self, &*self.batch);
                let shape = ($batch.log_prob.len(), Const::<O>);
                let seen = $algebra.data(&$batch.observation, shape);
                let $policy = parameters.decide(seen);
                $loss
            }
        }
    };
}

batch_loss!(
    /// The inner loss: REINFORCE with the batch's advantages.
    InnerLoss {},
    |_this, algebra, policy, batch| {
        let log_prob = policy.log_prob(algebra, rows(&batch.action));
        policy_gradient(algebra, log_prob, &batch.advantage)
    }
);

batch_loss!(
    /// The outer loss: the surrogate of TRPO, or PPO's clipped one.
    OuterLoss { clip_range: Option<ClipRange> },
    |this, algebra, policy, batch| {
        let log_prob = policy.log_prob(algebra, rows(&batch.action));
        let (behavior, advantage) = (&batch.log_prob, &batch.advantage);
        match this.clip_range {
            None => surrogate(algebra, log_prob, behavior, advantage),
            Some(range) => clipped_surrogate(algebra, log_prob, behavior, advantage, range),
        }
    }
);

batch_loss!(
    /// Mean KL divergence from the policy that collected the batch.
    Divergence {},
    |_this, algebra, policy, batch| {
        let divergence = policy.kl_from(algebra, rows(&batch.mean), rows(&batch.log_std));
        Ok(mean_divergence::<A, usize>(divergence))
    }
);
