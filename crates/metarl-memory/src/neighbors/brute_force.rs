//! The reference.

use super::{Keys, NearestNeighbors, Neighbor, Search, squared_distance};
use crate::Error;

/// Measures the distance to every key and sorts: the definition that faster structures are held to.
///
/// A look-up costs `O(n (d + log n))`.
#[derive(Debug, Clone)]
pub struct BruteForce {
    keys: Keys,
}

impl BruteForce {
    /// Room for `capacity` keys of `dimension` numbers.
    ///
    /// # Errors
    ///
    /// Those of [`Keys::new`].
    pub fn new(dimension: usize, capacity: usize) -> Result<Self, Error> {
        let keys = Keys::new(dimension, capacity)?;
        Ok(Self { keys })
    }
}

impl NearestNeighbors for BruteForce {
    fn keys(&self) -> &Keys {
        &self.keys
    }

    fn insert(&mut self, slot: usize, key: &[f32]) -> Result<(), Error> {
        self.keys.insert(slot, key)
    }

    fn update(&mut self, slot: usize, key: &[f32]) -> Result<(), Error> {
        self.keys.update(slot, key)?;
        Ok(())
    }

    fn remove(&mut self, slot: usize) -> Result<(), Error> {
        self.keys.remove(slot)
    }

    fn nearest<'a>(
        &self,
        query: &[f32],
        k: usize,
        search: &'a mut Search,
    ) -> Result<&'a [Neighbor], Error> {
        self.keys.check_query(query, k)?;
        search.found.clear();
        search.found.extend(self.keys.slots().map(|slot| Neighbor {
            slot,
            squared_distance: squared_distance(query, self.keys.row(slot)),
        }));
        search.found.sort_unstable_by(Neighbor::order);
        search.found.truncate(k);
        Ok(&search.found)
    }
}
