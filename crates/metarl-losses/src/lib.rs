//! Losses of reinforcement learning: tensors in, scalar out.
//!
//! The crate's one decision: **what is held fixed has another type than what is differentiated.**
//! Advantages, targets and the behavior policy's log-probabilities come in as slices of numbers,
//! which carry no derivative, so no flag says where a gradient stops, and the compiler holds it. Every loss is written once against
//! [`Algebra`](metarl_autodiff::Algebra) and can therefore be differentiated twice.
//!
//! Every per-step input has one entry a step, `(N,)`; a loss is the mean over the steps it is
//! given.
//!
//! | loss | for |
//! |---|---|
//! | [`policy_gradient`] | REINFORCE, A2C |
//! | [`surrogate`] | TRPO, PPO with a penalty |
//! | [`clipped_surrogate`] | PPO |
//! | [`squared_value_error`], [`huber_value_error`] | critics |
//! | [`mean_divergence`] | trust regions |
//! | [`entropy_bonus`] | exploration |
//! | [`behavior_cloning`] | imitation |
//!
//! # Examples
//!
//! A traced advantage is a type error, so no gradient leaks into it:
//!
//! ```compile_fail
//! use dfdx::prelude::*;
//! use metarl_autodiff::{Algebra, Reverse, Variables};
//!
//! let device = Cpu::default();
//! let reverse = Reverse::<f64, _>::new(device.clone());
//! let log_prob = reverse.variable(device.tensor([-0.5]));
//! let advantage = reverse.variable(device.tensor([2.0]));
//! let loss = metarl_losses::policy_gradient(&reverse, log_prob, &advantage);
//! ```
//!
//! # What it leaves out
//!
//! Advantages and value targets (`metarl-returns`), networks and distributions
//! (`metarl-autodiff`), and the step that lowers a loss.

mod behavior_cloning;
mod divergence;
mod fixed;
mod policy_gradient;
mod surrogate;
mod value;

pub use behavior_cloning::behavior_cloning;
pub use divergence::{entropy_bonus, mean_divergence};
pub use metarl_autodiff::Error;
pub use policy_gradient::policy_gradient;
pub use surrogate::{ClipRange, clipped_surrogate, surrogate};
pub use value::{huber_value_error, squared_value_error};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
