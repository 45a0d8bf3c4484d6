//! Exact nearest neighbors over keys that change as they are used.
//!
//! The crate's one decision: **everything speaks of slots.** A slot is a number below the capacity
//! that the caller chooses for a key and that stays the key's until it is removed. Rows never move,
//! so values, recency and gradients are arrays beside them, and an index may be rebuilt under them
//! without anybody noticing.
//!
//! | type | what it is |
//! |---|---|
//! | [`NearestNeighbors`] | the contract of exact search; [`BruteForce`] is its reference |
//! | [`Recency`] | the order in which slots were used |
//! | [`Dictionary`] | the differentiable neural dictionary, over any structure of neighbors |
//! | [`EpisodicTable`] | the table of model-free episodic control; [`GaussianProjection`] makes its keys |
//! | [`EpisodicStore`] | the memory of an episodic LSTM |
//!
//! Structures differ in speed, never in results: each gives the very neighbors, distances and order
//! of [`BruteForce`], to the last bit.
//!
//! | structure | for |
//! |---|---|
//! | [`KdTree`] | keys near a surface, as those of a network are, or of few dimensions |
//! | [`FlatScan`] | keys without structure, and batches of queries |
//! | [`BruteForce`] | comparison |
//!
//! # Examples
//!
//! ```
//! use metarl_memory::{BruteForce, NearestNeighbors, Search};
//!
//! let mut memory = BruteForce::new(2, 100)?;
//! memory.insert(7, &[0.0, 1.0])?;
//! memory.insert(3, &[5.0, 5.0])?;
//! let mut search = Search::default();
//! let nearest = memory.nearest(&[0.0, 0.0], 2, &mut search)?;
//! assert_eq!((nearest[0].slot, nearest[0].squared_distance), (7, 1.0));
//! assert_eq!((nearest[1].slot, nearest[1].squared_distance), (3, 50.0));
//! # Ok::<(), metarl_memory::Error>(())
//! ```
//!
//! # Replay
//!
//! [`Replay`] keeps transitions to be learned from again, and speaks of indices in the same spirit: one
//! stays its transition's, and is never used again. See there.
//!
//! # Features
//!
//! | feature | adds |
//! |---|---|
//! | `dfdx` | `Dictionary::look_up_rows`, whose gradients flow into an embedding network |
//!
//! # What it leaves out
//!
//! Tensors by default, and approximate search that cannot say how far off it is.

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

mod dictionary;
mod entries;
mod episodic_store;
mod episodic_table;
mod error;
mod exact_match;
mod kernel;
mod neighbors;
mod projection;
mod recency;
mod replay;
mod snapshot;
#[cfg(feature = "dfdx")]
mod tensor;

pub use dictionary::{Dictionary, DictionaryConfig, LookUp, LookUpGradient};
pub use episodic_store::EpisodicStore;
pub use episodic_table::EpisodicTable;
pub use error::Error;
pub use kernel::Kernel;
pub use neighbors::{
    BruteForce, FlatScan, KdTree, Keys, NearestNeighbors, Neighbor, Search, squared_distance,
};
pub use projection::GaussianProjection;
pub use recency::Recency;
pub use replay::{
    GoalStrategy, Goals, Hindsight, NStep, NStepBatch, Prioritized, Replay, SequenceBatch,
    Sequences, SumTree, Transition,
};
#[cfg(feature = "dfdx")]
pub use tensor::EntryGradients;
