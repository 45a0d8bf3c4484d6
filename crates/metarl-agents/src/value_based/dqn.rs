//! Deep Q-networks.

use std::marker::PhantomData;

use dfdx::prelude::{Rank0, Tensor};
use metarl_autodiff::{
    Adam, AdamConfig, Algebra, Differentiable, Error as DifferentiationError, Kernels, Layout,
    Objective, OnDevice, Optimizer, Plain, bind, clip_norm,
};
use metarl_core::{Purpose, Seed, Space};
use metarl_losses::huber_value_error;
use metarl_memory::{NStep, NStepBatch, Replay, Transition};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::learner::{Learned, ValueLearner};
use super::network::{DenseStack, DenseStackParameters, rows};
use crate::Error;
use crate::range::{above_0, at_least_1, batch_size, check, in_unit_interval, width};
use crate::trainer::check_count;

/// Hyper-parameters of a deep Q-network.
///
/// | name | default | range | purpose |
/// |---|---|---|---|
/// | `hidden` | two layers of 64 | each 1 to 16384 | units of the hidden layers |
/// | `double` | false | | whether the trained network chooses the action that the target network values |
/// | `n_steps` | 1 | ≥ 1 | rewards before the bootstrap value |
/// | `discount` | 0.99 | [0, 1] | γ |
/// | `learning_rate` | 0.001 | > 0 | Adam's step size |
/// | `batch_size` | 32 | 1 to 2²⁰ | transitions of an update |
/// | `replay_bytes` | 10⁸ | room for one | size of the replay memory |
/// | `first_update` | 100 | ≥ 1 | steps before the first update |
/// | `steps_per_update` | 1 | ≥ 1 | steps from one update to the next |
/// | `target_period` | 100 | ≥ 1 | updates from one copy to the target network to the next |
/// | `max_gradient_norm` | 10 | > 0 | longest gradient that is not shortened |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DqnConfig {
    /// Units of the hidden layers.
    pub hidden: Vec<usize>,
    /// Whether the trained network chooses the action that the target network values.
    pub double: bool,
    /// Rewards before the bootstrap value.
    pub n_steps: usize,
    /// γ.
    pub discount: f32,
    /// Adam's step size.
    pub learning_rate: f64,
    /// Transitions of an update.
    pub batch_size: usize,
    /// Size of the replay memory.
    pub replay_bytes: usize,
    /// Steps before the first update.
    pub first_update: u64,
    /// Steps from one update to the next.
    pub steps_per_update: u64,
    /// Updates from one copy to the target network to the next.
    pub target_period: u64,
    /// Longest gradient that is not shortened.
    pub max_gradient_norm: f64,
}

impl Default for DqnConfig {
    fn default() -> Self {
        Self {
            hidden: vec![64, 64],
            double: false,
            n_steps: 1,
            discount: 0.99,
            learning_rate: 0.001,
            batch_size: 32,
            replay_bytes: 100_000_000,
            first_update: 100,
            steps_per_update: 1,
            target_period: 100,
            max_gradient_norm: 10.0,
        }
    }
}

impl DqnConfig {
    /// Checks every range.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] names the first key that is outside its range.
    pub fn validate(&self) -> Result<(), Error> {
        self.hidden
            .iter()
            .try_for_each(|&units| width("hidden", units))?;
        at_least_1("n_steps", self.n_steps)?;
        in_unit_interval("discount", self.discount)?;
        above_0("learning_rate", self.learning_rate)?;
        batch_size("batch_size", self.batch_size)?;
        at_least_1("first_update", self.first_update)?;
        at_least_1("steps_per_update", self.steps_per_update)?;
        at_least_1("target_period", self.target_period)?;
        above_0("max_gradient_norm", self.max_gradient_norm)
    }
}

