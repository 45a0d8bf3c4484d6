//! Neural episodic control.

use std::collections::VecDeque;
use std::fmt::Debug;
use std::marker::PhantomData;

use dfdx::prelude::Rank0;
use metarl_autodiff::{
    Algebra, Differentiable, Error as DifferentiationError, Kernels, Layout, Objective, OnDevice,
    Optimizer, Plain, RmsProp, RmsPropConfig, bind, clip_norm,
};
use metarl_core::{Purpose, Seed, Space};
use metarl_memory::{DictionaryConfig, LookUp, LookUpGradient, NStep, Transition};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::learner::{Learned, ValueLearner};
use super::network::{DenseStack, DenseStackParameters, rows};
use super::policy::largest;
use super::replay::{Experience, ReplayConfig};
use super::stored::StoredDictionary;
use crate::Error;
use crate::range::{above_0, at_least_0, at_least_1, check, in_unit_interval, width};
use crate::trainer::{check_count, check_finite};

/// Hyper-parameters of neural episodic control.
///
/// | name | default | range | purpose |
/// |---|---|---|---|
/// | `hidden` | one layer of 64 | each 1 to 16384 | units of the hidden layers |
/// | `key_width` | 32 | 1 to 16384 | numbers of a key: the output of the network |
/// | `capacity` | 100000 | ≥ 1 | entries of an action's dictionary |
/// | `dictionary` | 50 neighbors, α = 0.1 | | [`DictionaryConfig`] |
/// | `n_steps` | 100 | ≥ 1 | N: rewards before the bootstrap value |
/// | `discount` | 0.99 | [0, 1] | γ |
/// | `learning_rate` | 0.0005 | > 0 | `RMSProp`'s step size for the network |
/// | `memory_learning_rate` | 0.1 | ≥ 0 | step size of keys and values |
/// | `replay` | 32 steps, every 16 steps | | [`ReplayConfig`] |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NecConfig {
    /// Units of the hidden layers.
    pub hidden: Vec<usize>,
    /// Numbers of a key.
    pub key_width: usize,
    /// Entries of an action's dictionary.
    pub capacity: usize,
    /// How dictionaries are read and written.
    pub dictionary: DictionaryConfig,
    /// N: rewards before the bootstrap value.
    pub n_steps: usize,
    /// γ.
    pub discount: f32,
    /// `RMSProp`'s step size for the network.
    pub learning_rate: f64,
    /// Step size of keys and values.
    pub memory_learning_rate: f64,
    /// What updates are made of, and how many there are.
    pub replay: ReplayConfig,
}

impl Default for NecConfig {
    fn default() -> Self {
        Self {
            hidden: vec![64],
            key_width: 32,
            capacity: 100_000,
            dictionary: DictionaryConfig::default(),
            n_steps: 100,
            discount: 0.99,
            learning_rate: 0.0005,
            memory_learning_rate: 0.1,
            replay: ReplayConfig::default(),
        }
    }
}

impl NecConfig {
    /// Checks every range.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] names the first key that is outside its range.
    pub fn validate(&self) -> Result<(), Error> {
        self.hidden
            .iter()
            .try_for_each(|&units| width("hidden", units))?;
        width("key_width", self.key_width)?;
        at_least_1("capacity", self.capacity)?;
        self.dictionary.validate()?;
        at_least_1("n_steps", self.n_steps)?;
        in_unit_interval("discount", self.discount)?;
        above_0("learning_rate", self.learning_rate)?;
        at_least_0("memory_learning_rate", self.memory_learning_rate)?;
        self.replay.validate()
    }
}

/// Neural episodic control: a dictionary an action of values that were reached, read by what a
/// network makes of the observation.
///
/// ```text
/// h = f(o; θ)
/// Q(o, a) = Σᵢ wᵢ vᵢ              over the nearest keys of a's dictionary; ∞ where a was never tried
/// Q⁽ᴺ⁾ = r + γ r′ + … + γᴺ max Q(o⁽ᴺ⁾, ·)        written under h, N steps later
/// L = (1/2B) Σ (Q(o, a) − Q⁽ᴺ⁾)²  over steps from replay; by θ, keys and values
/// ```
///
/// What is written finds its way into the policy at once, what gradients do comes slowly after it.
///
/// # References
///
/// Pritzel et al., *Neural Episodic Control*, 2017,
/// [arXiv:1703.01988](https://arxiv.org/abs/1703.01988), algorithm 1.
#[derive(Debug)]
pub struct Nec<O, D: Kernels<f32>> {
    config: NecConfig,
    n_actions: usize,
    network: DenseStack,
    layout: Layout,
    device: PhantomData<fn() -> D>,
    seed: Seed,
    space: PhantomData<fn() -> O>,
}

