//! Rules that give every arm a number and pull the arm with the largest.

use metarl_core::{Error, Rng, check_range};

use super::algorithm::check_n_arms;
use super::{BanditAlgorithm, BetaPosterior};

/// How good an arm looks, given what is known of it alone.
pub trait IndexRule {
    /// The arm's index after `n_pulls` pulls of any arm.
    fn index(&self, arm: BetaPosterior, n_pulls: usize, rng: &mut Rng) -> f64;
}

/// Pulls the arm with the largest index, the first of equals.
#[derive(Debug, Clone, PartialEq)]
pub struct IndexPolicy<R> {
    rule: R,
    arms: Vec<BetaPosterior>,
    n_pulls: usize,
}

impl<R: IndexRule> IndexPolicy<R> {
    /// Plays `n_arms` arms by a rule.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] when there are no arms.
    pub fn new(rule: R, n_arms: usize) -> Result<Self, Error> {
        check_n_arms(n_arms)?;
        Ok(Self {
            rule,
            arms: vec![BetaPosterior::default(); n_arms],
            n_pulls: 0,
        })
    }
}

impl<R: IndexRule> BanditAlgorithm for IndexPolicy<R> {
    fn n_arms(&self) -> usize {
        self.arms.len()
    }

    fn reset(&mut self) {
        self.arms.fill(BetaPosterior::default());
        self.n_pulls = 0;
    }

    fn choose(&mut self, rng: &mut Rng) -> usize {
        let index = |arm: &BetaPosterior| self.rule.index(*arm, self.n_pulls, rng);
        first_largest(self.arms.iter().map(index))
    }

    fn observe(&mut self, arm: usize, reward: f64) {
        self.arms[arm].observe(reward);
        self.n_pulls += 1;
    }
}

/// Position of the largest value, the first of equals; 0 where there is none.
pub(super) fn first_largest(values: impl Iterator<Item = f64>) -> usize {
    let mut largest = (0, f64::NEG_INFINITY);
    for (position, value) in values.enumerate() {
        if value > largest.1 {
            largest = (position, value);
        }
    }
    largest.0
}

/// The posterior mean: no exploration but what the prior's optimism gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Greedy;

impl IndexRule for Greedy {
    fn index(&self, arm: BetaPosterior, _n_pulls: usize, _rng: &mut Rng) -> f64 {
        arm.mean()
    }
}

/// Upper confidence bound, with a posterior of Beta(1, 1) in the place of one pull of every arm.
///
/// ```text
/// index = α / N + c √(2 ln t / N),   N = α + β,   t = max(1, pulls so far)
/// ```
///
/// # References
///
/// Auer, Cesa-Bianchi & Fischer, *Finite-time Analysis of the Multiarmed Bandit Problem*, 2002,
/// figure 1 (c = 1, empirical means); Duan et al. 2016,
/// [arXiv:1611.02779](https://arxiv.org/abs/1611.02779), appendix (c tuned, prior as here).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ucb1 {
    c: f64,
}

impl Ucb1 {
    /// Scales the bonus by `c`; 0 is [`Greedy`].
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] when `c` is negative or not finite.
    pub fn new(c: f64) -> Result<Self, Error> {
        check_range("c", "finite and at least 0", c, c.is_finite() && c >= 0.0)?;
        Ok(Self { c })
    }
}

impl IndexRule for Ucb1 {
    fn index(&self, arm: BetaPosterior, n_pulls: usize, _rng: &mut Rng) -> f64 {
        let t = n_pulls.max(1) as f64;
        arm.mean() + self.c * (2.0 * t.ln() / arm.weight()).sqrt()
    }
}
