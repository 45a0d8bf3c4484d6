//! Environments, many lanes at a time.

use multiversion::multiversion;
use serde::{Deserialize, Serialize};

use crate::{Error, Rng, Space};

/// A batch of lanes, each one Markov decision process with its own task and random stream.
///
/// A lane that ends an episode starts the next one within the same step: `observation` is then the
/// first of the new episode, and `successor` still the one the ended episode reached.
///
/// The contract is checked by `metarl_testkit::conformance`.
pub trait Environment: Send {
    /// Parameters of one Markov decision process.
    type Task: Clone + Send + Sync;
    /// What is seen.
    type ObservationSpace: Space;
    /// What can be done.
    type ActionSpace: Space;

    /// The set observations come from.
    fn observation_space(&self) -> Self::ObservationSpace;

    /// The set actions must come from.
    fn action_space(&self) -> Self::ActionSpace;

    /// How many lanes are stepped together.
    fn n_lanes(&self) -> usize;

    /// Gives `lane` a task and the stream its dynamics draw from. Takes effect at the next
    /// [`reset`](Environment::reset).
    ///
    /// # Errors
    ///
    /// When the task's parameters are out of range or there is no such lane.
    fn assign(&mut self, lane: usize, task: &Self::Task, rng: Rng) -> Result<(), Error>;

    /// Starts a new episode in every lane and writes the first observations.
    ///
    /// # Errors
    ///
    /// [`Error::LaneMismatch`] when `observation` is not one per lane.
    fn reset(
        &mut self,
        observation: &mut [<Self::ObservationSpace as Space>::Element],
    ) -> Result<(), Error>;

    /// Steps every lane once.
    ///
    /// # Errors
    ///
    /// [`Error::LaneMismatch`] when `action` is not one per lane, [`Error::InvalidAction`] when one
    /// lies outside the action space. After an error the lanes must be reset.
    fn step(
        &mut self,
        action: &[<Self::ActionSpace as Space>::Element],
        step: &mut StepBatch<<Self::ObservationSpace as Space>::Element>,
    ) -> Result<(), Error>;
}

/// What one step of every lane gave: a struct of arrays, one entry a lane, reused step after step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepBatch<O> {
    /// What to act on next; the first observation of a new episode where one ended.
    pub observation: Vec<O>,
    /// What the step reached, also where an episode ended: the place to bootstrap from.
    pub successor: Vec<O>,
    /// Reward of the step.
    pub reward: Vec<f32>,
    /// The process itself ended: nothing follows, its value is zero.
    pub terminated: Vec<bool>,
    /// The episode was cut while the process goes on: its value is that of `successor`.
    pub truncated: Vec<bool>,
}

impl<O: Copy> StepBatch<O> {
    /// Room for `n_lanes` steps.
    #[must_use]
    pub fn new(n_lanes: usize, zero: O) -> Self {
        Self {
            observation: vec![zero; n_lanes],
            successor: vec![zero; n_lanes],
            reward: vec![0.0; n_lanes],
            terminated: vec![false; n_lanes],
            truncated: vec![false; n_lanes],
        }
    }

    /// How many lanes it has room for.
    #[must_use]
    pub fn n_lanes(&self) -> usize {
        self.reward.len()
    }

    /// Whether the lane's episode ended with this step, either way.
    #[must_use]
    pub fn ended(&self, lane: usize) -> bool {
        self.terminated[lane] || self.truncated[lane]
    }
}

/// Checks that a per-lane argument has one entry a lane: for implementers of [`Environment`] and
/// [`Policy`](crate::Policy).
///
/// # Errors
///
/// [`Error::LaneMismatch`] otherwise.
pub fn check_lanes(name: &'static str, got: usize, expected: usize) -> Result<(), Error> {
    if got == expected {
        Ok(())
    } else {
        Err(Error::LaneMismatch {
            name,
            expected,
            got,
        })
    }
}

/// The entry of a lane: for implementers of [`Environment::assign`].
///
/// # Errors
///
/// [`Error::OutOfRange`] when there is no such lane.
pub fn lane_mut<T>(lanes: &mut [T], lane: usize) -> Result<&mut T, Error> {
    lanes.get_mut(lane).ok_or_else(|| Error::OutOfRange {
        name: "lane",
        allowed: "below the number of lanes",
        got: lane.to_string(),
    })
}

/// Checks that every action is one, before any lane moves; `n_steps` has the steps of each lane's
/// episode. For implementers of [`Environment::step`].
///
/// # Errors
///
/// [`Error::InvalidAction`] names the first lane whose action is none.
pub fn check_actions<S: Space>(
    environment: &'static str,
    space: &S,
    action: &[S::Element],
    n_steps: impl IntoIterator<Item = u32>,
) -> Result<(), Error> {
    if contains_all(space, action) {
        return Ok(());
    }
    let mut lanes = action.iter().zip(n_steps).enumerate();
    let wrong = lanes.find(|(_, (action, _))| !space.contains(action));
    wrong.map_or(Ok(()), |(lane, (action, step))| {
        Err(Error::InvalidAction {
            environment,
            lane,
            step,
            action: format!("{action:?}"),
            space: space.describe(),
        })
    })
}

/// Looks at all of them, so that the loop has one exit and the compiler makes vector instructions of it.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
fn contains_all<S: Space>(space: &S, elements: &[S::Element]) -> bool {
    let checked = elements.iter().map(|element| space.contains(element));
    checked.fold(true, |all, one| all & one)
}
