//! MAML-RL.

#[cfg(not(feature = "cuda"))]
mod allocation;
mod baseline;
mod config;
mod equation;
mod evaluation;
mod fault;
mod learning;
mod reference;
mod reproducible;
mod wander;

use metarl_agents::{MamlConfig, MamlRl, OuterOptimizer};
use metarl_core::Seed;
use metarl_envs::{PointNavigation, PointObjective, ReachGoal, SquareGoals};
use metarl_optim::Proximal;

use crate::device::{TestDevice, test_device};

type Agent<E> = MamlRl<E, SquareGoals, TestDevice, 2, 2>;

fn navigation(config: MamlConfig, seed: u64) -> Agent<PointNavigation> {
    let (seed, device) = (Seed::new(seed), test_device());
    MamlRl::new(
        config,
        SquareGoals,
        PointNavigation::new,
        ReachGoal::MAX_STEPS as usize,
        seed,
        device,
    )
    .unwrap()
}

/// A configuration that takes milliseconds an iteration.
fn tiny() -> MamlConfig {
    MamlConfig {
        hidden: vec![5],
        meta_batch_size: 3,
        n_episodes: 4,
        ..MamlConfig::default()
    }
}

/// PPO in the outer loop, its steps of this length.
fn ppo(n_epochs: usize, learning_rate: f64) -> OuterOptimizer {
    let mut proximal = Proximal {
        n_epochs,
        max_gradient_norm: 1e9,
        ..Proximal::default()
    };
    proximal.adam.learning_rate = learning_rate;
    OuterOptimizer::Ppo {
        clip_range: 0.2,
        proximal,
    }
}