/// A deep Q-network: a network of action values, trained on transitions that are drawn from memory.
///
/// ```text
/// L(θ) = mean Huber(Q(o, a; θ) − y)
/// y = R + γᵐ maxₐ Q(o′, a; θ⁻)                        θ⁻: a copy of θ, renewed now and then
/// y = R + γᵐ Q(o′, argmaxₐ Q(o′, a; θ); θ⁻)           double
/// ```
///
/// # References
///
/// Mnih et al., *Human-level control through deep reinforcement learning*, 2015; van Hasselt et al.,
/// *Deep Reinforcement Learning with Double Q-learning*, 2016,
/// [arXiv:1509.06461](https://arxiv.org/abs/1509.06461).
#[derive(Debug)]
pub struct Dqn<O, D: Kernels<f32>> {
    config: DqnConfig,
    n_step: NStep,
    network: DenseStack,
    layout: Layout,
    device: PhantomData<fn() -> D>,
    seed: Seed,
    space: PhantomData<fn() -> O>,
}

/// Everything a [`Dqn`] goes on from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound(
    serialize = "O: Copy + Serialize",
    deserialize = "O: Copy + Serialize + DeserializeOwned"
))]
pub struct DqnState<O> {
    n_steps: u64,
    n_updates: u64,
    parameters: Vec<f32>,
    target: Vec<f32>,
    adam: Adam<f32>,
    replay: Replay<O, usize>,
}

impl<O> Learned for DqnState<O>
where
    O: std::fmt::Debug + Copy + PartialEq + Serialize + DeserializeOwned + Send + Sync,
{
    fn parameters(&self) -> &[f32] {
        &self.parameters
    }
}

impl<O: Space, D: Kernels<f32>> Dqn<O, D> {
    /// A network for observations of the space `O` and a number of actions.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] for a hyper-parameter outside its range.
    pub fn new(config: DqnConfig, n_actions: usize, seed: Seed, _device: D) -> Result<Self, Error> {
        config.validate()?;
        at_least_1("n_actions", n_actions)?;
        let network = DenseStack::new(O::WIDTH, &config.hidden, n_actions);
        Ok(Self {
            n_step: NStep::new(config.n_steps, config.discount)?,
            layout: Layout::of(&network),
            config,
            network,
            device: PhantomData,
            seed,
            space: PhantomData,
        })
    }

    /// `Q(o, ·; θ)` of several observations, row after row.
    fn forward(&self, parameters: &[f32], observation: &[O::Element]) -> Vec<f32> {
        let algebra = Plain::new(D::of_this_thread());
        let input = algebra.constant(rows::<O, D>(algebra.device(), observation));
        let bound = bind(&self.network, &algebra, parameters);
        bound.forward(input).tensor().as_vec()
    }

    /// `y`
    fn targets(
        &self,
        state: &DqnState<O::Element>,
        batch: &NStepBatch<O::Element, usize>,
    ) -> Vec<f32> {
        let n_actions = self.network.widths.last().copied().unwrap_or(1);
        let value = self.forward(&state.target, &batch.successor);
        let chooser = if self.config.double {
            self.forward(&state.parameters, &batch.successor)
        } else {
            value.clone()
        };
        let rows = value
            .chunks_exact(n_actions)
            .zip(chooser.chunks_exact(n_actions));
        let returns = batch.reward.iter().zip(&batch.bootstrap_discount);
        rows.zip(returns)
            .map(|((value, chooser), (reward, discount))| {
                let chosen = (0..n_actions).max_by(|a, b| chooser[*a].total_cmp(&chooser[*b]));
                reward + discount * chosen.map_or(0.0, |action| value[action])
            })
            .collect()
    }

