//! Planning in processes that are better than they should be.

use metarl_core::{Error, Rng, check_range};

use super::plan::expectation;
use super::{Plan, Posterior, Prior, TabularAlgorithm};

/// Bayesian exploration bonus: greedy in the posterior mean, with every reward raised the more the
/// less its pair was tried.
///
/// ```text
/// r̃(s, a) = E[μ(s, a)] + β / (1 + S·α + n(s, a))
/// ```
///
/// On [`RandomTabular::RL2`](crate::RandomTabular::RL2), [`Prior::ZERO_MEAN`] with β = 26 gives the
/// RL² paper's row (chosen on other tasks); [`Prior::TRUE`] with β = 10 is far above it.
///
/// # References
///
/// Kolter & Ng, *Near-Bayesian Exploration in Polynomial Time*, 2009: there rewards are
/// known, here their posterior mean stands in.
#[derive(Debug, Clone, PartialEq)]
pub struct Beb<const STATES: usize, const ACTIONS: usize> {
    beta: f64,
    posterior: Posterior<STATES, ACTIONS>,
    plan: Plan<STATES, ACTIONS>,
}

impl<const STATES: usize, const ACTIONS: usize> Beb<STATES, ACTIONS> {
    /// For one task of `horizon` steps an episode; `beta` is in units of reward.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] when `beta` is negative or not finite.
    pub fn new(beta: f64, prior: Prior, horizon: usize) -> Result<Self, Error> {
        Ok(Self {
            beta: non_negative("beta", beta)?,
            posterior: Posterior::new(prior),
            plan: Plan::new(horizon),
        })
    }
}

impl<const STATES: usize, const ACTIONS: usize> TabularAlgorithm<STATES, ACTIONS>
    for Beb<STATES, ACTIONS>
{
    fn begin_episode(&mut self, _rng: &mut Rng) {
        let mut model = self.posterior.mean();
        let prior = 1.0 + self.posterior.prior_transitions();
        for (s, rewards) in model.reward.iter_mut().enumerate() {
            for (a, reward) in rewards.iter_mut().enumerate() {
                *reward += self.beta / (prior + self.posterior.n_visits(s, a));
            }
        }
        self.plan.solve(&model);
    }

    fn act(&mut self, step: usize, state: usize, rng: &mut Rng) -> usize {
        self.plan.act(step, state, rng)
    }

    fn observe(&mut self, state: usize, action: usize, reward: f64, successor: Option<usize>) {
        self.posterior.observe(state, action, reward, successor);
    }
}

/// Upper confidence bounds for rewards and transitions together: extended value iteration over a
/// finite horizon, planned anew each episode.
///
/// ```text
/// r̃(s, a) = r̂(s, a) + c √(7 log(2 S A t / δ) / (2 max(1, n(s, a))))
/// ‖P̃(·|s, a) − P̂(·|s, a)‖₁ ≤ c √(14 S log(2 A t / δ) / max(1, n(s, a)))
/// ```
///
/// `r̂` and `P̂` are means under [`Prior::NEAR_FLAT`], `t` counts steps from 1 to the start of the
/// episode, `δ = 0.05`. With `c = 1` the bounds are those of the paper, made for proofs and for
/// rewards in `[0, 1]`. On [`RandomTabular::RL2`](crate::RandomTabular::RL2), `c = 0.3` gives the
/// RL² paper's row and `c = 0.35` is best.
///
/// # References
///
/// Jaksch, Ortner & Auer, *Near-optimal Regret Bounds for Reinforcement Learning*, 2010, figure 1,
/// equations 3 and 4, and figure 2 for the inner maximum.
#[derive(Debug, Clone, PartialEq)]
pub struct Ucrl2<const STATES: usize, const ACTIONS: usize> {
    scale: f64,
    n_steps: f64,
    posterior: Posterior<STATES, ACTIONS>,
    plan: Plan<STATES, ACTIONS>,
}

impl<const STATES: usize, const ACTIONS: usize> Ucrl2<STATES, ACTIONS> {
    /// One minus the confidence in all bounds together.
    pub const DELTA: f64 = 0.05;

    /// For one task of `horizon` steps an episode; `scale` is `c`.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] when `scale` is negative or not finite.
    pub fn new(scale: f64, horizon: usize) -> Result<Self, Error> {
        Ok(Self {
            scale: non_negative("scale", scale)?,
            n_steps: 0.0,
            posterior: Posterior::new(Prior::NEAR_FLAT),
            plan: Plan::new(horizon),
        })
    }
}

