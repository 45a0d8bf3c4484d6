//! Meta-reinforcement learning in Rust: agents that learn how to learn.
//!
//! The library's front door. Each crate of the workspace is a module here:
//!
//! | module | what it is |
//! |---|---|
//! | [`core`] | the vocabulary: environments, tasks, trials, rollouts, policies, seeds |
//! | [`envs`] | task distributions, classical baselines, exact optima |
//! | [`returns`] | returns and advantages over slices |
//! | [`autodiff`] | dfdx made twice differentiable, networks, distributions |
//! | [`losses`] | policy-gradient, value, KL and entropy losses |
//! | [`optim`] | meta-optimizers: exact and first-order MAML, TRPO |
//! | [`agents`] | the systems: RL², MAML-RL |
//!
//! Upon them stand *experiments*, which the `metarl` program runs and a program of yours can too:
//!
//! | module | what it is |
//! |---|---|
//! | [`experiment`] | what is trained, on what, and which bar it must reach: one TOML file |
//! | [`system`] | agents and their environments behind one face |
//! | [`run`] | a folder that a run is kept in and goes on from |
//! | [`mod@train`], [`mod@evaluate`], [`mod@reproduce`] | what is done with an experiment |
//! | [`plot`] | learning curves |
//! | [`mod@play`], [`gallery`] | agents and environments to look at |
//!
//! The layer's one decision: **a run is a folder, and every state of the folder is a good one.**
//! Files are replaced whole, parameters and optimizer in one, so training may be killed at any
//! moment; resumed, it ends in the same bits as if it had not been.
//!
//! # Examples
//!
//! Two seeds of an experiment of a few seconds:
//!
//! ```no_run
//! use metarl::Device;
//! use metarl::experiment::Experiment;
//!
//! let experiment = Experiment::named("rl2-bandit-smoke", &[])?;
//! let folder = "runs/smoke".as_ref();
//! let done = metarl::reproduce::reproduce(&experiment, 2, folder, Device::Cpu, &mut ())?;
//! for report in done.iter().flat_map(|done| &done.reports) {
//!     assert!(report.passed, "{} is only {}", report.metric, report.measured);
//! }
//! # Ok::<(), metarl::Error>(())
//! ```
//!
//! # Features
//!
//! | feature | default | adds |
//! |---|---|---|
//! | `program` | yes | the `metarl` binary, with clap, ctrlc and indicatif |
//!
//! # What it leaves out
//!
//! The library never prints and never exits. The program does.

mod device;
mod error;
mod names;

pub mod evaluate;
pub mod experiment;
pub mod gallery;
pub mod play;
pub mod plot;
pub mod reproduce;
pub mod run;
pub mod system;
pub mod train;

pub use device::Device;
pub use error::Error;
pub use metarl_agents as agents;
pub use metarl_autodiff as autodiff;
pub use metarl_core as core;
pub use metarl_envs as envs;
pub use metarl_losses as losses;
pub use metarl_optim as optim;
pub use metarl_returns as returns;

#[cfg(doctest)]
#[doc = include_str!("../../../docs/environments.md")]
struct Environments;

#[cfg(doctest)]
#[doc = include_str!("../../../docs/tutorial.md")]
struct Tutorial;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
