//! Meta-training: many trials on many tasks, then PPO through all of them.

use std::fmt::{Debug, Formatter};
use std::marker::PhantomData;

use metarl_autodiff::{
    Adam, AdamConfig, Buffer, Differentiable, Kernels, Layout, OnDevice, Optimizer, clip_norm,
};
use metarl_core::{
    Discrete, Environment, Purpose, Rollout, Seed, Space, TaskDistribution, Trial, collect,
};
use metarl_losses::ClipRange;
use metarl_memory::{BruteForce, EpisodicStore, Kernel};
use metarl_returns::{Transitions, gae};
use rand::seq::SliceRandom;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::config::Rl2Config;
use super::core::Core;
use super::inputs::Inputs;
use super::network::RecurrentActorCritic;
use super::policy::Rl2Policy;
use super::recall::{Recall, replay};
use super::shard::Shard;
use super::update::{ShardLoss, Weights};
use super::value_scale::{ValueScale, count_steps, moments};
use crate::Error;
use crate::parallel::compute_each;
use crate::range::{at_least_1, check};
use crate::trainer::{Trainer, TrainingState, check_finite, check_size};

/// What one iteration of training did.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Rl2Iteration {
    /// Iterations done, this one included.
    pub iteration: u64,
    /// Environment steps done since the start.
    pub env_steps: u64,
    /// Mean total reward of a trial.
    pub total_reward: f64,
    /// Estimate of the policy's entropy in nats a step, `−mean log π(a|o)`.
    pub entropy: f64,
    /// Mean loss over the iteration's gradient steps.
    pub loss: f64,
    /// Mean norm of the gradient before it was clipped.
    pub gradient_norm: f64,
    /// Share of the variance of the returns, at the same step of the trial, that the critic
    /// explains; 1 is perfect.
    pub explained_variance: f64,
}

/// Everything training goes on from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rl2State {
    /// Iterations done.
    pub iteration: u64,
    /// The network's parameters.
    pub parameters: Buffer<f32>,
    adam: Adam<f32>,
    value_scale: ValueScale,
}

impl TrainingState for Rl2State {
    fn iteration(&self) -> u64 {
        self.iteration
    }

    fn parameters(&self) -> &[f32] {
        &self.parameters
    }
}

/// RL² on a distribution of tasks with `ACTIONS` actions.
pub struct Rl2<E: Environment, T, D: Kernels<f32>, const ACTIONS: usize> {
    pub(super) config: Rl2Config,
    pub(super) tasks: T,
    seed: Seed,
    device: PhantomData<fn() -> D>,
    network: RecurrentActorCritic<ACTIONS>,
    inputs: Inputs<E::ObservationSpace, ACTIONS>,
    layout: Layout,
    /// The memory each lane begins an epoch with, where the core recalls.
    episodic: Option<EpisodicStore<BruteForce>>,
    shards: Vec<Shard<E>>,
    /// Those of all shards, normalized.
    advantage: Vec<f32>,
    /// The state that the lanes of a shard begin with.
    zeros: Vec<f32>,
    /// Loss and gradient of each shard of a minibatch.
    gradients: Vec<(f32, Buffer<f32>)>,
    state: Rl2State,
}

impl<E: Environment, T: Debug, D: Kernels<f32>, const ACTIONS: usize> Debug
    for Rl2<E, T, D, ACTIONS>
{
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rl2")
            .field("config", &self.config)
            .field("tasks", &self.tasks)
            .field("seed", &self.seed)
            .field("iteration", &self.state.iteration)
            .finish_non_exhaustive()
    }
}

