//! What can go wrong in meta-optimization.

/// Errors of meta-optimizers.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A loss could not be evaluated.
    #[error(transparent)]
    Loss(#[from] metarl_autodiff::Error),
    /// There is nothing to average over.
    #[error("{0} must not be empty")]
    Empty(&'static str),
    /// A hyper-parameter is outside its range.
    #[error("{name} must be {allowed}, got {got}")]
    OutOfRange {
        /// The parameter.
        name: &'static str,
        /// The allowed range.
        allowed: &'static str,
        /// The value found.
        got: f64,
    },
}
