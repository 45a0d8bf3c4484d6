//! What a caller can get wrong.

use std::fmt::Display;

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
    /// There is no room for what was asked.
    #[error("{bytes} bytes were asked for, more than there is memory")]
    OutOfMemory {
        /// Bytes asked for in one piece.
        bytes: usize,
    },
}

/// Makes room, or says how much was asked for.
pub(crate) fn reserve<T>(room: &mut Vec<T>, n: usize) -> Result<(), Error> {
    room.try_reserve_exact(n).map_err(|_| Error::OutOfMemory {
        bytes: n.saturating_mul(size_of::<T>()),
    })
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

/// Checks that rows side by side are whole, and that each of their numbers is finite.
pub(crate) fn check_rows(name: &'static str, rows: &[f32], dimension: usize) -> Result<(), Error> {
    let allowed = format_args!("whole rows of {dimension} numbers");
    let got = format_args!("{} numbers", rows.len());
    check_range(name, allowed, got, rows.len().is_multiple_of(dimension))?;
    check_finite(name, rows)
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
    check_finite(name, vector)
}

fn check_finite(name: &'static str, vector: &[f32]) -> Result<(), Error> {
    match vector.iter().position(|x| !x.is_finite()) {
        None => Ok(()),
        Some(position) => Err(Error::NonFinite {
            name,
            position,
            value: vector[position],
        }),
    }
}
