//! Transitions to be learned from again.
//!
//! A draw gives *indices*, a view makes batches of them; each draw goes with each view.

mod hindsight;
mod n_step;
mod prioritized;
mod ring;
mod sequences;
mod snapshot;
mod sum_tree;

pub use hindsight::{GoalStrategy, Goals, Hindsight};
pub use n_step::{NStep, NStepBatch};
pub use prioritized::Prioritized;
pub use ring::{Replay, Transition};
pub use sequences::{SequenceBatch, Sequences};
pub use sum_tree::SumTree;
