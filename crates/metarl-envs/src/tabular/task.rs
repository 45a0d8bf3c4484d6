//! One tabular Markov decision process.

use metarl_core::{Error, check_range};
use serde::{Deserialize, Serialize};

/// How far a row of transition probabilities may sum from one.
const ROW_TOLERANCE: f64 = 1e-9;

/// A finite-horizon Markov decision process over `S = STATES` states and `A = ACTIONS` actions, as two
/// tables.
///
/// ```text
/// s₀ = 0,   sₜ₊₁ ~ P(·|sₜ, aₜ),   rₜ ~ N(μ(sₜ, aₜ), 1),   t = 0 … horizon − 1
/// ```
///
/// | field | length | unit | meaning |
/// |---|---|---|---|
/// | `transition` | `S·A·S` | probability | `P(s'\|s, a)` at `(s·A + a)·S + s'` |
/// | `reward_mean` | `S·A` | reward | `μ(s, a)` at `s·A + a` |
/// | `horizon` | | steps | length of an episode |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TabularTask<const STATES: usize, const ACTIONS: usize> {
    /// Transition probabilities, row-major `[s][a][s']`.
    pub transition: Vec<f64>,
    /// Mean rewards, row-major `[s][a]`.
    pub reward_mean: Vec<f64>,
    /// Steps of an episode.
    pub horizon: usize,
}

impl<const STATES: usize, const ACTIONS: usize> TabularTask<STATES, ACTIONS> {
    /// Checks that the tables describe a process of that size.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] when a table has the wrong length, a probability is negative or not
    /// finite, a row does not sum to one within 10⁻⁹, a mean reward is not finite, or the horizon
    /// is 0.
    pub fn check(&self) -> Result<(), Error> {
        const {
            assert!(
                STATES > 0 && ACTIONS > 0,
                "a process has states and actions"
            );
        }
        let n_pairs = STATES * ACTIONS;
        check_range(
            "transition",
            "one probability for each state, action and successor",
            format_args!("{} entries", self.transition.len()),
            self.transition.len() == n_pairs * STATES,
        )?;
        check_range(
            "reward_mean",
            "one mean for each state and action",
            format_args!("{} entries", self.reward_mean.len()),
            self.reward_mean.len() == n_pairs,
        )?;
        check_range("horizon", "at least 1", self.horizon, self.horizon > 0)?;
        for (pair, row) in self.transition.chunks_exact(STATES).enumerate() {
            let (state, action) = (pair / ACTIONS, pair % ACTIONS);
            let sum: f64 = row.iter().sum();
            let is_distribution =
                row.iter().all(|p| *p >= 0.0) && (sum - 1.0).abs() <= ROW_TOLERANCE;
            check_range(
                "transition",
                "rows of non-negative probabilities that sum to one",
                format_args!("{row:?} for state {state}, action {action}"),
                is_distribution,
            )?;
            let mean = self.reward_mean[pair];
            check_range(
                "reward_mean",
                "finite",
                format_args!("{mean} for state {state}, action {action}"),
                mean.is_finite(),
            )?;
        }
        Ok(())
    }
}