/// Everything [`Nec`] goes on from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound(
    serialize = "O: Copy + Serialize",
    deserialize = "O: Copy + Serialize + DeserializeOwned"
))]
pub struct NecState<O> {
    parameters: Vec<f32>,
    optimizer: RmsProp<f32>,
    /// Of each action.
    dictionaries: Vec<StoredDictionary>,
    /// Steps whose Q⁽ᴺ⁾ is not known yet, oldest first.
    pending: VecDeque<Pending<O>>,
    /// Steps as transitions that terminate: their reward is Q⁽ᴺ⁾.
    experience: Experience<O>,
}

/// A step that waits for its value.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Pending<O> {
    observation: O,
    action: usize,
    reward: f32,
}

impl<O> Learned for NecState<O>
where
    O: Debug + Copy + PartialEq + Serialize + DeserializeOwned + Send + Sync,
{
    fn parameters(&self) -> &[f32] {
        &self.parameters
    }
}

impl<O: Space, D: Kernels<f32>> Nec<O, D> {
    /// A network and empty dictionaries for observations of the space `O` and a number of actions.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] for a hyper-parameter outside its range.
    pub fn new(config: NecConfig, n_actions: usize, seed: Seed, _device: D) -> Result<Self, Error> {
        config.validate()?;
        at_least_1("n_actions", n_actions)?;
        let network = DenseStack::new(O::WIDTH, &config.hidden, config.key_width);
        Ok(Self {
            layout: Layout::of(&network),
            config,
            n_actions,
            network,
            device: PhantomData,
            seed,
            space: PhantomData,
        })
    }

    /// Keys of several observations, row after row.
    fn embed(&self, parameters: &[f32], observation: &[O::Element]) -> Vec<f32> {
        let algebra = Plain::new(D::of_this_thread());
        let bound = bind(&self.network, &algebra, parameters);
        let outputs = bound.of_rows(&algebra, &rows::<O>(observation), observation.len());
        outputs.as_vec()
    }

    fn estimate(
        &self,
        state: &mut NecState<O::Element>,
        observation: &O::Element,
        values: &mut [f32],
    ) -> Result<(), Error> {
        let key = self.embed(&state.parameters, std::slice::from_ref(observation));
        let mut look_up = LookUp::default();
        for (value, StoredDictionary(dictionary)) in values.iter_mut().zip(&mut state.dictionaries)
        {
            *value = if dictionary.keys().is_empty() {
                f32::INFINITY
            } else {
                dictionary.look_up(&key, &mut look_up)?[0]
            };
        }
        Ok(())
    }

    /// Writes the oldest step that waits, given what follows the newest one.
    fn write(&self, state: &mut NecState<O::Element>, following: f32) -> Result<(), Error> {
        let steps = state.pending.iter().rev();
        let target = steps.fold(following, |value, step| {
            step.reward + self.config.discount * value
        });
        let Some(step) = state.pending.pop_front() else {
            return Ok(());
        };
        let key = self.embed(&state.parameters, &[step.observation]);
        state.dictionaries[step.action].0.write(&key, &[target])?;
        state.experience.push(&Transition {
            observation: step.observation,
            action: step.action,
            reward: target,
            successor: step.observation,
            terminated: true,
            truncated: false,
        })
    }

