//! Planning in the posterior mean.

use metarl_core::{Error, Rng, check_range};
use rand::RngExt;

use super::{Plan, Posterior, Prior, TabularAlgorithm};

/// Greedy in the posterior mean, except for an action drawn uniformly with probability ε at every
/// step. With ε = 0 it is the greedy baseline.
///
/// The RL² paper's rows belong to [`Prior::NEAR_FLAT`] with ε = 0.1 and ε = 0.
#[derive(Debug, Clone, PartialEq)]
pub struct EpsilonGreedy<const STATES: usize, const ACTIONS: usize> {
    epsilon: f64,
    posterior: Posterior<STATES, ACTIONS>,
    plan: Plan<STATES, ACTIONS>,
}

impl<const STATES: usize, const ACTIONS: usize> EpsilonGreedy<STATES, ACTIONS> {
    /// For one task of `horizon` steps an episode.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] when `epsilon` is outside `[0, 1]`.
    pub fn new(epsilon: f64, prior: Prior, horizon: usize) -> Result<Self, Error> {
        check_range(
            "epsilon",
            "in [0, 1]",
            epsilon,
            (0.0..=1.0).contains(&epsilon),
        )?;
        Ok(Self {
            epsilon,
            ..Self::greedy(prior, horizon)
        })
    }

    /// ε = 0.
    #[must_use]
    pub fn greedy(prior: Prior, horizon: usize) -> Self {
        Self {
            epsilon: 0.0,
            posterior: Posterior::new(prior),
            plan: Plan::new(horizon),
        }
    }
}

impl<const STATES: usize, const ACTIONS: usize> TabularAlgorithm<STATES, ACTIONS>
    for EpsilonGreedy<STATES, ACTIONS>
{
    fn begin_episode(&mut self, _rng: &mut Rng) {
        self.plan.solve(&self.posterior.mean());
    }

    fn act(&mut self, step: usize, state: usize, rng: &mut Rng) -> usize {
        if rng.random_bool(self.epsilon) {
            rng.random_range(0..ACTIONS)
        } else {
            self.plan.act(step, state, rng)
        }
    }

    fn observe(&mut self, state: usize, action: usize, reward: f64, successor: Option<usize>) {
        self.posterior.observe(state, action, reward, successor);
    }
}
