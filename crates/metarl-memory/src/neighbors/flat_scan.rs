//! One pass over everything.

use super::arena::{Arena, BLOCK};
use super::pass::BATCH;
use super::query::Interest;
use super::{Keys, NearestNeighbors, Neighbor, Search};
use crate::Error;

/// Keys of up to this many numbers lie in columns. A pass reads all of them, so that codes are worth while sooner than
/// in a tree, which reads few and would have to measure more of those again.
const MOST_COLUMNS: usize = 7;

/// Measures every key, 64 at a time, as fast as memory is read.
///
/// For keys without structure, of which no tree can leave many out, and for few keys: changes cost
/// next to nothing. Blocks are those of [`KdTree`](crate::KdTree), but from 8 dimensions on a pass reads a
/// byte a number, and a batch of queries reads them once for 32 queries.
#[derive(Debug, Clone)]
pub struct FlatScan {
    keys: Keys,
    arena: Arena,
    /// Blocks with room.
    open: Vec<usize>,
}

impl FlatScan {
    /// Room for `capacity` keys of `dimension` numbers.
    ///
    /// # Errors
    ///
    /// Those of [`KdTree::new`](crate::KdTree::new).
    pub fn new(dimension: usize, capacity: usize) -> Result<Self, Error> {
        Self::from_keys(Keys::new(dimension, capacity)?)
    }

    /// A scan of keys that are there.
    ///
    /// # Errors
    ///
    /// Those of [`KdTree::from_keys`](crate::KdTree::from_keys).
    pub fn from_keys(keys: Keys) -> Result<Self, Error> {
        let mut arena = Arena::new(keys.dimension(), keys.capacity(), MOST_COLUMNS)?;
        arena.expect_keys(&keys);
        let mut open = vec![arena.open_block()];
        for slot in keys.slots() {
            put(&mut arena, &mut open, &keys, slot);
        }
        Ok(Self { keys, arena, open })
    }

    /// Bytes in use, those of the keys included.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.keys.bytes() + self.arena.bytes()
    }

    /// Bytes of the blocks, which a look-up reads.
    #[must_use]
    pub fn bytes_of_a_pass(&self) -> usize {
        self.arena.bytes_of_blocks()
    }
}

impl NearestNeighbors for FlatScan {
    fn keys(&self) -> &Keys {
        &self.keys
    }

    fn insert(&mut self, slot: usize, key: &[f32]) -> Result<(), Error> {
        self.keys.insert(slot, key)?;
        put(&mut self.arena, &mut self.open, &self.keys, slot);
        Ok(())
    }

    fn update(&mut self, slot: usize, key: &[f32]) -> Result<(), Error> {
        let squared_distance = self.keys.update(slot, key)?;
        if !self.arena.tolerates(slot, squared_distance) {
            let block = self.arena.rewrite(&self.keys, slot);
            self.renew_if_worn(block);
        }
        Ok(())
    }

    fn remove(&mut self, slot: usize) -> Result<(), Error> {
        self.keys.remove(slot)?;
        let block = self.arena.take(slot);
        if self.arena.n_keys(block) == BLOCK - 1 {
            self.open.push(block);
        }
        self.renew_if_worn(block);
        Ok(())
    }

    fn nearest<'a>(
        &self,
        query: &[f32],
        k: usize,
        search: &'a mut Search,
    ) -> Result<&'a [Neighbor], Error> {
        self.keys.check_query(query, k)?;
        let Search { queries, found, .. } = search;
        let query = &mut queries.restart(query, self.keys.dimension(), k)[0];
        self.arena.pass(0, query);
        found.clear();
        self.arena.finish(&self.keys, Interest::ALL, query, found);
        Ok(found)
    }

    fn nearest_batch<'a>(
        &self,
        queries: &[f32],
        k: usize,
        search: &'a mut Search,
    ) -> Result<&'a [Neighbor], Error> {
        self.keys.check_queries(queries, k)?;
        let dimension = self.keys.dimension();
        let found = &mut search.found_by_batch;
        found.clear();
        for batch in queries.chunks(BATCH * dimension) {
            let batch = search.queries.restart(batch, dimension, k);
            let homes = &[0; BATCH][..batch.len()];
            self.arena.pass_of_batch(&self.keys, homes, batch, found);
        }
        Ok(found)
    }
}

impl FlatScan {
    fn renew_if_worn(&mut self, block: usize) {
        if self.arena.is_worn(block) {
            self.arena.renew(block, &self.keys);
        }
    }
}

/// Puts the key of a slot into the last block that has room.
fn put(arena: &mut Arena, open: &mut Vec<usize>, keys: &Keys, slot: usize) {
    while open
        .last()
        .is_some_and(|&block| arena.n_keys(block) == BLOCK)
    {
        open.pop();
    }
    let block = open.last().copied().unwrap_or_else(|| {
        let block = arena.open_block();
        open.push(block);
        block
    });
    arena.put(block, keys, slot);
}
