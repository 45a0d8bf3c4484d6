//! Planning in processes drawn from the posterior.

use metarl_core::{Error, Rng, check_range};

use super::{Plan, Posterior, Prior, TabularAlgorithm};

/// Posterior sampling for reinforcement learning: one process is drawn before each episode, and
/// followed through it as if it were the true one.
///
/// # References
///
/// Osband, Russo & Van Roy, *(More) Efficient Reinforcement Learning via Posterior Sampling*, 2013,
/// [arXiv:1306.0940](https://arxiv.org/abs/1306.0940), algorithm 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Psrl<const STATES: usize, const ACTIONS: usize> {
    posterior: Posterior<STATES, ACTIONS>,
    plan: Plan<STATES, ACTIONS>,
}

impl<const STATES: usize, const ACTIONS: usize> Psrl<STATES, ACTIONS> {
    /// For one task of `horizon` steps an episode.
    #[must_use]
    pub fn new(prior: Prior, horizon: usize) -> Self {
        Self {
            posterior: Posterior::new(prior),
            plan: Plan::new(horizon),
        }
    }
}

impl<const STATES: usize, const ACTIONS: usize> TabularAlgorithm<STATES, ACTIONS>
    for Psrl<STATES, ACTIONS>
{
    fn begin_episode(&mut self, rng: &mut Rng) {
        self.plan.solve(&self.posterior.sample(rng));
    }

    fn act(&mut self, step: usize, state: usize, rng: &mut Rng) -> usize {
        self.plan.act(step, state, rng)
    }

    fn observe(&mut self, state: usize, action: usize, reward: f64, successor: Option<usize>) {
        self.posterior.observe(state, action, reward, successor);
    }
}

/// Optimistic posterior sampling: several processes are drawn before each episode, each is solved,
/// and every action is worth the most it is worth in any of them. One sample gives [`Psrl`].
///
/// ```text
/// Q_t(s, a) = max_i Q_t^(i)(s, a)
/// ```
///
/// # References
///
/// Osband & Van Roy, *Why is Posterior Sampling Better than Optimism for Reinforcement Learning?*,
/// 2017, [arXiv:1607.00215](https://arxiv.org/abs/1607.00215).
#[derive(Debug, Clone, PartialEq)]
pub struct Opsrl<const STATES: usize, const ACTIONS: usize> {
    n_samples: usize,
    posterior: Posterior<STATES, ACTIONS>,
    plan: Plan<STATES, ACTIONS>,
    sampled: Plan<STATES, ACTIONS>,
}

impl<const STATES: usize, const ACTIONS: usize> Opsrl<STATES, ACTIONS> {
    /// For one task of `horizon` steps an episode.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] when `n_samples` is 0.
    pub fn new(n_samples: usize, prior: Prior, horizon: usize) -> Result<Self, Error> {
        check_range("n_samples", "at least 1", n_samples, n_samples > 0)?;
        Ok(Self {
            n_samples,
            posterior: Posterior::new(prior),
            plan: Plan::new(horizon),
            sampled: Plan::new(horizon),
        })
    }
}

impl<const STATES: usize, const ACTIONS: usize> TabularAlgorithm<STATES, ACTIONS>
    for Opsrl<STATES, ACTIONS>
{
    fn begin_episode(&mut self, rng: &mut Rng) {
        self.plan.solve(&self.posterior.sample(rng));
        for _ in 1..self.n_samples {
            self.sampled.solve(&self.posterior.sample(rng));
            self.plan.raise_to(&self.sampled);
        }
    }

    fn act(&mut self, step: usize, state: usize, rng: &mut Rng) -> usize {
        self.plan.act(step, state, rng)
    }

    fn observe(&mut self, state: usize, action: usize, reward: f64, successor: Option<usize>) {
        self.posterior.observe(state, action, reward, successor);
    }
}
