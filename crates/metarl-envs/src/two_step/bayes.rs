//! The best an agent can do on the two-step task.

use metarl_core::{DecisionBatch, Error, Policy, Rng, TrialObservation, check_act};

use crate::TwoStepTasks;
use crate::baseline::bandit::optimum::majority_error;

/// Expected total reward of the Bayes-optimal agent over `n_episodes` episodes of
/// [`TwoStepTasks::Fixed`].
///
/// ```text
/// Σₜ 0.3 + 0.4 (1 − majority_error(0.9, t)),   t = 0 … n_episodes − 1
/// ```
///
/// Whatever state is reached, its reward speaks for the better state with the same accuracy, so no
/// choice tells more than another and the majority of what was seen decides.
///
/// # Examples
///
/// ```
/// assert!((metarl_envs::two_step_optimum(100) - 69.69).abs() < 0.005);
/// ```
#[must_use]
pub fn two_step_optimum(n_episodes: usize) -> f64 {
    let (common, better) = (TwoStepTasks::Fixed.common(), TwoStepTasks::BETTER);
    let known = common * better + (1.0 - common) * (1.0 - better);
    let wrong = 1.0 - known;
    (0..n_episodes)
        .map(|t| known - (known - wrong) * majority_error(better, t))
        .sum()
}

/// The Bayes-optimal agent for both forms of the two-step task: it knows the form, tracks the
/// probability that state 0 is the better one, and heads for the likelier.
///
/// ```text
/// b ← P(reward, state | state 0 better) b / P(reward, state)
/// b ← b + switch (1 − 2b)
/// ```
#[derive(Debug, Clone)]
pub struct TwoStepBayes {
    tasks: TwoStepTasks,
    /// Each lane's probability that state 0 is the better one.
    lanes: Vec<f64>,
}

impl TwoStepBayes {
    /// Plays `n_lanes` lanes.
    #[must_use]
    pub fn new(tasks: TwoStepTasks, n_lanes: usize) -> Self {
        Self {
            tasks,
            lanes: vec![0.5; n_lanes],
        }
    }

    /// The belief after one more episode has paid `reward` in `state`.
    fn learn(&self, belief: f64, state: usize, reward: f32) -> f64 {
        let speaks_for_0 = (state == 0) == (reward > 0.5);
        let likelihood = if speaks_for_0 {
            TwoStepTasks::BETTER
        } else {
            1.0 - TwoStepTasks::BETTER
        };
        let posterior =
            likelihood * belief / (likelihood * belief + (1.0 - likelihood) * (1.0 - belief));
        posterior + self.tasks.switch() * (1.0 - 2.0 * posterior)
    }
}

impl Policy<TrialObservation<usize, usize>, usize> for TwoStepBayes {
    /// `log_prob` and `value` are left at 0.
    fn act(
        &mut self,
        observation: &[TrialObservation<usize, usize>],
        first: &[bool],
        rngs: &mut [Rng],
        decision: &mut DecisionBatch<usize>,
    ) -> Result<(), Error> {
        let n_lanes = self.lanes.len();
        check_act(n_lanes, observation, first, rngs, decision)?;
        for lane in 0..n_lanes {
            let mut belief = if first[lane] { 0.5 } else { self.lanes[lane] };
            if let (false, Some(before)) = (first[lane], observation[lane].previous) {
                // Observation 0 is where a choice is made; the states it leads to follow.
                if let Some(state) = before.observation.checked_sub(1) {
                    belief = self.learn(belief, state, before.reward);
                }
            }
            decision.action[lane] = usize::from(belief < 0.5);
            self.lanes[lane] = belief;
        }
        Ok(())
    }

    fn bootstrap_value(
        &mut self,
        _observation: &[TrialObservation<usize, usize>],
        _wanted: &[bool],
        value: &mut [f32],
    ) -> Result<(), Error> {
        value.fill(0.0);
        Ok(())
    }
}
