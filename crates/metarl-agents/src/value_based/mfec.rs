//! Model-free episodic control.

use std::marker::PhantomData;

use metarl_autodiff::{Algebra, Binder, Layout, Network};
use metarl_core::{Purpose, Seed, Space};
use metarl_memory::{GaussianProjection, Search, Transition};
use serde::{Deserialize, Serialize};

use super::learner::{Learned, ValueLearner};
use super::stored::StoredTable;
use crate::Error;
use crate::range::{at_least_1, check, in_unit_interval, width};

/// Hyper-parameters of model-free episodic control.
///
/// | name | default | range | purpose |
/// |---|---|---|---|
/// | `key_width` | 64 | 1 to 16384 | numbers of a key: a random projection of the observation |
/// | `n_neighbors` | 11 | ≥ 1 | k: entries whose mean stands for a state that is new |
/// | `capacity` | 100000 | ≥ 1 | entries of an action |
/// | `discount` | 0.99 | [0, 1] | γ |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MfecConfig {
    /// Numbers of a key.
    pub key_width: usize,
    /// Entries whose mean stands for a state that is new.
    pub n_neighbors: usize,
    /// Entries of an action.
    pub capacity: usize,
    /// γ.
    pub discount: f32,
}

impl Default for MfecConfig {
    fn default() -> Self {
        Self {
            key_width: 64,
            n_neighbors: 11,
            capacity: 100_000,
            discount: 0.99,
        }
    }
}

impl MfecConfig {
    /// Checks every range.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] names the first key that is outside its range.
    pub fn validate(&self) -> Result<(), Error> {
        width("key_width", self.key_width)?;
        at_least_1("n_neighbors", self.n_neighbors)?;
        at_least_1("capacity", self.capacity)?;
        in_unit_interval("discount", self.discount)
    }
}

/// Model-free episodic control: a table an action of the best return that was ever reached.
///
/// ```text
/// Q(h, a) ← max(Q(h, a), R)          at the end of an episode, for each of its steps
/// R = r + γ r′ + γ² r″ + …           and where the episode was cut, γⁿ times what is sure there
/// Q̂(h, a) = Q(h, a), or the mean of the k nearest where h is new, or ∞ where a was never tried
/// ```
///
/// `h` is a random projection of the observation, which nothing learns.
///
/// # References
///
/// Blundell et al., *Model-Free Episodic Control*, 2016,
/// [arXiv:1606.04460](https://arxiv.org/abs/1606.04460).
#[derive(Debug)]
pub struct Mfec<O> {
    config: MfecConfig,
    n_actions: usize,
    projection: GaussianProjection,
    layout: Layout,
    space: PhantomData<fn() -> O>,
}

/// Everything [`Mfec`] goes on from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MfecState {
    /// Of each action.
    tables: Vec<StoredTable>,
    /// Steps of the episode that goes on: keys row after row, actions and rewards.
    keys: Vec<f32>,
    actions: Vec<usize>,
    rewards: Vec<f32>,
    /// The least of all rewards, or 0 where none was less.
    least_reward: f32,
}

impl Learned for MfecState {
    /// None: nothing is learned by gradients.
    fn parameters(&self) -> &[f32] {
        &[]
    }
}

/// A network without parameters.
#[derive(Debug)]
struct Nothing;

impl Network for Nothing {
    type Bound<A: Algebra> = ();

    fn bind<A: Algebra, B: Binder<A>>(&self, _: &mut B) -> Self::Bound<A> {}
}

impl<O: Space> Mfec<O> {
    /// Empty tables for observations of the space `O` and a number of actions.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] for a hyper-parameter outside its range.
    pub fn new(config: MfecConfig, n_actions: usize, seed: Seed) -> Result<Self, Error> {
        config.validate()?;
        at_least_1("n_actions", n_actions)?;
        let mut rng = seed.stream(Purpose::Initialization, 0, 0, 0);
        Ok(Self {
            projection: GaussianProjection::new(O::WIDTH, config.key_width, &mut rng)?,
            layout: Layout::of(&Nothing),
            config,
            n_actions,
            space: PhantomData,
        })
    }

