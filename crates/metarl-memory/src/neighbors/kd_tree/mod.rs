//! A tree of boxes.

mod balance;
mod build;
mod descent;
#[cfg(test)]
mod invariants;
mod newcomers;
mod tree;

pub(crate) use descent::Descent;

use super::columns::MOST_COLUMNS;
use super::frame::Frame;
use super::keys::AHEAD;
use super::pass::BATCH;
use super::query::Query;
use super::{Keys, NearestNeighbors, Neighbor, Search};
use crate::Error;
use crate::error::check_range;
use tree::Tree;

/// Axes cost the cube of the dimension.
const MOST_AXES: usize = 512;

/// A k-d tree of bounding boxes over blocks of 64 keys, for keys that come, move and go.
///
/// Exact at any moment: boxes hold their keys after every change, only not always tightly.
///
/// | dimension | keys in blocks | bytes of an entry beside its row |
/// |---|---|---|
/// | up to 16 | as they are, measured to the last bit | about 5.5 d + 11 |
/// | above 16 | a byte a number with an error bound; what may be near is measured again | about 1.5 d + 17 |
///
/// A look-up that would visit a large share of the blocks anyway reads all of them in one pass instead.
///
/// | change | costs |
/// |---|---|
/// | insert | a place among the newcomers; 64 of them go down the tree at once, `O(log n)` each |
/// | remove | a bit, and now and then a way up the tree |
/// | update | `O(d)`, in place, unless the key jumps farther than its block is wide; above 16 dimensions a small step only writes the row |
///
/// Blocks split and unite as they fill and empty, subtrees that lean are built anew, and every now and
/// then one that does not lean, so that boxes are tight again. No such rebuilding takes more than
/// 16 384 keys at a time, so there are no long pauses.
///
/// # References
///
/// Friedman, Bentley and Finkel, *An Algorithm for Finding Best Matches in Logarithmic Expected Time*,
/// 1977, [doi:10.1145/355744.355745](https://doi.org/10.1145/355744.355745), for the tree;
/// Weber, Schek and Blott, *A Quantitative Analysis and Performance Study for Similarity-Search Methods
/// in High-Dimensional Spaces*, VLDB 1998, section 5, for codes with bounds;
/// Arya, Mount, Netanyahu, Silverman and Wu, *An Optimal Algorithm for Approximate Nearest Neighbor
/// Searching in Fixed Dimensions*, 1998,
/// [doi:10.1145/293347.293348](https://doi.org/10.1145/293347.293348), for `epsilon`.
#[derive(Debug, Clone)]
pub struct KdTree {
    keys: Keys,
    /// The keys in other coordinates, where the tree is over them.
    frame: Option<Frame>,
    tree: Tree,
    /// `1 / (1 + ε)`.
    shrink: f32,
}

impl KdTree {
    /// Room for `capacity` keys of `dimension` numbers.
    ///
    /// # Errors
    ///
    /// Those of [`Keys::new`], and [`Error::OutOfRange`] when the dimension is above 32 768 or the
    /// capacity above 2³¹.
    pub fn new(dimension: usize, capacity: usize) -> Result<Self, Error> {
        Self::from_keys(Keys::new(dimension, capacity)?)
    }

    /// A tree over keys that are there, which is tighter than one they are inserted into.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] when the dimension is above 32 768 or the capacity above 2³¹.
    pub fn from_keys(keys: Keys) -> Result<Self, Error> {
        let tree = Tree::new(&keys)?;
        Ok(Self {
            keys,
            frame: None,
            tree,
            shrink: 1.0,
        })
    }

    /// Leaves out what can be little better: the j-th neighbor that is found is at most `1 + epsilon`
    /// times as far away as the j-th nearest is, rounding aside. 0 is exact.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] unless `epsilon` is finite and not negative.
    ///
    /// # Examples
    ///
    /// ```
    /// use metarl_memory::{KdTree, Keys, NearestNeighbors, Search};
    ///
    /// let rows: Vec<f32> = (0..1000).map(|i| i as f32).collect();
    /// let tree = KdTree::from_keys(Keys::from_rows(1, 1000, &rows)?)?.with_epsilon(0.5)?;
    /// let mut search = Search::default();
    /// let nearest = tree.nearest(&[-10.0], 1, &mut search)?;
    /// assert!(nearest[0].squared_distance <= (1.5_f32 * 10.0).powi(2));
    /// # Ok::<(), metarl_memory::Error>(())
    /// ```
    pub fn with_epsilon(mut self, epsilon: f32) -> Result<Self, Error> {
        let holds = epsilon.is_finite() && epsilon >= 0.0;
        check_range("epsilon", "finite and not negative", epsilon, holds)?;
        self.shrink = (1.0 + epsilon).recip();
        Ok(self)
    }

