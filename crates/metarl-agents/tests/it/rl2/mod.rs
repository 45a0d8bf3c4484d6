//! RL².

#[cfg(not(feature = "cuda"))]
mod allocation;
mod config;
mod critic;
mod episodic;
mod equation;
mod evaluation;
mod fault;
mod learning;
mod memory;
mod reference;
mod reproducible;

use metarl_agents::{Rl2, Rl2Config};
use metarl_core::Seed;
use metarl_envs::{BernoulliBandit, BernoulliBandits};

use crate::device::{TestDevice, test_device};

type Bandits<const ARMS: usize> = BernoulliBandit<ARMS>;
type Agent<const ARMS: usize> = Rl2<Bandits<ARMS>, BernoulliBandits, TestDevice, ARMS>;

/// RL² on Bernoulli bandits, `n_pulls` a trial and as many steps a rollout.
fn bandit_agent<const ARMS: usize>(config: Rl2Config, n_pulls: u32, seed: u64) -> Agent<ARMS> {
    let tasks = BernoulliBandits { n_arms: ARMS };
    let trial = (n_pulls, n_pulls as usize);
    let (seed, device) = (Seed::new(seed), test_device());
    Rl2::new(config, tasks, BernoulliBandit::new, trial, seed, device).unwrap()
}

/// A configuration that takes milliseconds an iteration.
fn tiny() -> Rl2Config {
    Rl2Config {
        hidden: 5,
        n_lanes: 16,
        lanes_per_shard: 4,
        n_iterations: 10,
        n_epochs: 2,
        n_minibatches: 2,
        learning_rate: 0.01,
        ..Rl2Config::default()
    }
}