    fn key(&self, observation: &O::Element) -> Result<Vec<f32>, Error> {
        let mut numbers = vec![0.0; O::WIDTH];
        O::encode(observation, &mut numbers);
        let mut key = vec![0.0; self.config.key_width];
        self.projection.project(&numbers, &mut key)?;
        Ok(key)
    }

    fn estimate(
        &self,
        state: &mut MfecState,
        key: &[f32],
        values: &mut [f32],
    ) -> Result<(), Error> {
        let mut search = Search::default();
        for (value, StoredTable(table)) in values.iter_mut().zip(&mut state.tables) {
            *value = if table.keys().is_empty() {
                f32::INFINITY
            } else {
                table.look_up(key, &mut search)?
            };
        }
        Ok(())
    }

    /// What is sure to follow an observation at which an episode was cut: the best that was ever
    /// reached from there, and where nobody was there the least reward ever seen, for ever, or nothing.
    /// An estimate would be hope, and the maximum would keep it.
    fn sure(&self, state: &MfecState, observation: &O::Element) -> Result<f32, Error> {
        let key = self.key(observation)?;
        let mut sure = None;
        for StoredTable(table) in &state.tables {
            let best = table.best(&key)?;
            sure = sure.into_iter().chain(best).reduce(f32::max);
        }
        let least = state.least_reward / (1.0 - self.config.discount);
        Ok(sure.unwrap_or(if least < 0.0 { least } else { 0.0 }))
    }

    /// Writes what followed each step of the episode.
    fn remember(&self, state: &mut MfecState, mut following: f32) -> Result<(), Error> {
        let keys = state.keys.chunks_exact(self.config.key_width);
        let steps = keys.zip(&state.actions).zip(&state.rewards);
        for ((key, &action), reward) in steps.rev() {
            following = reward + self.config.discount * following;
            // Of what may go on for ever at a loss nothing is sure.
            if following.is_finite() {
                state.tables[action].0.write(key, following)?;
            }
        }
        state.keys.clear();
        state.actions.clear();
        state.rewards.clear();
        Ok(())
    }
}

impl<O: Space> ValueLearner<O> for Mfec<O> {
    type State = MfecState;

    fn start(&self, _: Seed) -> Result<MfecState, Error> {
        let MfecConfig {
            key_width,
            capacity,
            n_neighbors,
            ..
        } = self.config;
        let table = |_| StoredTable::new(key_width, capacity, n_neighbors);
        Ok(MfecState {
            tables: (0..self.n_actions).map(table).collect::<Result<_, _>>()?,
            keys: Vec::new(),
            actions: Vec::new(),
            rewards: Vec::new(),
            least_reward: 0.0,
        })
    }

    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn check(&self, state: &MfecState) -> Result<(), Error> {
        let got = state.tables.len();
        check("tables", "one an action", got, got == self.n_actions)?;
        let width = self.config.key_width;
        let fits = |table: &StoredTable| table.0.keys().dimension() == width;
        check(
            "key_width",
            "that of the stored tables",
            width,
            state.tables.iter().all(fits),
        )
    }

    fn action_values(
        &self,
        state: &mut MfecState,
        observation: &O::Element,
        values: &mut [f32],
    ) -> Result<(), Error> {
        let key = self.key(observation)?;
        self.estimate(state, &key, values)
    }

    fn learn(
        &self,
        state: &mut MfecState,
        step: &Transition<O::Element, usize>,
    ) -> Result<(), Error> {
        state.keys.extend(self.key(&step.observation)?);
        state.actions.push(step.action);
        state.rewards.push(step.reward);
        state.least_reward = state.least_reward.min(step.reward);
        if step.terminated {
            self.remember(state, 0.0)?;
        } else if step.truncated {
            let following = self.sure(state, &step.successor)?;
            self.remember(state, following)?;
        }
        Ok(())
    }
}