impl<E, T, D, const ACTIONS: usize> Rl2<E, T, D, ACTIONS>
where
    E: Environment<ActionSpace = Discrete<ACTIONS>> + Sync,
    T: TaskDistribution<Task = E::Task>,
    D: Kernels<f32>,
{
    /// An untrained agent.
    ///
    /// `environment` makes a batch of the given number of lanes; `trial` is the number of episodes
    /// and of steps of one trial. The device is the evidence that there is one of its kind: every
    /// thread works with a handle of its own.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] for a hyper-parameter outside its range, and for a trial of no episodes
    /// or no steps.
    pub fn new(
        config: Rl2Config,
        tasks: T,
        environment: impl Fn(usize) -> E,
        (n_episodes, n_steps): (u32, usize),
        seed: Seed,
        _device: D,
    ) -> Result<Self, Error> {
        config.validate()?;
        at_least_1("n_steps", n_steps)?;
        let inputs = Inputs::new(config.joint_input);
        let network = RecurrentActorCritic {
            core: config.core,
            inputs: inputs.width(),
            hidden: config.hidden,
            readout: config.readout,
            longest_memory: n_steps,
        };
        let layout = Layout::of(&network);
        let episodic = match config.core {
            Core::EpisodicLstm => Some(episodic::<E::ObservationSpace>(&config)?),
            Core::Gru | Core::Lstm => None,
        };
        let lanes = config.lanes_per_shard;
        let shards = (0..config.n_lanes / lanes)
            .map(|_| {
                let environment = Trial::new(environment(lanes), n_episodes)?;
                let zero = environment.observation_space().zero();
                let rollout = Rollout::new(config.n_trials * n_steps, lanes, zero, 0);
                let n_rows = rollout.len();
                Ok(Shard {
                    environment,
                    rngs: Vec::with_capacity(lanes),
                    rollout,
                    trial_step: vec![0; n_rows],
                    recalled: Vec::new(),
                    advantage: vec![0.0; n_rows],
                    input: vec![0.0; n_rows * network.row_width()],
                    value_target: vec![0.0; n_rows],
                })
            })
            .collect::<Result<Vec<_>, Error>>()?;
        let mut rng = seed.stream(Purpose::Initialization, 0, 0, 0);
        let parameters = Buffer::from(layout.initialize(&mut rng));
        let adam = AdamConfig {
            learning_rate: config.learning_rate,
            epsilon: 1e-5,
            ..AdamConfig::default()
        };
        let state = Rl2State {
            iteration: 0,
            adam: Adam::new(adam, parameters.len())?,
            parameters,
            value_scale: ValueScale::new(n_steps),
        };
        Ok(Self {
            config,
            tasks,
            seed,
            device: PhantomData,
            network,
            inputs,
            layout,
            episodic,
            shards,
            advantage: Vec::new(),
            zeros: vec![0.0; lanes * network.hidden],
            gradients: Vec::new(),
            state,
        })
    }

    /// Episodes and steps of a trial.
    pub(super) fn trial(&self) -> (u32, usize) {
        (
            self.shards[0].environment.n_episodes(),
            self.state.value_scale.n_steps(),
        )
    }

    /// The agent as it is, with an empty memory for `n_lanes` lanes.
    pub fn policy(&self, n_lanes: usize) -> Rl2Policy<E::ObservationSpace, D, ACTIONS> {
        Rl2Policy::new(
            &self.network,
            self.inputs,
            &self.state.parameters,
            self.state.value_scale.clone(),
            self.episodic
                .as_ref()
                .map(|empty| Recall::new(empty, self.config.recall_distance, n_lanes)),
            D::of_this_thread(),
            n_lanes,
        )
    }

    fn collect_trials(&mut self) -> Result<(), Error> {
        let lanes = self.config.lanes_per_shard;
        let first = self.state.iteration * self.config.n_lanes as u64;
        // Taken out, so that the agent can be read while they are filled.
        let mut shards = std::mem::take(&mut self.shards);
        let collected = shards
            .par_iter_mut()
            .enumerate()
            .try_for_each(|(shard_idx, shard)| {
                shard.rngs.clear();
                for lane in 0..lanes {
                    let trial = first + (shard_idx * lanes + lane) as u64;
                    let stream = |purpose| self.seed.stream(purpose, trial, 0, 0);
                    let task = self.tasks.sample(&mut stream(Purpose::Task));
                    shard
                        .environment
                        .assign(lane, &task, stream(Purpose::Environment))?;
                    shard.rngs.push(stream(Purpose::Policy));
                }
                let Shard {
                    environment,
                    rngs,
                    rollout,
                    ..
                } = shard;
                let mut policy = self.policy(lanes);
                collect(environment, &mut policy, rngs, rollout)?;
                shard.recalled = policy.into_history();
                Ok(())
            });
        self.shards = shards;
        collected
    }

    fn estimate_advantages(&mut self) -> Result<(), Error> {
        let Rl2Config {
            discount,
            trace_decay,
            ..
        } = self.config;
        for shard in &mut self.shards {
            let rollout = &shard.rollout;
            count_steps(&rollout.first, rollout.n_lanes(), &mut shard.trial_step);
            let transitions = Transitions {
                n_lanes: rollout.n_lanes(),
                reward: &rollout.reward,
                next_value: &rollout.next_value,
                terminated: &rollout.terminated,
                truncated: &rollout.truncated,
            };
            gae(
                &transitions,
                &rollout.value,
                discount,
                trace_decay,
                &mut shard.advantage,
            )?;
        }
        Ok(())
    }

    /// `1 − Var(G − V) / Var(G)`, both around the mean at each step of the trial.
    fn explained_variance(&self) -> f64 {
        let n_steps = self.state.value_scale.n_steps();
        let errors = self.shards.iter().flat_map(|shard| {
            let steps = shard.trial_step.iter().copied();
            steps.zip(shard.advantage.iter().copied())
        });
        let targets = self.shards.iter().flat_map(Shard::value_targets);
        1.0 - moments(errors, n_steps).1 / moments(targets, n_steps).1.max(1e-12)
    }

    fn improve(&mut self) -> Result<(Rl2State, f64, f64), Error> {
        let mut state = self.state.clone();
        let progress = state.iteration as f64 / self.config.n_iterations as f64;
        let left = (1.0 - progress).max(0.0);
        let Rl2Config {
            n_epochs,
            n_minibatches,
            learning_rate,
            final_learning_rate,
            max_gradient_norm,
            clip_range,
            value_weight,
            entropy_weight,
            ..
        } = self.config;
        let rate = final_learning_rate + left * (learning_rate - final_learning_rate);
        state.adam.set_learning_rate(rate);
        let targets = self.shards.iter().flat_map(Shard::value_targets);
        state.value_scale.observe(targets);
        self.prepare_losses(&state.value_scale)?;
        let weights = Weights {
            clip_range: ClipRange::new(clip_range)?,
            value: value_weight,
            entropy: entropy_weight * left,
        };
        let n_shards = self.shards.len();
        let mut order: Buffer<usize> = (0..n_shards).collect();
        let mut rng = self.seed.stream(Purpose::Minibatch, state.iteration, 0, 0);
        let (mut total_loss, mut total_norm) = (0.0, 0.0);
        let per_minibatch = n_shards / n_minibatches;
        for _ in 0..n_epochs {
            order.shuffle(&mut rng);
            for minibatch in order.chunks(per_minibatch) {
                let (loss, mut gradient) =
                    self.mean_gradient(minibatch, weights, &state.parameters)?;
                let norm = clip_norm(&mut gradient, max_gradient_norm);
                check_finite(state.iteration, "the loss", loss)?;
                check_finite(state.iteration, "the gradient's norm", norm)?;
                state.adam.step(&mut state.parameters, &gradient)?;
                total_loss += loss;
                total_norm += norm;
            }
        }
        state.iteration += 1;
        let n_steps = (n_epochs * n_minibatches) as f64;
        Ok((state, total_loss / n_steps, total_norm / n_steps))
    }

    /// Makes of each shard's rollout what its loss needs.
    fn prepare_losses(&mut self, value_scale: &ValueScale) -> Result<(), Error> {
        let advantages = self.shards.iter().flat_map(|shard| &shard.advantage);
        self.advantage.clear();
        self.advantage.extend(advantages);
        metarl_returns::normalize(&mut self.advantage, 1e-8)?;
        let (network, inputs) = (self.network, self.inputs);
        let row_width = network.row_width();
        self.shards.par_iter_mut().for_each(|shard| {
            // Taken out, so that the shard can be read while it is filled.
            let mut value_target = std::mem::take(&mut shard.value_target);
            for (to, (step, target)) in value_target.iter_mut().zip(shard.value_targets()) {
                *to = value_scale.normalize(step, target);
            }
            shard.value_target = value_target;
            let Shard {
                rollout,
                recalled,
                input,
                ..
            } = shard;
            inputs.encode(&rollout.observation, input, row_width);
            if row_width > network.inputs {
                let (first, n_lanes) = (&rollout.first, rollout.n_lanes());
                replay(recalled, network.hidden, first, n_lanes, input);
            }
        });
        Ok(())
    }

    /// The loss of one shard.
    fn loss(&self, shard_idx: usize, weights: Weights) -> OnDevice<ShardLoss<'_, ACTIONS>, D> {
        let shard = &self.shards[shard_idx];
        let n_rows = shard.rollout.len();
        let loss = ShardLoss {
            network: self.network,
            weights,
            zeros: &self.zeros,
            input: &shard.input,
            first: &shard.rollout.first,
            action: &shard.rollout.action,
            behavior_log_prob: &shard.rollout.log_prob,
            advantage: &self.advantage[shard_idx * n_rows..][..n_rows],
            value_target: &shard.value_target,
        };
        OnDevice::new(loss, D::of_this_thread())
    }

    /// Loss and gradient averaged over a minibatch of shards, added up in the minibatch's order however
    /// many threads computed them.
    fn mean_gradient(
        &mut self,
        minibatch: &[usize],
        weights: Weights,
        parameters: &[f32],
    ) -> Result<(f64, Buffer<f32>), Error> {
        // Taken out, so that the agent can be read while they are computed.
        let mut parts = std::mem::take(&mut self.gradients);
        let computed = compute_each(minibatch, &mut parts, |shard_idx| {
            Ok(self.loss(*shard_idx, weights).gradient(parameters)?)
        });
        self.gradients = parts;
        computed?;
        let share = 1.0 / minibatch.len() as f32;
        let mut mean = Buffer::zeros(parameters.len());
        let mut loss = 0.0;
        for (value, gradient) in &self.gradients {
            loss += f64::from(value * share);
            for (mean, g) in mean.iter_mut().zip(gradient) {
                *mean += share * g;
            }
        }
        Ok((loss, mean))
    }
}

