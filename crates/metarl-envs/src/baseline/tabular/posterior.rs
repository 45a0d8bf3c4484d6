//! What is believed about a process: before it is seen, and after.

use metarl_core::{Error, Rng, check_range};
use rand::RngExt;
use rand_distr::{Distribution, Gamma, StandardNormal};

use super::Model;

/// Belief about each state and action before anything is seen, all pairs alike.
///
/// ```text
/// μ(s, a) ~ N(reward_mean, 1 / reward_weight),   P(·|s, a) ~ Dirichlet(α, …, α)
/// ```
///
/// The noise of a reward is known to have variance 1, so `reward_weight` counts as that many
/// rewards already seen, and `S·α` as that many transitions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prior {
    reward_mean: f64,
    reward_weight: f64,
    alpha: f64,
}

impl Prior {
    /// What [`RandomTabular`](crate::RandomTabular) draws from: mean 1, weight 1, α = 1.
    pub const TRUE: Self = Self {
        reward_mean: 1.0,
        reward_weight: 1.0,
        alpha: 1.0,
    };

    /// Mean 0, weight 1, α = 1: the defaults of Osband's `TabulaRL` for PSRL, and what reproduces
    /// the PSRL and OPSRL rows of the RL² paper.
    pub const ZERO_MEAN: Self = Self {
        reward_mean: 0.0,
        ..Self::TRUE
    };

    /// Mean 0, weight 10⁻⁴, α = 10⁻⁴: after one visit next to nothing is left of it. It reproduces
    /// the greedy and ε-greedy rows of the RL² paper.
    pub const NEAR_FLAT: Self = Self {
        reward_mean: 0.0,
        reward_weight: 1e-4,
        alpha: 1e-4,
    };

    /// Any other prior.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] unless `reward_mean` is finite, and `reward_weight` and `alpha` are
    /// finite and positive.
    pub fn new(reward_mean: f64, reward_weight: f64, alpha: f64) -> Result<Self, Error> {
        check_range(
            "reward_mean",
            "finite",
            reward_mean,
            reward_mean.is_finite(),
        )?;
        for (name, value) in [("reward_weight", reward_weight), ("alpha", alpha)] {
            let positive = value.is_finite() && value > 0.0;
            check_range(name, "finite and positive", value, positive)?;
        }
        Ok(Self {
            reward_mean,
            reward_weight,
            alpha,
        })
    }
}

/// A [`Prior`] and everything seen since.
///
/// With `n` rewards of sum `R` and `m(s')` transitions to `s'` seen of a pair, and prior mean `μ₀`
/// of weight `w`:
///
/// ```text
/// μ ~ N((w μ₀ + R) / (w + n), 1 / (w + n)),   P ~ Dirichlet(α + m(0), …, α + m(S − 1))
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Posterior<const STATES: usize, const ACTIONS: usize> {
    prior: Prior,
    pairs: [[Seen<STATES>; ACTIONS]; STATES],
}

/// What was seen of one state and action.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Seen<const STATES: usize> {
    n_rewards: f64,
    reward_sum: f64,
    n_transitions: [f64; STATES],
}

impl<const STATES: usize, const ACTIONS: usize> Posterior<STATES, ACTIONS> {
    /// The prior itself.
    #[must_use]
    pub fn new(prior: Prior) -> Self {
        let nothing = Seen {
            n_rewards: 0.0,
            reward_sum: 0.0,
            n_transitions: [0.0; STATES],
        };
        Self {
            prior,
            pairs: [[nothing; ACTIONS]; STATES],
        }
    }

    /// Takes in one step; `successor` is `None` where it was not shown.
    ///
    /// # Panics
    ///
    /// When `state`, `action` or `successor` lies outside the process.
    pub fn observe(&mut self, state: usize, action: usize, reward: f64, successor: Option<usize>) {
        let seen = &mut self.pairs[state][action];
        seen.n_rewards += 1.0;
        seen.reward_sum += reward;
        if let Some(successor) = successor {
            seen.n_transitions[successor] += 1.0;
        }
    }

    /// How often an action was tried in a state.
    ///
    /// # Panics
    ///
    /// When `state` or `action` lies outside the process.
    #[must_use]
    pub fn n_visits(&self, state: usize, action: usize) -> f64 {
        self.pairs[state][action].n_rewards
    }

    /// `S·α`: how many transitions of each pair the prior counts as.
    #[must_use]
    pub fn prior_transitions(&self) -> f64 {
        self.prior.alpha * STATES as f64
    }

    /// The expected process.
    #[must_use]
    pub fn mean(&self) -> Model<STATES, ACTIONS> {
        Model::from_fn(|s, a| {
            let seen = &self.pairs[s][a];
            let weight = seen.n_transitions.map(|m| self.prior.alpha + m);
            (normalized(weight), self.reward(seen).0)
        })
    }

    /// A process drawn from the belief.
    #[must_use]
    pub fn sample(&self, rng: &mut Rng) -> Model<STATES, ACTIONS> {
        Model::from_fn(|s, a| {
            let seen = &self.pairs[s][a];
            let (mean, weight) = self.reward(seen);
            let z: f64 = rng.sample(StandardNormal);
            let row = dirichlet(seen.n_transitions.map(|m| self.prior.alpha + m), rng);
            (row, mean + z / weight.sqrt())
        })
    }

    /// Posterior mean of `μ` and its weight, the inverse of its variance.
    fn reward(&self, seen: &Seen<STATES>) -> (f64, f64) {
        let Prior {
            reward_mean,
            reward_weight,
            ..
        } = self.prior;
        let weight = reward_weight + seen.n_rewards;
        (
            (reward_weight * reward_mean + seen.reward_sum) / weight,
            weight,
        )
    }
}

fn normalized<const N: usize>(weight: [f64; N]) -> [f64; N] {
    let total: f64 = weight.iter().sum();
    weight.map(|w| w / total)
}

/// Gamma variates divided by their sum. Where all of them underflow, a corner of the simplex: what
/// a Dirichlet distribution of vanishing parameters tends to.
fn dirichlet<const N: usize>(alpha: [f64; N], rng: &mut Rng) -> [f64; N] {
    let mut weight = alpha.map(|alpha| {
        let gamma = Gamma::new(alpha, 1.0).expect("a prior's α is positive and finite");
        gamma.sample(rng)
    });
    if weight.iter().all(|w| *w == 0.0) {
        weight[rng.random_range(0..N)] = 1.0;
    }
    normalized(weight)
}
