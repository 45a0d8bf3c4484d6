//! Matching networks.

mod case;
mod config;
mod context;
mod equation;
mod fault;
mod learning;
mod reference;
mod reproducible;

use dfdx::prelude::Cpu;
use metarl_agents::{ContextConfig, EmbeddingConfig, Matching, MatchingConfig};
use metarl_core::Seed;
use metarl_envs::few_shot::{ClusterTasks, FewShot};

type Agent = Matching<ClusterTasks, Cpu>;

fn clusters(n_shots: usize) -> ClusterTasks {
    let shape = FewShot {
        n_shots,
        ..FewShot::default()
    };
    ClusterTasks::new(shape).unwrap()
}

fn agent(config: MatchingConfig, seed: u64) -> Agent {
    Matching::new(config, clusters(1), Seed::new(seed), Cpu::default()).unwrap()
}

/// A configuration that takes milliseconds an iteration.
fn tiny() -> MatchingConfig {
    MatchingConfig {
        embedding: EmbeddingConfig::Perceptron { hidden: vec![5] },
        width: 4,
        meta_batch_size: 3,
        ..MatchingConfig::default()
    }
}

/// The same with fully conditional embeddings.
fn conditional() -> MatchingConfig {
    MatchingConfig {
        context: ContextConfig::Full {
            processing_steps: 2,
        },
        ..tiny()
    }
}
