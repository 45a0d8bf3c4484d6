//! Deep Q-networks.

use std::marker::PhantomData;

use dfdx::prelude::Rank0;
use metarl_autodiff::{
    Adam, AdamConfig, Algebra, Differentiable, Error as DifferentiationError, Kernels, Layout,
    Objective, OnDevice, Optimizer, Plain, bind, clip_norm,
};
use metarl_core::{Purpose, Seed, Space};
use metarl_losses::huber_value_error;
use metarl_memory::{NStep, NStepBatch, Transition};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::learner::{Learned, ValueLearner};
use super::network::{DenseStack, DenseStackParameters, rows};
use super::replay::{Experience, ReplayConfig};
use crate::Error;
use crate::range::{above_0, at_least_1, check, in_unit_interval, width};
use crate::trainer::{check_count, check_finite};

/// Hyper-parameters of a deep Q-network.
///
/// | name | default | range | purpose |
/// |---|---|---|---|
/// | `hidden` | two layers of 64 | each 1 to 16384 | units of the hidden layers |
/// | `double` | false | | whether the trained network chooses the action that the target network values |
/// | `n_steps` | 1 | ≥ 1 | rewards before the bootstrap value |
/// | `discount` | 0.99 | [0, 1] | γ |
/// | `learning_rate` | 0.001 | > 0 | Adam's step size |
/// | `target_period` | 100 | ≥ 1 | updates from one copy to the target network to the next |
/// | `replay` | 32 transitions, every 16 steps | | [`ReplayConfig`] |
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
    /// Updates from one copy to the target network to the next.
    pub target_period: u64,
    /// What updates are made of, and how many there are.
    pub replay: ReplayConfig,
}

impl Default for DqnConfig {
    fn default() -> Self {
        Self {
            hidden: vec![64, 64],
            double: false,
            n_steps: 1,
            discount: 0.99,
            learning_rate: 0.001,
            target_period: 100,
            replay: ReplayConfig::default(),
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
        at_least_1("target_period", self.target_period)?;
        self.replay.validate()
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
    parameters: Vec<f32>,
    target: Vec<f32>,
    adam: Adam<f32>,
    experience: Experience<O>,
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
        let bound = bind(&self.network, &algebra, parameters);
        let outputs = bound.of_rows(&algebra, &rows::<O>(observation), observation.len());
        outputs.as_vec()
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
        let config = &self.config.replay;
        let batch = state.experience.draw(config, &self.n_step, self.seed)?;
        let target = self.targets(state, &batch);
        let loss = TemporalDifference {
            network: self.network.clone(),
            observation: rows::<O>(&batch.observation),
            action: batch.action,
            target,
        };
        let loss = OnDevice::new(loss, D::of_this_thread());
        let (value, mut gradient) = loss.gradient(&state.parameters)?;
        let n_updates = &mut state.experience.n_updates;
        check_finite(*n_updates, "the loss", f64::from(value))?;
        clip_norm(&mut gradient, config.max_gradient_norm);
        state.adam.step(&mut state.parameters, &gradient)?;
        *n_updates += 1;
        if n_updates.is_multiple_of(self.config.target_period) {
            state.target.clone_from(&state.parameters);
        }
        Ok(())
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
            target: parameters.clone(),
            adam: Adam::new(adam, parameters.len())?,
            parameters,
            experience: Experience::new(&self.config.replay)?,
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
        state.experience.push(step)?;
        if state.experience.count_step(&self.config.replay) {
            self.update(state)?;
        }
        Ok(())
    }
}

/// How far `Q(o, a; θ)` is from targets that do not move with θ.
#[derive(Debug)]
struct TemporalDifference {
    network: DenseStack,
    observation: Vec<f32>,
    action: Vec<usize>,
    target: Vec<f32>,
}

impl<D: Kernels<f32>> Objective<f32, D> for TemporalDifference {
    type Network = DenseStack;

    fn network(&self) -> &DenseStack {
        &self.network
    }

    fn loss<A: Algebra<Elem = f32, Device = D>>(
        &self,
        algebra: &A,
        parameters: DenseStackParameters<A>,
    ) -> Result<A::Of<Rank0>, DifferentiationError> {
        let values = parameters.of_rows(algebra, &self.observation, self.action.len());
        let taken = A::pick(values, &self.action);
        huber_value_error(algebra, taken, &self.target)
    }
}
