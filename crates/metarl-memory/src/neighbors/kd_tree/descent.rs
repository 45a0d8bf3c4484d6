//! Look-ups.

use std::cmp::Reverse;

use super::super::keys::Keys;
use super::super::pass::BATCH;
use super::super::search::Search;
use super::tree::{ROOT, Shape, Tree};

/// A batch is worth a pass over all blocks when a descent would visit this share of them.
const SHARE_OF_A_BATCH: f32 = 0.08;

/// A single query is.
const SHARE_OF_ONE: f32 = 0.3;

/// Of look-ups that read all blocks, one in so many descends, to see whether that has become better.
const PROBE: u32 = 1024;

/// What share of the blocks look-ups have visited of late.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Habit {
    share: f32,
    /// Look-ups that read all blocks, since one has descended.
    n_flat: u32,
}

impl Habit {
    fn is_above(&self, share: f32) -> bool {
        self.share > share
    }

    /// Whether, with so many more look-ups that read all blocks, one should descend.
    fn is_probe_due(&mut self, n_queries: usize) -> bool {
        self.n_flat += n_queries as u32;
        let is_due = self.n_flat > PROBE;
        if is_due {
            self.n_flat = 0;
        }
        is_due
    }

    fn visited(&mut self, n_visited: usize, n_blocks: usize) {
        self.share += (n_visited as f32 / n_blocks as f32 - self.share) / 8.0;
    }
}

/// A node to come back to. The greatest is the nearest: distances are not negative, so their bits order
/// as they do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Waiting(Reverse<u64>);

impl Waiting {
    fn new(distance: f32, node: usize) -> Self {
        Self(Reverse(u64::from(distance.to_bits()) << 32 | node as u64))
    }

    fn distance(self) -> f32 {
        f32::from_bits((self.0.0 >> 32) as u32)
    }

    fn node(self) -> usize {
        self.0.0 as u32 as usize
    }
}

impl Tree {
    /// Finds the nearest keys of a query.
    pub(crate) fn nearest(
        &self,
        keys: &Keys,
        query: &[f32],
        k: usize,
        shrink: f32,
        search: &mut Search,
    ) {
        search
            .lookups
            .resize_with(1.max(search.lookups.len()), Default::default);
        search.lookups[0].restart(query, k);
        if search.habit.is_above(SHARE_OF_ONE) && !search.habit.is_probe_due(1) {
            self.arena
                .pass(query, self.home(query), &mut search.lookups[0]);
        } else {
            self.descend(query, shrink, search);
        }
        search.found.clear();
        self.arena
            .finish(keys, query, &mut search.lookups[0], &mut search.found);
    }

    /// Finds the nearest keys of many queries, one after the other or all in one pass.
    pub(crate) fn nearest_batch(
        &self,
        keys: &Keys,
        queries: &[f32],
        k: usize,
        shrink: f32,
        search: &mut Search,
    ) {
        search.found_by_batch.clear();
        for batch in queries.chunks(BATCH * keys.dimension()) {
            let n_queries = batch.len() / keys.dimension();
            if n_queries >= BATCH / 4 && search.habit.is_above(SHARE_OF_A_BATCH) {
                if search.habit.is_probe_due(n_queries) {
                    self.nearest(keys, &batch[..keys.dimension()], k, shrink, search);
                }
                let homes: Vec<usize> = batch
                    .chunks_exact(keys.dimension())
                    .map(|query| self.home(query))
                    .collect();
                self.arena.pass_of_batch(keys, batch, &homes, k, search);
            } else {
                for query in batch.chunks_exact(keys.dimension()) {
                    self.nearest(keys, query, k, shrink, search);
                    search.found_by_batch.extend_from_slice(&search.found);
                }
            }
        }
    }

    /// Visits the blocks whose boxes are near enough, the near ones first.
    fn descend(&self, query: &[f32], shrink: f32, search: &mut Search) {
        let Search {
            lookups,
            waiting,
            habit,
            ..
        } = search;
        let lookup = &mut lookups[0];
        let is_exact = self.arena.is_exact();
        let mut n_visited = 0;
        let mut limit = f32::INFINITY;
        waiting.clear();
        waiting.push(Waiting::new(0.0, ROOT));
        while let Some(nearest) = waiting.pop() {
            if nearest.distance() > limit {
                break;
            }
            let mut node = nearest.node();
            let block = loop {
                let pair = match self.nodes[node].shape {
                    Shape::Leaf { block } => break Some(block as usize),
                    Shape::Inner { pair, .. } => pair as usize,
                };
                let distances = self.boxes.squared_distances(&lookup.padded, pair);
                let near = if distances[0] == distances[1] {
                    self.side(node, query) - 2 * pair
                } else {
                    usize::from(distances[1] < distances[0])
                };
                if distances[1 - near] <= limit {
                    waiting.push(Waiting::new(distances[1 - near], 2 * pair + 1 - near));
                }
                if distances[near] > limit {
                    break None;
                }
                node = 2 * pair + near;
            };
            if let Some(next) = waiting.peek() {
                self.prefetch(next.node());
            }
            if let Some(block) = block {
                self.arena.measure(block, query, lookup);
                limit = lookup.squared_limit(is_exact) * shrink;
                n_visited += 1;
            }
        }
        habit.visited(n_visited, self.arena.n_blocks());
    }

    /// Asks for what visiting a node will read.
    fn prefetch(&self, node: usize) {
        match self.nodes[node].shape {
            Shape::Leaf { block } => self.arena.prefetch(block as usize),
            Shape::Inner { pair, .. } => self.boxes.prefetch(pair as usize),
        }
    }

    /// The block that a query would be put into.
    fn home(&self, query: &[f32]) -> usize {
        let mut node = ROOT;
        loop {
            match self.nodes[node].shape {
                Shape::Leaf { block } => return block as usize,
                Shape::Inner { .. } => node = self.side(node, query),
            }
        }
    }
}
