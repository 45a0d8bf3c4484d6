//! What chooses arms, and the two rules that are not indices.

use metarl_core::{Error, Rng, check_range};
use rand::RngExt;

use super::{Greedy, IndexPolicy};

/// Something that plays a bandit, one pull after the other.
pub trait BanditAlgorithm {
    /// How many arms it plays.
    fn n_arms(&self) -> usize;

    /// Forgets everything: a new bandit follows.
    fn reset(&mut self);

    /// Chooses an arm.
    fn choose(&mut self, rng: &mut Rng) -> usize;

    /// Learns what the arm paid.
    fn observe(&mut self, arm: usize, reward: f64);
}

/// Every arm with equal probability.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UniformArm {
    n_arms: usize,
}

impl UniformArm {
    /// Plays `n_arms` arms.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] when there are none.
    pub fn new(n_arms: usize) -> Result<Self, Error> {
        check_n_arms(n_arms)?;
        Ok(Self { n_arms })
    }
}

impl BanditAlgorithm for UniformArm {
    fn n_arms(&self) -> usize {
        self.n_arms
    }

    fn reset(&mut self) {}

    fn choose(&mut self, rng: &mut Rng) -> usize {
        rng.random_range(0..self.n_arms)
    }

    fn observe(&mut self, _arm: usize, _reward: f64) {}
}

/// With probability ε a uniform arm, otherwise the one with the largest posterior mean.
#[derive(Debug, Clone)]
pub struct EpsilonGreedy {
    epsilon: f64,
    greedy: IndexPolicy<Greedy>,
}

impl EpsilonGreedy {
    /// Explores with probability `epsilon`.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] when `epsilon` is outside `[0, 1]` or there are no arms.
    pub fn new(epsilon: f64, n_arms: usize) -> Result<Self, Error> {
        check_range(
            "epsilon",
            "in [0, 1]",
            epsilon,
            (0.0..=1.0).contains(&epsilon),
        )?;
        Ok(Self {
            epsilon,
            greedy: IndexPolicy::new(Greedy, n_arms)?,
        })
    }
}

impl BanditAlgorithm for EpsilonGreedy {
    fn n_arms(&self) -> usize {
        self.greedy.n_arms()
    }

    fn reset(&mut self) {
        self.greedy.reset();
    }

    fn choose(&mut self, rng: &mut Rng) -> usize {
        if rng.random::<f64>() < self.epsilon {
            rng.random_range(0..self.n_arms())
        } else {
            self.greedy.choose(rng)
        }
    }

    fn observe(&mut self, arm: usize, reward: f64) {
        self.greedy.observe(arm, reward);
    }
}

pub(super) fn check_n_arms(n_arms: usize) -> Result<(), Error> {
    check_range("n_arms", "at least 1", n_arms, n_arms > 0)
}
