//! What can go wrong in meta-optimization.

/// Errors of meta-optimizers.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A loss could not be evaluated.
    #[error(transparent)]
    Loss(#[from] metarl_autodiff::Error),
    /// A meta-gradient was asked for with other support losses than the path was made with.
    #[error("{got} support losses for an adaptation of {expected} steps")]
    Steps {
        /// Steps of the adaptation.
        expected: usize,
        /// Losses given.
        got: usize,
    },
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

/// Checks a hyper-parameter: NaN and infinity are never allowed.
pub(crate) fn check(
    name: &'static str,
    allowed: &'static str,
    got: f64,
    ok: bool,
) -> Result<(), Error> {
    if ok && got.is_finite() {
        Ok(())
    } else {
        Err(Error::OutOfRange { name, allowed, got })
    }
}
