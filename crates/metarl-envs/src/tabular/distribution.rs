//! The random processes of the RL² paper.

use metarl_core::{Rng, TaskDistribution};
use rand::distr::Distribution;
use rand_distr::{Exp1, StandardNormal};
use serde::{Deserialize, Serialize};

use crate::TabularTask;

/// Random processes with nothing in common but their prior.
///
/// ```text
/// P(·|s, a) ~ Dirichlet(1, …, 1),   μ(s, a) ~ N(1, 1),   horizon = 10
/// ```
///
/// # Examples
///
/// ```
/// use metarl_core::{Split, TaskDistribution};
/// use metarl_envs::RandomTabular;
///
/// let tasks = RandomTabular::RL2;
/// assert_eq!(tasks.name(), "tabular/random-10x5@1");
/// assert_eq!(tasks.frozen(Split::Test, 0).horizon, 10);
/// ```
///
/// # References
///
/// Duan et al., *RL²: Fast Reinforcement Learning via Slow Reinforcement Learning*, 2016,
/// [arXiv:1611.02779](https://arxiv.org/abs/1611.02779), section 3.2: 10 states, 5 actions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RandomTabular<const STATES: usize, const ACTIONS: usize>;

impl RandomTabular<10, 5> {
    /// The size of the paper's experiment.
    pub const RL2: Self = Self;
}

impl<const STATES: usize, const ACTIONS: usize> RandomTabular<STATES, ACTIONS> {
    /// Steps of an episode.
    pub const HORIZON: usize = 10;
}

impl<const STATES: usize, const ACTIONS: usize> TaskDistribution
    for RandomTabular<STATES, ACTIONS>
{
    type Task = TabularTask<STATES, ACTIONS>;

    fn name(&self) -> String {
        format!("tabular/random-{STATES}x{ACTIONS}@1")
    }

    fn sample(&self, rng: &mut Rng) -> TabularTask<STATES, ACTIONS> {
        let mut transition = Vec::with_capacity(STATES * ACTIONS * STATES);
        for _ in 0..STATES * ACTIONS {
            // Exponentials divided by their sum are uniform on the simplex.
            let weight: [f64; STATES] = std::array::from_fn(|_| Exp1.sample(rng));
            let total: f64 = weight.iter().sum();
            transition.extend(weight.map(|w| w / total));
        }
        let standard_normals = StandardNormal.sample_iter(rng).take(STATES * ACTIONS);
        TabularTask {
            transition,
            reward_mean: standard_normals.map(|z: f64| 1.0 + z).collect(),
            horizon: Self::HORIZON,
        }
    }
}