impl<E, T, D, const ACTIONS: usize> Trainer for Rl2<E, T, D, ACTIONS>
where
    E: Environment<ActionSpace = Discrete<ACTIONS>> + Sync,
    T: TaskDistribution<Task = E::Task>,
    D: Kernels<f32>,
{
    type Iteration = Rl2Iteration;
    type State = Rl2State;

    /// One iteration: trials on fresh tasks, advantages, gradient steps.
    fn iterate(&mut self) -> Result<Self::Iteration, Error> {
        self.collect_trials()?;
        self.estimate_advantages()?;
        let (state, loss, gradient_norm) = self.improve()?;
        self.state = state;
        let rollouts = || self.shards.iter().map(|shard| &shard.rollout);
        let n_shards = self.shards.len() as f64;
        let n_rows = (self.shards.len() * self.shards[0].rollout.len()) as u64;
        let log_probs = rollouts().flat_map(|rollout| &rollout.log_prob);
        Ok(Rl2Iteration {
            iteration: self.state.iteration,
            env_steps: self.state.iteration * n_rows,
            total_reward: rollouts().map(Rollout::mean_total_reward).sum::<f64>()
                / n_shards
                / self.config.n_trials as f64,
            entropy: -log_probs.map(|x| f64::from(*x)).sum::<f64>() / n_rows as f64,
            loss,
            gradient_norm,
            explained_variance: self.explained_variance(),
        })
    }

    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn state(&self) -> &Self::State {
        &self.state
    }

    fn restore(&mut self, state: Self::State) -> Result<(), Error> {
        check_size(&state, &self.layout)?;
        let (expected, got) = (
            self.state.value_scale.n_steps(),
            state.value_scale.n_steps(),
        );
        let same = "that of the agent's trials";
        check("n_steps of the stored state", same, got, got == expected)?;
        self.state = state;
        Ok(())
    }
}

/// An empty episodic memory with room for an epoch of trials, each in a context of its own.
fn episodic<O: Space>(config: &Rl2Config) -> Result<EpisodicStore<BruteForce>, Error> {
    let neighbors = BruteForce::new(O::WIDTH, config.n_trials)?;
    // The nearest context alone counts, whatever the kernel.
    let kernel = Kernel::InverseDistance { delta: 1e-3 };
    Ok(EpisodicStore::new(neighbors, config.hidden, 1, kernel)?)
}
