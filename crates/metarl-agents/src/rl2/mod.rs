//! RL²: fast reinforcement learning via slow reinforcement learning (Duan et al. 2016,
//! [arXiv:1611.02779](https://arxiv.org/abs/1611.02779)).
//!
//! A recurrent policy is trained by an ordinary policy-gradient method, but what it acts in is a
//! *trial*: several episodes on one task, with the previous action, reward and end of episode among
//! its inputs and a memory that lives through them. What it learns is a learning algorithm, run by
//! the dynamics of its memory.
//!
//! The memory is a recurrent layer of the kind [`Core`] says. An episodic LSTM also keeps how each trial
//! ended, for as long as an epoch of `n_trials` lasts, and takes it up again where the context returns
//! (Ritter et al. 2018, [arXiv:1805.09692](https://arxiv.org/abs/1805.09692)).

mod config;
mod core;
mod evaluation;
mod inputs;
mod network;
mod policy;
mod recall;
mod shard;
mod trainer;
mod update;
mod value_scale;

pub use config::Rl2Config;
pub use core::{Core, RecurrentState};
pub use evaluation::{Epoch, TrialReturn};
pub use network::{RecurrentActorCritic, RecurrentActorCriticParameters};
pub use policy::Rl2Policy;
pub use trainer::{Rl2, Rl2Iteration, Rl2State};
