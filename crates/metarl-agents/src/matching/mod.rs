//! Matching networks: new classes from a few examples, without a gradient step (Vinyals et al. 2016,
//! [arXiv:1606.04080](https://arxiv.org/abs/1606.04080)).
//!
//! A query is labelled by the examples it is similar to. What is learned, on many tasks, is the
//! embedding in which things of one class are similar, also of classes never seen.

mod config;
mod context;
mod embedding;
mod loss;
mod network;
mod trainer;

pub use config::{ContextConfig, EmbeddingConfig, MatchingConfig};
pub use context::{FullContext, FullContextParameters};
pub use embedding::{Embedding, EmbeddingParameters};
pub use loss::MatchingLoss;
pub use network::{MatchingNetwork, MatchingNetworkParameters};
pub use trainer::{Matching, MatchingIteration, MatchingState};
