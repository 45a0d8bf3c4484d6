//! What can go wrong in training and evaluation.

/// Errors of agents.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An environment, a task or a rollout.
    #[error(transparent)]
    Environment(#[from] metarl_core::Error),
    /// Parameters, networks or losses.
    #[error(transparent)]
    Differentiation(#[from] metarl_autodiff::Error),
    /// Returns and advantages.
    #[error(transparent)]
    Returns(#[from] metarl_returns::Error),
    /// Episodic memory and replay.
    #[error(transparent)]
    Memory(#[from] metarl_memory::Error),
    /// Meta-optimization.
    #[error(transparent)]
    Optimization(#[from] metarl_optim::Error),
    /// A hyper-parameter is outside its range.
    #[error("{name} must be {allowed}, got {got}")]
    OutOfRange {
        /// The parameter.
        name: &'static str,
        /// The allowed range.
        allowed: &'static str,
        /// The value found.
        got: String,
    },
    /// Training produced a number that is NaN or infinite.
    #[error(
        "iteration {iteration}: {what} is {value}; lower the learning rate or clip the gradient"
    )]
    NonFinite {
        /// Iteration, from 0.
        iteration: u64,
        /// Which number.
        what: &'static str,
        /// The value.
        value: f64,
    },
}
