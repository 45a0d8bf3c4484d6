//! Returns and advantages over plain slices, with truncation told apart from termination.
//!
//! The crate's one decision: **an episode ends in one of two ways, and every estimator treats them
//! differently.** A *terminated* step bootstraps nothing, for nothing follows it. A *truncated* step
//! bootstraps from the value of the observation the episode reached, and lets nothing from later
//! rows in. Both cut the trace, so that a rectangle of experience, time × lane, may hold episodes
//! end to end, and gives what the episodes would give one by one.
//!
//! | function | estimates | from |
//! |---|---|---|
//! | [`discounted_returns`] | Gₜ | rewards until the end |
//! | [`n_step_returns`] | Gₜ⁽ⁿ⁾ | n rewards and a value |
//! | [`lambda_returns`] | Gₜ^λ | all n-step returns, λⁿ-weighted |
//! | [`gae`] | Âₜ | TD errors, (γλ)ˡ-weighted |
//! | [`v_trace`] | vₜ and Âₜ | off-policy experience, values V |
//! | [`retrace`] | Qₜ | off-policy experience, action values Q |
//! | [`upgo`] | Gₜ | rewards while the actions beat the value |
//! | [`normalize`] | | a batch of advantages, brought to mean 0 and deviation 1 |
//!
//! All take [`Transitions`] and write into slices of the caller: nothing is allocated. Entry
//! `t * n_lanes + lane` is step `t` of a lane; numbers are `f32` or `f64` ([`Float`]).
//!
//! # Examples
//!
//! One lane, three steps. The first episode is cut after two of them, at an observation worth 10;
//! the second terminates at once:
//!
//! ```
//! use metarl_returns::{Transitions, discounted_returns};
//!
//! let transitions = Transitions {
//!     n_lanes: 1,
//!     reward: &[1.0, 2.0, 4.0],
//!     next_value: &[7.0, 10.0, 0.0],
//!     terminated: &[false, false, true],
//!     truncated: &[false, true, false],
//! };
//! let mut returns = [0.0; 3];
//! discounted_returns(&transitions, 0.5, &mut returns)?;
//! assert_eq!(returns, [1.0 + 0.5 * (2.0 + 0.5 * 10.0), 2.0 + 0.5 * 10.0, 4.0]);
//! # Ok::<(), metarl_returns::Error>(())
//! ```
//!
//! # What it leaves out
//!
//! Tensors and gradients: these numbers are constants to a loss.

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

mod discounted;
mod error;
mod float;
mod gae;
mod lambda;
mod n_step;
mod normalize;
mod retrace;
mod transitions;
mod upgo;
mod v_trace;

pub use discounted::discounted_returns;
pub use error::Error;
pub use float::Float;
pub use gae::gae;
pub use lambda::lambda_returns;
pub use n_step::n_step_returns;
pub use normalize::normalize;
pub use retrace::retrace;
pub use transitions::Transitions;
pub use upgo::upgo;
pub use v_trace::{VTrace, v_trace};