    fn update(&self, state: &mut DqnState<O::Element>) -> Result<(), Error>
    where
        O::Element: Serialize + DeserializeOwned,
    {
        let mut rng = self.seed.stream(Purpose::Minibatch, 0, 0, state.n_updates);
        let mut indices = vec![0; self.config.batch_size];
        state.replay.draw(&mut rng, &mut indices)?;
        let mut batch = NStepBatch::default();
        self.n_step.gather(&state.replay, &indices, &mut batch)?;
        let target = self.targets(state, &batch);
        let device = D::of_this_thread();
        let loss = TemporalDifference {
            network: self.network.clone(),
            observation: rows::<O, D>(&device, &batch.observation),
            action: batch.action,
            target,
        };
        let loss = OnDevice::new(loss, device);
        let (value, mut gradient) = loss.gradient(&state.parameters)?;
        check_finite(state.n_updates, f64::from(value))?;
        clip_norm(&mut gradient, self.config.max_gradient_norm);
        state.adam.step(&mut state.parameters, &gradient)?;
        state.n_updates += 1;
        if state.n_updates.is_multiple_of(self.config.target_period) {
            state.target.clone_from(&state.parameters);
        }
        Ok(())
    }
}

/// A loss that is not a number is an error.
fn check_finite(iteration: u64, value: f64) -> Result<(), Error> {
    if value.is_finite() {
        Ok(())
    } else {
        Err(Error::NonFinite {
            iteration,
            what: "the loss",
            value,
        })
    }
}

impl<O, D> ValueLearner<O> for Dqn<O, D>
where
    O: Space<Element: Serialize + DeserializeOwned>,
    D: Kernels<f32>,
{
    type State = DqnState<O::Element>;

    fn start(&self, seed: Seed) -> Result<Self::State, Error> {
        let mut rng = seed.stream(Purpose::Initialization, 0, 0, 0);
        let parameters = self.layout.initialize(&mut rng);
        let adam = AdamConfig {
            learning_rate: self.config.learning_rate,
            ..AdamConfig::default()
        };
        Ok(DqnState {
            n_steps: 0,
            n_updates: 0,
            target: parameters.clone(),
            adam: Adam::new(adam, parameters.len())?,
            parameters,
            replay: Replay::new(1, self.config.replay_bytes)?,
        })
    }

    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn check(&self, state: &Self::State) -> Result<(), Error> {
        let expected = self.layout.n_parameters();
        check_count(expected, state.parameters.len())?;
        check_count(expected, state.target.len())
    }

    fn action_values(
        &self,
        state: &mut Self::State,
        observation: &O::Element,
        values: &mut [f32],
    ) -> Result<(), Error> {
        let row = self.forward(&state.parameters, std::slice::from_ref(observation));
        check(
            "values",
            "one an action",
            values.len(),
            values.len() == row.len(),
        )?;
        values.copy_from_slice(&row);
        Ok(())
    }

    fn learn(
        &self,
        state: &mut Self::State,
        step: &Transition<O::Element, usize>,
    ) -> Result<(), Error> {
        state.replay.push_transition(step)?;
        state.n_steps += 1;
        let waited = state.n_steps >= self.config.first_update;
        if waited && state.n_steps.is_multiple_of(self.config.steps_per_update) {
            self.update(state)?;
        }
        Ok(())
    }
}

/// How far `Q(o, a; θ)` is from targets that do not move with θ.
#[derive(Debug)]
struct TemporalDifference<D: Kernels<f32>> {
    network: DenseStack,
    observation: Tensor<(usize, usize), f32, D>,
    action: Vec<usize>,
    target: Vec<f32>,
}

impl<D: Kernels<f32>> Objective<f32, D> for TemporalDifference<D> {
    type Network = DenseStack;

    fn network(&self) -> &DenseStack {
        &self.network
    }

    fn loss<A: Algebra<Elem = f32, Device = D>>(
        &self,
        algebra: &A,
        parameters: DenseStackParameters<A>,
    ) -> Result<A::Of<Rank0>, DifferentiationError> {
        let values = parameters.forward(algebra.constant(self.observation.clone()));
        let taken = A::pick(values, &self.action);
        huber_value_error(algebra, taken, &self.target)
    }
}
