//! What a caller can get wrong.

use std::fmt::Display;
use std::ops::Range;

/// Errors of memories. Nothing has changed when one is returned.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A vector has another dimension than the memory.
    #[error("{name} has {got} numbers, the memory holds {expected}")]
    DimensionMismatch {
        /// Which argument disagrees.
        name: &'static str,
        /// Numbers of each entry.
        expected: usize,
        /// Numbers found.
        got: usize,
    },
    /// A key, query or value is NaN or infinite.
    #[error("{name} has {value} at {position}; every number must be finite")]
    NonFinite {
        /// Which argument.
        name: &'static str,
        /// Where in it, from 0.
        position: usize,
        /// The number.
        value: f32,
    },
    /// A slot that should be free holds a key.
    #[error("slot {slot} is taken")]
    Taken {
        /// The slot.
        slot: usize,
    },
    /// A slot that should hold a key does not.
    #[error("slot {slot} is empty")]
    Empty {
        /// The slot.
        slot: usize,
    },
    /// A parameter is outside its range.
    #[error("{name} must be {allowed}, got {got}")]
    OutOfRange {
        /// The parameter.
        name: &'static str,
        /// What is allowed, in words or as an interval.
        allowed: String,
        /// The value found.
        got: String,
    },
    /// An argument has not one entry for each thing it is about.
    #[error("{name} has {got} entries, must have {expected}")]
    LengthMismatch {
        /// Which argument.
        name: &'static str,
        /// Entries it must have.
        expected: usize,
        /// Entries found.
        got: usize,
    },
    /// A transition is not stored any more, or not yet.
    #[error("no {n_steps} stored steps begin at index {index}; they do at {} to {}, excluded", starts.start, starts.end)]
    NotStored {
        /// The index asked for.
        index: u64,
        /// Steps asked for.
        n_steps: usize,
        /// The indices at which so many begin.
        starts: Range<u64>,
    },
    /// Nothing as long is stored.
    #[error("{needed} steps of a lane are asked for, {stored} are stored")]
    TooShort {
        /// Steps asked for.
        needed: usize,
        /// Steps of a lane that are stored.
        stored: usize,
    },
    /// Nothing can be drawn in proportion to its priority.
    #[error("every priority is 0, so there is nothing to draw")]
    NoPriority,
}

/// Checks the number of entries.
pub(crate) fn check_entries(name: &'static str, got: usize, expected: usize) -> Result<(), Error> {
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

/// Checks a parameter.
pub(crate) fn check_range(
    name: &'static str,
    allowed: impl Display,
    got: impl Display,
    holds: bool,
) -> Result<(), Error> {
    if holds {
        Ok(())
    } else {
        Err(Error::OutOfRange {
            name,
            allowed: allowed.to_string(),
            got: got.to_string(),
        })
    }
}

/// Checks the length of a vector, and that each of its numbers is finite.
pub(crate) fn check_vector(
    name: &'static str,
    vector: &[f32],
    dimension: usize,
) -> Result<(), Error> {
    if vector.len() != dimension {
        return Err(Error::DimensionMismatch {
            name,
            expected: dimension,
            got: vector.len(),
        });
    }
    match vector.iter().position(|x| !x.is_finite()) {
        None => Ok(()),
        Some(position) => Err(Error::NonFinite {
            name,
            position,
            value: vector[position],
        }),
    }
}
