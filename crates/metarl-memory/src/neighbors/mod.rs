//! Exact nearest neighbors over keys in slots.

mod arena;
mod axes;
mod bfloat16;
mod bounding_box;
mod brute_force;
mod code_batch;
mod code_blocks;
mod columns;
mod distance;
mod flat_scan;
mod frame;
mod kd_tree;
mod kernel;
mod keys;
mod pages;
mod pass;
mod quantization;
mod query;
mod rows;
mod search;
mod top_k;

pub use brute_force::BruteForce;
pub use distance::squared_distance;
pub use flat_scan::FlatScan;
pub use kd_tree::KdTree;
pub use keys::Keys;
pub use search::{Neighbor, Search};

use crate::Error;
use keys::AHEAD;

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

    /// Moves the keys of many slots: of each to its row of `keys`, which lie side by side. A slot that comes
    /// again is moved again, so that its last row stays.
    ///
    /// Look-ups then find what they find after as many calls of [`update`](NearestNeighbors::update). But a
    /// single move waits for a row that is not in the cache, and those of many are asked for ahead.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] unless the rows are whole, [`Error::LengthMismatch`] unless there is one for
    /// each slot, and those of [`update`](NearestNeighbors::update). If one key is refused, none has moved.
    fn update_batch(&mut self, slots: &[usize], keys: &[f32]) -> Result<(), Error> {
        self.keys().check_updates(slots, keys)?;
        let rows = keys.chunks_exact(self.keys().dimension());
        for (i, (&slot, key)) in slots.iter().zip(rows).enumerate() {
            if let Some(&ahead) = slots.get(i + AHEAD) {
                self.keys().prefetch(ahead);
            }
            self.update(slot, key)?;
        }
        Ok(())
    }

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

    /// The `k` keys nearest to each of the queries, which lie side by side: `k` neighbors for the
    /// first, then `k` for the second, and so on.
    ///
    /// # Errors
    ///
    /// Those of [`NearestNeighbors::nearest`], and [`Error::OutOfRange`] unless the queries are whole.
    fn nearest_batch<'a>(
        &self,
        queries: &[f32],
        k: usize,
        search: &'a mut Search,
    ) -> Result<&'a [Neighbor], Error> {
        self.keys().check_queries(queries, k)?;
        search.found_by_batch.clear();
        for query in queries.chunks_exact(self.keys().dimension()) {
            self.nearest(query, k, search)?;
            search.found_by_batch.extend_from_slice(&search.found);
        }
        Ok(&search.found_by_batch)
    }
}
