//! Exact nearest neighbors over keys in slots.

mod brute_force;
mod distance;
mod keys;
mod search;

pub use brute_force::BruteForce;
pub use distance::squared_distance;
pub use keys::Keys;
pub use search::{Neighbor, Search};

use crate::Error;

/// Keys in slots, and the nearest of them to a query.
///
/// The contract, which every structure keeps to the last bit:
///
/// - The distance is [`squared_distance`]; what is nearest is exact, not approximate.
/// - Neighbors come nearest first; of keys at the same distance the one in the lower slot.
/// - `−0.0` and `0.0` are the same coordinate; keys may be equal; a coordinate may be constant.
/// - A key, a query, or a slot that is refused leaves everything as it was.
pub trait NearestNeighbors {
    /// The keys.
    fn keys(&self) -> &Keys;

    /// Puts a key into an empty slot.
    ///
    /// # Errors
    ///
    /// [`Error::DimensionMismatch`], [`Error::NonFinite`], [`Error::Taken`], and
    /// [`Error::OutOfRange`] when there is no such slot.
    fn insert(&mut self, slot: usize, key: &[f32]) -> Result<(), Error>;

    /// Moves the key of a slot.
    ///
    /// # Errors
    ///
    /// [`Error::DimensionMismatch`], [`Error::NonFinite`], [`Error::Empty`], and
    /// [`Error::OutOfRange`] when there is no such slot.
    fn update(&mut self, slot: usize, key: &[f32]) -> Result<(), Error>;

    /// Empties a slot.
    ///
    /// # Errors
    ///
    /// [`Error::Empty`], and [`Error::OutOfRange`] when there is no such slot.
    fn remove(&mut self, slot: usize) -> Result<(), Error>;

    /// The `k` keys nearest to a query.
    ///
    /// # Errors
    ///
    /// [`Error::DimensionMismatch`], [`Error::NonFinite`], and [`Error::OutOfRange`] unless
    /// `1 ≤ k ≤` the number of keys.
    fn nearest<'a>(
        &self,
        query: &[f32],
        k: usize,
        search: &'a mut Search,
    ) -> Result<&'a [Neighbor], Error>;
}
