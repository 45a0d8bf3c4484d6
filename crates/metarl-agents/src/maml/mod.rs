//! MAML for reinforcement learning (Finn, Abbeel & Levine 2017,
//! [arXiv:1703.03400](https://arxiv.org/abs/1703.03400), algorithm 3).
//!
//! Meta-parameters from which one policy-gradient step on a few episodes of a new task makes a good
//! policy for it. The inner step is REINFORCE with a linear baseline, the outer one TRPO (or PPO) on
//! the exact gradient through it.

mod adapted;
mod baseline;
mod batch;
mod config;
mod evaluation;
mod lesson;
mod network;
mod policy;
mod streams;
mod trainer;

pub use baseline::LinearBaseline;
pub use config::{MamlConfig, OuterOptimizer};
pub use network::{GaussianMlp, GaussianMlpParameters};
pub use policy::GaussianPolicy;
pub use trainer::{MamlIteration, MamlRl, MamlState};
