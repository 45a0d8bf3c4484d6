//! How value-based agents act and are judged.

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::range::{at_least_1, check, in_unit_interval};

/// How often an action is drawn at random: ε falls linearly with the steps done.
///
/// | name | default | range | purpose |
/// |---|---|---|---|
/// | `start` | 1 | [0, 1] | ε at the first step |
/// | `end` | 0.05 | [0, 1] | ε after `n_steps` |
/// | `n_steps` | 1000 | ≥ 1 | steps over which it falls |
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Exploration {
    /// ε at the first step.
    pub start: f64,
    /// ε after `n_steps`.
    pub end: f64,
    /// Steps over which it falls.
    pub n_steps: u64,
}

impl Default for Exploration {
    fn default() -> Self {
        Self {
            start: 1.0,
            end: 0.05,
            n_steps: 1000,
        }
    }
}

impl Exploration {
    /// ε after a number of steps.
    #[must_use]
    pub fn at(&self, n_steps: u64) -> f64 {
        let done = (n_steps as f64 / self.n_steps as f64).min(1.0);
        self.start + done * (self.end - self.start)
    }
}

/// How a value-based agent acts and is judged, whatever it learns by.
///
/// | name | default | range | purpose |
/// |---|---|---|---|
/// | `n_iterations` | 10 | ≥ 1 | iterations of training |
/// | `steps_per_iteration` | 1000 | ≥ 1 | environment steps of one; the episode it stops in is cut there |
/// | `exploration` | | | [`Exploration`] |
/// | `milestones` | 1000, 5000, 10000 | ≥ 1 | numbers of steps after which what was learned is judged |
/// | `milestone_episodes` | 20 | ≥ 1 | episodes of such a judgement |
/// | `evaluation_epsilon` | 0.05 | [0, 1] | ε of every judgement |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ValueBasedConfig {
    /// Iterations of training.
    pub n_iterations: u64,
    /// Environment steps of one iteration.
    pub steps_per_iteration: u64,
    /// How often an action is drawn at random.
    pub exploration: Exploration,
    /// Numbers of steps after which what was learned is judged.
    pub milestones: Vec<u64>,
    /// Episodes of such a judgement.
    pub milestone_episodes: usize,
    /// ε of every judgement: a little randomness shows whether a policy finds back to its way.
    pub evaluation_epsilon: f64,
}

impl Default for ValueBasedConfig {
    fn default() -> Self {
        Self {
            n_iterations: 10,
            steps_per_iteration: 1000,
            exploration: Exploration::default(),
            milestones: vec![1000, 5000, 10_000],
            milestone_episodes: 20,
            evaluation_epsilon: 0.05,
        }
    }
}

impl ValueBasedConfig {
    /// Checks every range.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] names the first key that is outside its range.
    pub fn validate(&self) -> Result<(), Error> {
        at_least_1("n_iterations", self.n_iterations)?;
        at_least_1("steps_per_iteration", self.steps_per_iteration)?;
        in_unit_interval("exploration.start", self.exploration.start)?;
        in_unit_interval("exploration.end", self.exploration.end)?;
        at_least_1("exploration.n_steps", self.exploration.n_steps)?;
        at_least_1("milestone_episodes", self.milestone_episodes)?;
        in_unit_interval("evaluation_epsilon", self.evaluation_epsilon)?;
        let n_steps = self.n_iterations.saturating_mul(self.steps_per_iteration);
        let reached = |milestone: &u64| (1..=n_steps).contains(milestone);
        let ascending = self.milestones.is_sorted_by(|a, b| a < b);
        check(
            "milestones",
            "ascending numbers of steps that training reaches",
            format!("{:?}", self.milestones),
            ascending && self.milestones.iter().all(reached),
        )
    }
}
