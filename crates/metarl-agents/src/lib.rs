//! Agents that learn to learn: RL², MAML-RL and matching networks; and fast learners: episodic control.
//!
//! The crate's one decision: **a trainer is a value that iterates, and everything it goes on from is
//! a value too.** [`Trainer::iterate`] does one round of experience and one round of learning, tells
//! what happened, and leaves the rest to the caller: schedules, logs, checkpoints and patience are a
//! loop around it. [`Rl2State`] and [`MamlState`] serialize; a run that goes on from one ends in the
//! same bits as a run that was never stopped, on any number of threads. An iteration that fails
//! changes nothing.
//!
//! | | [`Rl2`] | [`MamlRl`] |
//! |---|---|---|
//! | learns a task by | its recurrent memory, with an episodic one beside it where [`Core`] says so | gradient steps on its parameters |
//! | is trained by | PPO through whole trials | TRPO or PPO on the exact gradient through adaptation |
//! | actions | discrete | continuous |
//! | is judged by | [`Rl2::evaluate`] | [`MamlRl::evaluate`], [`Adapt`](metarl_core::Adapt) |
//!
//! [`Matching`] networks learn to classify what they have a few examples of.
//!
//! [`ValueBased`] agents learn one task from nothing, by a deep Q-network ([`Dqn`]), a table
//! ([`Mfec`]) or a dictionary ([`Nec`]): what episodic meta-learning stands on, and is measured against.
//!
//! # Examples
//!
//! An agent that learns how to play a two-armed bandit it has never seen. Ten random pulls earn 5 on
//! average, the best possible learner earns 6.02:
//!
//! ```
//! use dfdx::prelude::Cpu;
//! use metarl_agents::{Rl2, Rl2Config, Trainer};
//! use metarl_core::{Returns, Seed};
//! use metarl_envs::{BernoulliBandit, BernoulliBandits};
//!
//! let config = Rl2Config {
//!     hidden: 16,
//!     n_lanes: 64,
//!     lanes_per_shard: 16,
//!     ..Rl2Config::default()
//! };
//! let tasks = BernoulliBandits { n_arms: 2 };
//! let environment = BernoulliBandit::<2>::new;
//! // A trial is ten episodes of one pull each.
//! let trial = (10, 10);
//! let mut agent = Rl2::<_, _, _, 2>::new(
//!     config, tasks, environment, trial, Seed::new(1), Cpu::default(),
//! )?;
//! for _ in 0..3 {
//!     let done = agent.iterate()?;
//!     assert_eq!(done.env_steps, done.iteration * 64 * 10);
//! }
//! let returns = Returns::of(&agent.evaluate(environment, 500, Seed::new(2))?);
//! assert!(4.5 < returns.mean && returns.mean < 6.3);
//! # Ok::<(), metarl_agents::Error>(())
//! ```
//!
//! # Features
//!
//! | feature | what it adds |
//! |---|---|
//! | `cuda` | training on an NVIDIA GPU: pass `metarl_autodiff::cuda()?` as the device |
//! | `ci-check` | type-checks `cuda` where there is no toolkit; never ship such a build |
//!
//! # What it leaves out
//!
//! Environments (`metarl-envs`), experiment files, plots and the command line (`metarl`).

mod error;
mod maml;
mod matching;
mod parallel;
mod range;
mod rl2;
mod trainer;
mod value_based;

pub use error::Error;
pub use maml::{
    GaussianMlp, GaussianMlpParameters, GaussianPolicy, LinearBaseline, MamlConfig, MamlIteration,
    MamlRl, MamlState, OuterOptimizer,
};
pub use matching::{
    ContextConfig, Embedding, EmbeddingConfig, EmbeddingParameters, FullContext,
    FullContextParameters, Matching, MatchingConfig, MatchingIteration, MatchingLoss,
    MatchingNetwork, MatchingNetworkParameters, MatchingState,
};
pub use rl2::{
    Core, Epoch, RecurrentActorCritic, RecurrentActorCriticParameters, RecurrentState, Rl2,
    Rl2Config, Rl2Iteration, Rl2Policy, Rl2State, TrialReturn,
};
pub use trainer::{Trainer, TrainingState};
pub use value_based::{
    DenseStack, Dqn, DqnConfig, DqnState, EpsilonGreedy, Exploration, Learned, Mfec, MfecConfig,
    MfecState, Milestone, Nec, NecConfig, NecState, ReplayConfig, ValueBased, ValueBasedConfig,
    ValueBasedIteration, ValueBasedState, ValueLearner,
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
