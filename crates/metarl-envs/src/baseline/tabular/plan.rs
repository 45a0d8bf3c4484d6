//! Planning over a finite horizon.

use metarl_core::{Error, Rng};
use rand::RngExt;

use crate::TabularTask;

/// A tabular process as a planner sees it: the true one, an estimate, or a draw from a posterior.
#[derive(Debug, Clone, PartialEq)]
pub struct Model<const STATES: usize, const ACTIONS: usize> {
    /// Transition probabilities `[s][a][s']`.
    pub transition: [[[f64; STATES]; ACTIONS]; STATES],
    /// Mean rewards `[s][a]`.
    pub reward: [[f64; ACTIONS]; STATES],
}

impl<const STATES: usize, const ACTIONS: usize> Model<STATES, ACTIONS> {
    /// The true process behind a task.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] as for [`TabularTask::check`].
    pub fn of(task: &TabularTask<STATES, ACTIONS>) -> Result<Self, Error> {
        task.check()?;
        let pair = |s: usize, a: usize| s * ACTIONS + a;
        Ok(Self::from_fn(|s, a| {
            let row = std::array::from_fn(|next| task.transition[pair(s, a) * STATES + next]);
            (row, task.reward_mean[pair(s, a)])
        }))
    }

    /// A process from the transition row and the mean reward of each state and action.
    pub(super) fn from_fn(mut pair: impl FnMut(usize, usize) -> ([f64; STATES], f64)) -> Self {
        let mut model = Self {
            transition: [[[0.0; STATES]; ACTIONS]; STATES],
            reward: [[0.0; ACTIONS]; STATES],
        };
        for s in 0..STATES {
            for a in 0..ACTIONS {
                (model.transition[s][a], model.reward[s][a]) = pair(s, a);
            }
        }
        model
    }
}

/// Values of a process at every step, and the actions that are greedy in them.
///
/// ```text
/// Q_t(s, a) = r(s, a) + Σ_s' P(s'|s, a) V_t+1(s'),   V_t(s) = max_a Q_t(s, a),   V_horizon = 0
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Plan<const STATES: usize, const ACTIONS: usize> {
    q: Vec<[[f64; ACTIONS]; STATES]>,
}

impl<const STATES: usize, const ACTIONS: usize> Plan<STATES, ACTIONS> {
    /// A plan for `horizon` steps that values everything at 0.
    #[must_use]
    pub fn new(horizon: usize) -> Self {
        Self {
            q: vec![[[0.0; ACTIONS]; STATES]; horizon],
        }
    }

    /// Plans the optimal behavior in `model`, by backward induction.
    pub fn solve(&mut self, model: &Model<STATES, ACTIONS>) {
        self.solve_with(|value, q| {
            for ((q, transition), reward) in q.iter_mut().zip(&model.transition).zip(&model.reward)
            {
                for ((q, row), reward) in q.iter_mut().zip(transition).zip(reward) {
                    *q = reward + expectation(row, value);
                }
            }
        });
    }

    /// Backward induction with any Bellman backup: `backup(V_t+1, Q_t)` writes `Q_t`.
    pub(super) fn solve_with(
        &mut self,
        mut backup: impl FnMut(&[f64; STATES], &mut [[f64; ACTIONS]; STATES]),
    ) {
        let mut value = [0.0; STATES];
        for q in self.q.iter_mut().rev() {
            backup(&value, q);
            value = q.map(|q| q.into_iter().fold(f64::NEG_INFINITY, f64::max));
        }
    }

    /// Raises every action value to that of `other` where it is larger.
    pub(super) fn raise_to(&mut self, other: &Self) {
        let ours = self.q.as_flattened_mut().as_flattened_mut();
        for (q, other) in ours.iter_mut().zip(other.q.as_flattened().as_flattened()) {
            *q = q.max(*other);
        }
    }

    /// `Q_t(s, ·)`.
    ///
    /// # Panics
    ///
    /// When `step` is not below the horizon or `state` not below `STATES`.
    #[must_use]
    pub fn action_values(&self, step: usize, state: usize) -> &[f64; ACTIONS] {
        &self.q[step][state]
    }

    /// `V_t(s)`, the reward expected from `step` on.
    ///
    /// # Panics
    ///
    /// As for [`action_values`](Self::action_values).
    #[must_use]
    pub fn value(&self, step: usize, state: usize) -> f64 {
        let q = self.action_values(step, state);
        q.iter().copied().fold(f64::NEG_INFINITY, f64::max)
    }

    /// A greedy action, drawn uniformly where several are.
    ///
    /// # Panics
    ///
    /// As for [`action_values`](Self::action_values).
    #[must_use]
    pub fn act(&self, step: usize, state: usize, rng: &mut Rng) -> usize {
        let q = self.action_values(step, state);
        let best = self.value(step, state);
        let n_best = q.iter().filter(|q| **q == best).count();
        let skip = if n_best > 1 {
            rng.random_range(0..n_best)
        } else {
            0
        };
        let mut greedy = (0..ACTIONS).filter(|a| q[*a] == best);
        greedy.nth(skip).unwrap_or(0)
    }
}

/// `Σ_s' P(s') V(s')`.
pub(super) fn expectation<const STATES: usize>(
    probability: &[f64; STATES],
    value: &[f64; STATES],
) -> f64 {
    probability.iter().zip(value).map(|(p, v)| p * v).sum()
}
