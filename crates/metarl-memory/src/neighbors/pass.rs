//! Look-ups that read every block.

use super::arena::Arena;
use super::keys::Keys;
use super::lookup::Lookup;
use super::search::{Neighbor, Search};

/// Queries that one pass serves.
pub(crate) const BATCH: usize = 32;

impl Arena {
    /// Measures a query against every block, its home first: if that is near, few candidates follow.
    pub(crate) fn pass(&self, query: &[f32], home: usize, lookup: &mut Lookup) {
        self.measure(home, query, lookup);
        for block in (0..self.n_blocks()).filter(|&block| block != home) {
            self.measure(block, query, lookup);
        }
    }

    /// Measures a batch of queries, each with its home, against every block, which is read once; and
    /// appends what each of them has found.
    pub(crate) fn pass_of_batch(
        &self,
        keys: &Keys,
        queries: &[f32],
        homes: &[usize],
        k: usize,
        search: &mut Search,
    ) {
        let row = |n: usize| &queries[n * keys.dimension()..][..keys.dimension()];
        let lookups = search.begin(homes.len());
        for (n, lookup) in lookups.iter_mut().enumerate() {
            lookup.restart(row(n), k);
            self.measure(homes[n], row(n), lookup);
        }
        for block in 0..self.n_blocks() {
            let (fours, rest) = lookups.as_chunks_mut::<4>();
            let n_in_fours = homes.len() - rest.len();
            for (lookups, first) in fours.iter_mut().zip((0..).step_by(4)) {
                if homes[first..first + 4].contains(&block) {
                    self.measure_others(block, first, homes, row, lookups);
                } else {
                    let queries = [row(first), row(first + 1), row(first + 2), row(first + 3)];
                    self.measure_four(block, queries, lookups);
                }
            }
            self.measure_others(block, n_in_fours, homes, row, rest);
        }
        let Search {
            lookups,
            found_by_batch,
            ..
        } = search;
        for (n, lookup) in lookups.iter_mut().enumerate().take(homes.len()) {
            self.finish(keys, row(n), lookup, found_by_batch);
        }
    }

    /// Measures the queries from some number on that do not have their home in a block.
    fn measure_others<'a>(
        &self,
        block: usize,
        first: usize,
        homes: &[usize],
        row: impl Fn(usize) -> &'a [f32],
        lookups: &mut [Lookup],
    ) {
        for (n, lookup) in (first..).zip(lookups) {
            if homes[n] != block {
                self.measure(block, row(n), lookup);
            }
        }
    }

    /// Appends what was found, nearest first.
    pub(crate) fn finish(
        &self,
        keys: &Keys,
        query: &[f32],
        lookup: &mut Lookup,
        found: &mut Vec<Neighbor>,
    ) {
        if !self.is_exact() {
            lookup.measure_candidates(query, keys);
        }
        lookup.nearest.sort_into(found);
    }
}