    fn update(&self, state: &mut NecState<O::Element>) -> Result<(), Error> {
        let (config, one_step) = (&self.config.replay, NStep::new(1, 0.0)?);
        let batch = state.experience.draw(config, &one_step, self.seed)?;
        let keys = self.embed(&state.parameters, &batch.observation);
        let share = 1.0 / batch.reward.len() as f32;
        let (mut look_up, mut gradient) = (LookUp::default(), LookUpGradient::default());
        let mut by_key = Vec::with_capacity(keys.len());
        let mut steps = Vec::with_capacity(batch.reward.len());
        let entries = keys.chunks_exact(self.config.key_width);
        for ((key, &action), target) in entries.zip(&batch.action).zip(&batch.reward) {
            let value = state.dictionaries[action].0.look_up(key, &mut look_up)?[0];
            look_up.gradient(&[share * (value - target)], &mut gradient)?;
            by_key.extend_from_slice(&gradient.query);
            steps.push((action, gradient.clone()));
        }
        let step_size = self.config.memory_learning_rate as f32;
        for (action, gradient) in steps {
            state.dictionaries[action].0.descend(&gradient, step_size)?;
        }
        let loss = Along {
            network: self.network.clone(),
            observation: rows::<O>(&batch.observation),
            n_rows: batch.reward.len(),
            by_key,
        };
        let loss = OnDevice::new(loss, D::of_this_thread());
        let (_, mut gradient) = loss.gradient(&state.parameters)?;
        let norm = clip_norm(&mut gradient, config.max_gradient_norm);
        check_finite(state.experience.n_updates, "the gradient's norm", norm)?;
        state.optimizer.step(&mut state.parameters, &gradient)?;
        state.experience.n_updates += 1;
        Ok(())
    }
}

impl<O, D> ValueLearner<O> for Nec<O, D>
where
    O: Space<Element: Serialize + DeserializeOwned>,
    D: Kernels<f32>,
{
    type State = NecState<O::Element>;

    fn start(&self, seed: Seed) -> Result<Self::State, Error> {
        let mut rng = seed.stream(Purpose::Initialization, 0, 0, 0);
        let parameters = self.layout.initialize(&mut rng);
        let config = &self.config;
        let optimizer = RmsPropConfig {
            learning_rate: config.learning_rate,
            ..RmsPropConfig::default()
        };
        let dictionary =
            |_| StoredDictionary::new(config.key_width, config.capacity, config.dictionary);
        Ok(NecState {
            optimizer: RmsProp::new(optimizer, parameters.len())?,
            parameters,
            dictionaries: (0..self.n_actions)
                .map(dictionary)
                .collect::<Result<_, _>>()?,
            pending: VecDeque::new(),
            experience: Experience::new(&config.replay)?,
        })
    }

    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn check(&self, state: &Self::State) -> Result<(), Error> {
        check_count(self.layout.n_parameters(), state.parameters.len())?;
        let got = state.dictionaries.len();
        check("dictionaries", "one an action", got, got == self.n_actions)?;
        let width = self.config.key_width;
        let fits = |stored: &StoredDictionary| stored.0.keys().dimension() == width;
        let fit = state.dictionaries.iter().all(fits);
        check("key_width", "that of the stored dictionaries", width, fit)
    }

    fn action_values(
        &self,
        state: &mut Self::State,
        observation: &O::Element,
        values: &mut [f32],
    ) -> Result<(), Error> {
        self.estimate(state, observation, values)
    }

    fn learn(
        &self,
        state: &mut Self::State,
        step: &Transition<O::Element, usize>,
    ) -> Result<(), Error> {
        state.pending.push_back(Pending {
            observation: step.observation,
            action: step.action,
            reward: step.reward,
        });
        let ended = step.terminated || step.truncated;
        if ended || state.pending.len() == self.config.n_steps {
            let following = if step.terminated {
                0.0
            } else {
                let mut values = vec![0.0; self.n_actions];
                self.estimate(state, &step.successor, &mut values)?;
                largest(&values)
            };
            self.write(state, following)?;
            while ended && !state.pending.is_empty() {
                self.write(state, following)?;
            }
        }
        if state.experience.count_step(&self.config.replay) {
            self.update(state)?;
        }
        Ok(())
    }
}

/// `Σ ⟨f(o; θ), g⟩`: its gradient is that of a loss whose gradient by the keys is `g`.
#[derive(Debug)]
struct Along {
    network: DenseStack,
    observation: Vec<f32>,
    n_rows: usize,
    by_key: Vec<f32>,
}

impl<D: Kernels<f32>> Objective<f32, D> for Along {
    type Network = DenseStack;

    fn network(&self) -> &DenseStack {
        &self.network
    }

    fn loss<A: Algebra<Elem = f32, Device = D>>(
        &self,
        algebra: &A,
        parameters: DenseStackParameters<A>,
    ) -> Result<A::Of<Rank0>, DifferentiationError> {
        let keys = parameters.of_rows(algebra, &self.observation, self.n_rows);
        let by_key = algebra.data(&self.by_key, A::shape(&keys));
        Ok(A::sum(keys * by_key))
    }
}
