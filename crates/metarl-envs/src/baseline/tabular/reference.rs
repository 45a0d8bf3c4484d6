//! The floor and the ceiling of every comparison.

use metarl_core::{Error, Rng};
use rand::RngExt;

use super::{Model, Plan, TabularAlgorithm};
use crate::TabularTask;

/// Acts uniformly at random.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Uniform;

impl<const STATES: usize, const ACTIONS: usize> TabularAlgorithm<STATES, ACTIONS> for Uniform {
    fn begin_episode(&mut self, _rng: &mut Rng) {}

    fn act(&mut self, _step: usize, _state: usize, rng: &mut Rng) -> usize {
        rng.random_range(0..ACTIONS)
    }

    fn observe(&mut self, _state: usize, _action: usize, _reward: f64, _successor: Option<usize>) {}
}

/// Knows the process: finite-horizon value iteration, undiscounted. 21.82 ± 0.02 an episode on
/// [`RandomTabular::RL2`](crate::RandomTabular::RL2).
#[derive(Debug, Clone, PartialEq)]
pub struct Oracle<const STATES: usize, const ACTIONS: usize> {
    plan: Plan<STATES, ACTIONS>,
}

impl<const STATES: usize, const ACTIONS: usize> Oracle<STATES, ACTIONS> {
    /// Plans for the true process.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] as for [`TabularTask::check`].
    pub fn new(task: &TabularTask<STATES, ACTIONS>) -> Result<Self, Error> {
        let mut plan = Plan::new(task.horizon);
        plan.solve(&Model::of(task)?);
        Ok(Self { plan })
    }

    /// Expected return of an episode under the best behavior.
    #[must_use]
    pub fn expected_return(&self) -> f64 {
        self.plan.value(0, 0)
    }
}

impl<const STATES: usize, const ACTIONS: usize> TabularAlgorithm<STATES, ACTIONS>
    for Oracle<STATES, ACTIONS>
{
    fn begin_episode(&mut self, _rng: &mut Rng) {}

    fn act(&mut self, step: usize, state: usize, rng: &mut Rng) -> usize {
        self.plan.act(step, state, rng)
    }

    fn observe(&mut self, _state: usize, _action: usize, _reward: f64, _successor: Option<usize>) {}
}
