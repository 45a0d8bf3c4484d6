//! RL²: fast reinforcement learning via slow reinforcement learning (Duan et al. 2016,
//! [arXiv:1611.02779](https://arxiv.org/abs/1611.02779)).
//!
//! A recurrent policy is trained by an ordinary policy-gradient method, but what it acts in is a
//! *trial*: several episodes on one task, with the previous action, reward and end of episode among
//! its inputs and a memory that lives through them. What it learns is a learning algorithm, run by
//! the dynamics of its memory.

mod config;
mod inputs;
mod network;
mod policy;
mod trainer;
mod update;
mod value_scale;

pub use config::Rl2Config;
pub use network::{RecurrentActorCritic, RecurrentActorCriticParameters};
pub use policy::Rl2Policy;
pub use trainer::{Rl2, Rl2Iteration, Rl2State};
