//! Look-ups.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::super::kernel::prefetch;
use super::super::keys::Keys;
use super::super::query::{Interest, Query};
use super::super::search::Neighbor;
use super::tree::{ROOT, Shape, Tree};

/// A batch is worth a pass over all blocks when a descent would visit this share of them.
const SHARE_OF_A_BATCH: f32 = 0.08;

/// A single query is.
const SHARE_OF_ONE: f32 = 0.3;

/// Fewer queries are no batch.
const FEWEST_OF_A_BATCH: usize = 8;

/// Of look-ups that read all blocks, one in so many descends, to see whether that has become better.
const PROBE: u32 = 1024;

/// Bytes of blocks that the last cache likely holds.
const CACHE: usize = 16 << 20;

/// What descents work in, and what they have learned.
#[derive(Debug, Clone, Default)]
pub(crate) struct Descent {
    /// Nodes to come back to, the nearest first.
    waiting: BinaryHeap<Waiting>,
    /// What share of the blocks was visited of late.
    share: f32,
    /// Look-ups that read all blocks, since one has descended.
    n_passes: u32,
}

impl Descent {
    /// Whether, with so many more look-ups that read all blocks, one should descend.
    fn is_probe_due(&mut self, n_queries: usize) -> bool {
        self.n_passes += n_queries as u32;
        let is_due = self.n_passes > PROBE;
        if is_due {
            self.n_passes = 0;
        }
        is_due
    }

    fn visited(&mut self, n_visited: usize, n_blocks: usize) {
        self.share += (n_visited as f32 / n_blocks as f32 - self.share) / 32.0;
    }
}

/// A node to come back to. The greatest is the nearest: distances are not negative, so their bits order
/// as they do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Waiting(Reverse<u64>);

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
    /// Appends the nearest keys of a query.
    pub(crate) fn nearest(
        &self,
        keys: &Keys,
        shrink: f32,
        query: &mut Query,
        descent: &mut Descent,
        found: &mut Vec<Neighbor>,
    ) {
        if descent.share > SHARE_OF_ONE && !descent.is_probe_due(1) {
            self.arena.pass(self.home(query.placed()), query);
        } else {
            self.descend(keys, shrink, query, descent);
        }
        let interest = Interest::within(shrink, keys.dimension());
        self.arena.finish(keys, interest, query, found);
    }

    /// Appends the nearest keys of a batch of queries, found one by one or in one pass.
    pub(crate) fn nearest_of_batch(
        &self,
        keys: &Keys,
        shrink: f32,
        queries: &mut [Query],
        descent: &mut Descent,
        found: &mut Vec<Neighbor>,
    ) {
        if queries.len() >= FEWEST_OF_A_BATCH && descent.share > SHARE_OF_A_BATCH {
            let n_probes = usize::from(descent.is_probe_due(queries.len()));
            let (probes, others) = queries.split_at_mut(n_probes);
            for probe in probes {
                self.descend(keys, shrink, probe, descent);
                self.arena.finish(keys, Interest::ALL, probe, found);
            }
            let homes = others.iter().map(|query| self.home(query.placed()));
            let homes: Vec<usize> = homes.collect();
            self.arena.pass_of_batch(keys, &homes, others, found);
        } else {
            for query in queries {
                self.nearest(keys, shrink, query, descent, found);
            }
        }
    }

    /// Visits the blocks whose boxes are near enough, the near ones first.
    ///
    /// What a node leads to has to come from memory. So several ways down are followed in turn, and what
    /// each will read is asked for while the others are looked at. Where the cache holds the blocks there is
    /// less to wait for, and the limit is lower sooner if fewer are followed.
    fn descend(&self, keys: &Keys, shrink: f32, query: &mut Query, descent: &mut Descent) {
        if self.arena.bytes_of_blocks() > CACHE {
            self.follow_ways::<4>(keys, shrink, query, descent);
        } else {
            self.follow_ways::<2>(keys, shrink, query, descent);
        }
    }

    fn follow_ways<const N_WAYS: usize>(
        &self,
        keys: &Keys,
        shrink: f32,
        query: &mut Query,
        descent: &mut Descent,
    ) {
        let waiting = &mut descent.waiting;
        let mut n_visited = 0;
        let mut limit = f32::INFINITY;
        waiting.clear();
        let mut ways = [None; N_WAYS];
        ways[0] = Some(Waiting::new(0.0, ROOT));
        while ways.iter().any(Option::is_some) {
            for (n, way) in ways.iter_mut().enumerate() {
                let here = way.take().filter(|here| here.distance() <= limit);
                let shape = here.map(|here| self.nodes[here.node()].shape);
                if let (Some(here), Some(Shape::Inner { pair, .. })) = (here, shape) {
                    *way = Some(self.open(here.node(), pair as usize, query, limit, waiting));
                }
                if let Some(Shape::Leaf { block }) = shape {
                    self.arena.measure(block as usize, query);
                    // With an epsilon few blocks are visited anyway, and bounds find more of the nearest.
                    if shrink == 1.0 {
                        self.arena.measure_many_candidates(keys, query);
                    }
                    limit = self.arena.squared_limit(query, shrink);
                    n_visited += 1;
                }
                let is_near = |next: &Waiting| next.distance() <= limit;
                *way = way.filter(is_near);
                // Until there is a limit, all ways but the nearest lead astray.
                if way.is_none() && (n == 0 || limit < f32::INFINITY) {
                    *way = waiting.pop().filter(is_near);
                }
                if let Some(next) = way {
                    self.prefetch(next.node());
                }
            }
        }
        // Few of them are within the limit by now.
        self.arena.measure(self.newcomers, query);
        descent.visited(n_visited, self.arena.n_blocks());
    }

    /// Measures the children of a node; gives the nearer one, and has the other one wait.
    fn open(
        &self,
        node: usize,
        pair: usize,
        query: &Query,
        limit: f32,
        waiting: &mut BinaryHeap<Waiting>,
    ) -> Waiting {
        let distances = self.boxes.squared_distances(query.padded(), pair);
        let near = if distances[0] == distances[1] {
            self.side(node, query.placed()) - 2 * pair
        } else {
            usize::from(distances[1] < distances[0])
        };
        let far = 1 - near;
        if distances[far] <= limit {
            waiting.push(Waiting::new(distances[far], 2 * pair + far));
        }
        Waiting::new(distances[near], 2 * pair + near)
    }

    /// Asks for what visiting a node will read.
    fn prefetch(&self, node: usize) {
        match self.nodes[node].shape {
            Shape::Leaf { block } => self.arena.prefetch(block as usize),
            Shape::Inner { pair, .. } => {
                self.boxes.prefetch_pair(pair as usize);
                prefetch(&self.nodes[2 * pair as usize..][..2]);
            }
        }
    }

    /// The block that a query would be put into.
    fn home(&self, point: &[f32]) -> usize {
        let mut node = ROOT;
        loop {
            match self.nodes[node].shape {
                Shape::Leaf { block } => return block as usize,
                Shape::Inner { .. } => node = self.side(node, point),
            }
        }
    }
}
