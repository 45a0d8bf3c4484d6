//! The vocabulary of meta-reinforcement learning: environments, tasks, trials, rollouts, policies,
//! adaptation and seeds.
//!
//! The crate's one decision: **an environment is a batch of lanes, and a step always keeps the
//! observation it reached apart from the observation to act on next.** An episode that was cut by a
//! time limit therefore never loses the observation its value must be bootstrapped from, and a
//! rollout can hold many episodes in one rectangle of memory, time × lane.
//!
//! | word | meaning |
//! |---|---|
//! | task | one Markov decision process drawn from a [`TaskDistribution`] |
//! | episode | from reset to *terminated* (the process ended) or *truncated* (we stopped watching) |
//! | trial | consecutive episodes on one task; an agent's memory lives through it ([`Trial`]) |
//! | lane | one environment of a batch |
//! | adapt | what an agent does to learn a new task ([`Adapt`]) |
//! | support, query | what is seen before adaptation, what is judged after it |
//!
//! # Examples
//!
//! Every random number comes from a [`Seed`] and a [`Purpose`], so two programs that ask for the
//! same stream read the same numbers, in whatever order and on however many threads:
//!
//! ```
//! use metarl_core::{Purpose, Seed};
//! use rand::RngExt;
//!
//! let mut once = Seed::new(7).stream(Purpose::Task, 3, 0, 0);
//! let mut again = Seed::new(7).stream(Purpose::Task, 3, 0, 0);
//! assert_eq!(once.random::<u64>(), again.random::<u64>());
//! ```
//!
//! # What it leaves out
//!
//! Tensors, files, printing: the crates above do that.

mod adapt;
mod environment;
mod error;
mod few_shot;
mod policy;
mod process;
mod rollout;
mod seed;
mod space;
mod task;
mod trial;

pub use adapt::{Adapt, Returns, evaluate};
pub use environment::{Environment, StepBatch, check_actions, check_lanes, lane_mut};
pub use error::{Error, check_range};
pub use few_shot::FewShotTask;
pub use policy::{DecisionBatch, Policy, UniformPolicy, check_act};
pub use process::{Lanes, LanesMut, Outcome, Process};
pub use rollout::{Rollout, RolloutOf, collect, collect_episodes};
pub use seed::{Purpose, Rng, Seed};
pub use space::{Continuous, Discrete, Element, Space};
pub use task::{Split, TaskDistribution};
pub use trial::{PreviousStep, Trial, TrialObservation, TrialSpace};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
