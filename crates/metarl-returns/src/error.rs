//! What a caller can get wrong.

use crate::Float;

/// Errors of the estimators. Nothing is written when one is returned.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A slice is not as long as the rewards.
    #[error("{name} has {got} entries, reward has {expected}")]
    LengthMismatch {
        /// Which argument disagrees.
        name: &'static str,
        /// Entries of `reward`.
        expected: usize,
        /// Entries found.
        got: usize,
    },
    /// The rewards are not a whole number of rows.
    #[error("{n_entries} rewards are not a whole number of steps of {n_lanes} lanes")]
    Ragged {
        /// Entries of `reward`.
        n_entries: usize,
        /// Lanes.
        n_lanes: usize,
    },
    /// A hyper-parameter is outside its range.
    #[error("{name} must be {allowed}, got {got}")]
    OutOfRange {
        /// The parameter.
        name: &'static str,
        /// What is allowed, in words or as an interval.
        allowed: &'static str,
        /// The value found.
        got: f64,
    },
}

/// Checks `0 ≤ x ≤ 1`, as a discount and a λ must be.
pub(crate) fn check_unit<T: Float>(name: &'static str, x: T) -> Result<(), Error> {
    check(name, "in [0, 1]", x, T::ZERO <= x && x <= T::ONE)
}

/// Checks `0 < x`; infinity is allowed.
pub(crate) fn check_positive<T: Float>(name: &'static str, x: T) -> Result<(), Error> {
    check(name, "above 0", x, T::ZERO < x)
}

fn check<T: Float>(
    name: &'static str,
    allowed: &'static str,
    x: T,
    holds: bool,
) -> Result<(), Error> {
    if holds {
        Ok(())
    } else {
        Err(Error::OutOfRange {
            name,
            allowed,
            got: x.to_f64(),
        })
    }
}

/// Checks that a slice has one entry a reward.
pub(crate) fn check_length(name: &'static str, got: usize, expected: usize) -> Result<(), Error> {
    if got == expected {
        Ok(())
    } else {
        Err(Error::LengthMismatch {
            name,
            expected,
            got,
        })
    }
}