impl<const STATES: usize, const ACTIONS: usize> TabularAlgorithm<STATES, ACTIONS>
    for Ucrl2<STATES, ACTIONS>
{
    fn begin_episode(&mut self, _rng: &mut Rng) {
        let mut model = self.posterior.mean();
        let (n_states, n_actions) = (STATES as f64, ACTIONS as f64);
        let t = 1.0 + self.n_steps;
        let reward_width = 3.5 * (2.0 * n_states * n_actions * t / Self::DELTA).ln();
        let transition_width = 14.0 * n_states * (2.0 * n_actions * t / Self::DELTA).ln();
        let n_visits = |s, a| self.posterior.n_visits(s, a).max(1.0);
        let radius: [[f64; ACTIONS]; STATES] = std::array::from_fn(|s| {
            std::array::from_fn(|a| self.scale * (transition_width / n_visits(s, a)).sqrt())
        });
        for (s, rewards) in model.reward.iter_mut().enumerate() {
            for (a, reward) in rewards.iter_mut().enumerate() {
                *reward += self.scale * (reward_width / n_visits(s, a)).sqrt();
            }
        }
        self.plan.solve_with(|value, q| {
            let mut best_first: [usize; STATES] = std::array::from_fn(|s| s);
            best_first.sort_by(|i, j| value[*j].total_cmp(&value[*i]));
            for (s, q) in q.iter_mut().enumerate() {
                for (a, q) in q.iter_mut().enumerate() {
                    let mut row = model.transition[s][a];
                    make_optimistic(&mut row, radius[s][a], &best_first);
                    *q = model.reward[s][a] + expectation(&row, value);
                }
            }
        });
    }

    fn act(&mut self, step: usize, state: usize, rng: &mut Rng) -> usize {
        self.plan.act(step, state, rng)
    }

    fn observe(&mut self, state: usize, action: usize, reward: f64, successor: Option<usize>) {
        self.n_steps += 1.0;
        self.posterior.observe(state, action, reward, successor);
    }
}

/// Moves up to half of `radius` of probability from the worst states to the best: the distribution
/// of largest value within that distance in the 1-norm.
fn make_optimistic<const N: usize>(row: &mut [f64; N], radius: f64, best_first: &[usize; N]) {
    let Some((best, others)) = best_first.split_first() else {
        return;
    };
    let moved = (radius / 2.0).min(1.0 - row[*best]).max(0.0);
    row[*best] += moved;
    let mut owed = moved;
    for worst in others.iter().rev() {
        let taken = owed.min(row[*worst]);
        row[*worst] -= taken;
        owed -= taken;
    }
}

fn non_negative(name: &'static str, value: f64) -> Result<f64, Error> {
    check_range(
        name,
        "finite and not negative",
        value,
        value.is_finite() && value >= 0.0,
    )?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn distribution() -> impl Strategy<Value = [f64; 4]> {
        prop::array::uniform4(0.0..1.0).prop_map(|weight: [f64; 4]| {
            let total: f64 = weight.iter().sum::<f64>() + 4e-3;
            weight.map(|w| (w + 1e-3) / total)
        })
    }

    fn distance(a: &[f64; 4], b: &[f64; 4]) -> f64 {
        a.iter().zip(b).map(|(a, b)| (a - b).abs()).sum()
    }

    proptest! {
        #[test]
        fn no_distribution_as_near_is_better(
            row in distribution(),
            other in distribution(),
            value in prop::array::uniform4(-2.0..2.0),
            radius in 0.0..3.0,
        ) {
            let mut best_first = [0, 1, 2, 3];
            best_first.sort_by(|i: &usize, j| f64::total_cmp(&value[*j], &value[*i]));
            let mut optimistic = row;

            make_optimistic(&mut optimistic, radius, &best_first);

            prop_assert!((optimistic.iter().sum::<f64>() - 1.0).abs() < 1e-12);
            prop_assert!(optimistic.iter().all(|p| *p >= 0.0));
            prop_assert!(distance(&optimistic, &row) <= radius + 1e-12);
            let step = (radius / distance(&other, &row)).min(1.0);
            let rival: [f64; 4] = std::array::from_fn(|i| row[i] + step * (other[i] - row[i]));
            let gained = expectation(&optimistic, &value) - expectation(&rival, &value);
            prop_assert!(gained >= -1e-12, "{gained}");
        }
    }
}
