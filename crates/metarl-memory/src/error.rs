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
    /// A memory without entries was asked.
    #[error("the memory has no entries")]
    NoEntries,
    /// The structure that should search a new memory's keys holds some already.
    #[error("the structure holds {got} keys; a new memory begins with none")]
    NotNew {
        /// Keys found.
        got: usize,
    },
    /// A key is so far from the query that their squared distance overflows.
    #[error("the key of slot {slot} is too far from the query to be weighed")]
    TooFar {
        /// The key's slot.
        slot: usize,
    },
    /// A vector of length zero, or a step that leads there, where only directions count.
    #[error("{name} has length 0, which has no direction")]
    NoDirection {
        /// Which argument.
        name: &'static str,
    },
    /// Entries were evicted since they were read, so that a step might move others.
    #[error("entries were evicted since they were read")]
    Stale,
    /// A byte string is not a snapshot, or was damaged.
    #[error("not a snapshot of a memory: {0}")]
    NotSnapshot(String),
    /// A snapshot is of another memory, or of another version of the format.
    #[error("{name} is {expected} in the memory, {got} in the snapshot")]
    SnapshotMismatch {
        /// What disagrees.
        name: String,
        /// What the memory has.
        expected: String,
        /// What the snapshot has.
        got: String,
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
    /// There is no room for what was asked.
    #[error("{bytes} bytes were asked for, more than there is memory")]
    OutOfMemory {
        /// Bytes asked for in one piece.
        bytes: usize,
    },
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
    // Without a way out of the loop they are looked at side by side.
    let are_finite = vector.iter().fold(true, |are, x| are & x.is_finite());
    let first = || vector.iter().position(|x| !x.is_finite());
    match if are_finite { None } else { first() } {
        None => Ok(()),
        Some(position) => Err(Error::NonFinite {
            name,
            position,
            value: vector[position],
        }),
    }
}
