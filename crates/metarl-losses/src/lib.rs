//! Losses of reinforcement learning: tensors in, scalar out.
//!
//! The crate's one decision: **what is held fixed has another type than what is differentiated.**
//! Advantages, targets and the behavior policy's log-probabilities come in as plain
//! [`Data`](metarl_autodiff::Data), which carry no derivative, so no flag says where a gradient
//! stops, and the compiler holds it. Every loss is written once against
//! [`Algebra`](metarl_autodiff::Algebra) and can therefore be differentiated twice.
//!
//! Every per-step input has one entry a step, `(N,)`; a loss is the mean over the steps it is
//! given.

mod behavior_cloning;
mod check;
mod divergence;
mod policy_gradient;
mod surrogate;
mod value;

pub use behavior_cloning::behavior_cloning;
pub use divergence::{entropy_bonus, mean_divergence};
pub use metarl_autodiff::Error;
pub use policy_gradient::policy_gradient;
pub use surrogate::{ClipRange, clipped_surrogate, surrogate};
pub use value::squared_value_error;
