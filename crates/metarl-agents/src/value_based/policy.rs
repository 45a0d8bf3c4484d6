//! Acting on action values.

use metarl_core::{DecisionBatch, Error as EnvironmentError, Policy, Rng, Space, check_act};
use rand::RngExt;

use super::learner::ValueLearner;

/// The largest value of an action that was tried; 0 where none was.
pub(super) fn largest(values: &[f32]) -> f32 {
    let tried = values.iter().copied().filter(|value| value.is_finite());
    tried.reduce(f32::max).unwrap_or(0.0)
}

/// The action of the largest value; among equals, one at random. NaN is never it.
fn best_action(values: &[f32], rng: &mut Rng) -> usize {
    let most = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let is_best = |value: &f32| *value >= most;
    let n_best = values.iter().filter(|value| is_best(value)).count();
    let wanted = rng.random_range(0..n_best.max(1));
    let best = values
        .iter()
        .enumerate()
        .filter(|(_, value)| is_best(value));
    best.map(|(action, _)| action).nth(wanted).unwrap_or(0)
}

/// The action of the largest value, or with probability ε any.
pub(super) fn epsilon_greedy(values: &[f32], epsilon: f64, rng: &mut Rng) -> usize {
    if rng.random::<f64>() < epsilon {
        rng.random_range(0..values.len())
    } else {
        best_action(values, rng)
    }
}

/// Does what a learner values most, or with probability ε anything, on observations of the space `O`.
#[derive(Debug)]
pub struct EpsilonGreedy<'a, O: Space, L: ValueLearner<O>> {
    learner: &'a L,
    /// Its own, so that what it looks up leaves no trace in training.
    state: L::State,
    values: Vec<f32>,
    epsilon: f64,
}

impl<'a, O: Space, L: ValueLearner<O>> EpsilonGreedy<'a, O, L> {
    pub(super) fn new(learner: &'a L, state: L::State, n_actions: usize, epsilon: f64) -> Self {
        Self {
            learner,
            state,
            values: vec![0.0; n_actions],
            epsilon,
        }
    }
}

impl<O: Space, L: ValueLearner<O>> Policy<O::Element, usize> for EpsilonGreedy<'_, O, L> {
    /// `log_prob` is 0 and `value` is that of the action.
    fn act(
        &mut self,
        observation: &[O::Element],
        first: &[bool],
        rngs: &mut [Rng],
        decision: &mut DecisionBatch<usize>,
    ) -> Result<(), EnvironmentError> {
        check_act(rngs.len(), observation, first, rngs, decision)?;
        for (lane, (observation, rng)) in observation.iter().zip(rngs).enumerate() {
            self.learner
                .action_values(&mut self.state, observation, &mut self.values)
                .map_err(|error| EnvironmentError::Policy(error.to_string()))?;
            let action = epsilon_greedy(&self.values, self.epsilon, rng);
            decision.action[lane] = action;
            decision.log_prob[lane] = 0.0;
            decision.value[lane] = self.values[action];
        }
        Ok(())
    }

    fn bootstrap_value(
        &mut self,
        _observation: &[O::Element],
        _wanted: &[bool],
        value: &mut [f32],
    ) -> Result<(), EnvironmentError> {
        value.fill(0.0);
        Ok(())
    }
}
