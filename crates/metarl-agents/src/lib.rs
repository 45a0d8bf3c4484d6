//! Agents that learn to learn.

mod error;
mod rl2;

pub use error::Error;
pub use rl2::{
    RecurrentActorCritic, RecurrentActorCriticParameters, Rl2, Rl2Config, Rl2Iteration, Rl2Policy,
    Rl2State,
};
