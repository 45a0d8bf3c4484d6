//! Transitions to be learned from again.
//!
//! A draw gives *indices*, a view makes batches of them; each draw goes with each view.

mod n_step;
mod ring;
mod snapshot;

pub use n_step::{NStep, NStepBatch};
pub use ring::{Replay, Transition};
