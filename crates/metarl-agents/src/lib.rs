//! Agents that learn to learn.

mod error;
mod maml;
mod rl2;

pub use error::Error;
pub use maml::{
    GaussianMlp, GaussianMlpParameters, GaussianPolicy, LinearBaseline, MamlConfig, MamlIteration,
    MamlRl, MamlState, OuterOptimizer,
};
pub use rl2::{
    RecurrentActorCritic, RecurrentActorCriticParameters, Rl2, Rl2Config, Rl2Iteration, Rl2Policy,
    Rl2State,
};