    /// Turns the tree to the principal axes of its keys, so that boxes are narrower where keys vary
    /// together along many coordinates. What is found stays the same, to the last bit.
    ///
    /// Axes are fitted now, and each time there are four times as many keys, from 1024 on, which builds
    /// the tree anew. Keys are kept a second time, in the coordinates of the axes, and a change or a
    /// look-up costs `d²` multiplications more. Up to 16 dimensions nothing changes: there keys are
    /// measured as they are.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] above 512 dimensions; [`Error::OutOfMemory`].
    pub fn with_principal_axes(mut self) -> Result<Self, Error> {
        let dimension = self.keys.dimension();
        let allowed = format_args!("at most {MOST_AXES} for principal axes");
        check_range("dimension", allowed, dimension, dimension <= MOST_AXES)?;
        if dimension > MOST_COLUMNS {
            self.frame = Some(Frame::new(&self.keys)?);
            self.tree = Tree::new(indexed(&self.keys, &self.frame))?;
        }
        Ok(self)
    }

    /// Builds the tree anew, over the keys as they are now, with axes fitted to them: tighter than one
    /// into which they were inserted or moved.
    pub fn rebuild(&mut self) {
        if let Some(frame) = &mut self.frame {
            frame.refit(&self.keys);
        }
        // One of this dimension and capacity was made before, so one is made again.
        if let Ok(tree) = Tree::new(indexed(&self.keys, &self.frame)) {
            self.tree = tree;
        }
    }

    /// Bytes of the blocks, which a look-up reads that reads all of them.
    #[must_use]
    pub fn bytes_of_a_pass(&self) -> usize {
        self.tree.arena.bytes_of_blocks()
    }

    /// Bytes in use, those of the keys included.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.keys.bytes() + self.frame.as_ref().map_or(0, Frame::bytes) + self.tree.bytes()
    }

    /// Puts queries where the tree has them.
    fn turn(&self, queries: &mut [Query]) {
        if let Some(frame) = &self.frame {
            for query in queries {
                query.turn(frame);
            }
        }
    }
}

/// The keys in the coordinates of the tree.
fn indexed<'a>(keys: &'a Keys, frame: &'a Option<Frame>) -> &'a Keys {
    frame.as_ref().map_or(keys, Frame::keys)
}

impl NearestNeighbors for KdTree {
    fn keys(&self) -> &Keys {
        &self.keys
    }

    fn insert(&mut self, slot: usize, key: &[f32]) -> Result<(), Error> {
        self.keys.insert(slot, key)?;
        if let Some(frame) = &mut self.frame {
            frame.insert(slot, key);
        }
        self.tree.insert(indexed(&self.keys, &self.frame), slot);
        if self.frame.as_ref().is_some_and(Frame::is_outgrown) {
            self.rebuild();
        }
        Ok(())
    }

    fn update(&mut self, slot: usize, key: &[f32]) -> Result<(), Error> {
        self.tree.arena.prefetch_place(slot);
        let mut squared_distance = self.keys.update(slot, key)?;
        if let Some(frame) = &mut self.frame {
            squared_distance = frame.update(slot, key);
        }
        let keys = indexed(&self.keys, &self.frame);
        self.tree.update(keys, slot, squared_distance);
        Ok(())
    }

    fn update_batch(&mut self, slots: &[usize], keys: &[f32]) -> Result<(), Error> {
        self.keys.check_updates(slots, keys)?;
        let rows = keys.chunks_exact(self.keys.dimension());
        let mut to_follow = Vec::new();
        for (i, (&slot, key)) in slots.iter().zip(rows).enumerate() {
            if let Some(&ahead) = slots.get(i + AHEAD) {
                self.keys.prefetch(ahead);
                self.tree.arena.prefetch_place(ahead);
            }
            let mut squared_distance = self.keys.move_row(slot, key);
            if let Some(frame) = &mut self.frame {
                squared_distance = frame.update(slot, key);
            }
            if !self.tree.arena.tolerates(slot, squared_distance) {
                to_follow.push(slot);
            }
        }
        let keys = indexed(&self.keys, &self.frame);
        self.tree.follow_all(keys, &to_follow);
        Ok(())
    }

    fn remove(&mut self, slot: usize) -> Result<(), Error> {
        self.keys.remove(slot)?;
        if let Some(frame) = &mut self.frame {
            frame.remove(slot);
        }
        self.tree.remove(indexed(&self.keys, &self.frame), slot);
        Ok(())
    }

    fn nearest<'a>(
        &self,
        query: &[f32],
        k: usize,
        search: &'a mut Search,
    ) -> Result<&'a [Neighbor], Error> {
        self.keys.check_query(query, k)?;
        let Search {
            queries,
            descent,
            found,
            ..
        } = search;
        let queries = queries.restart(query, self.keys.dimension(), k);
        self.turn(queries);
        found.clear();
        let query = &mut queries[0];
        self.tree
            .nearest(&self.keys, self.shrink, query, descent, found);
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
            self.turn(batch);
            let descent = &mut search.descent;
            self.tree
                .nearest_of_batch(&self.keys, self.shrink, batch, descent, found);
        }
        Ok(found)
    }
}
