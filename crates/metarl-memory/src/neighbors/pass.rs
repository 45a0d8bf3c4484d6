//! Look-ups that read every block.

use super::arena::Arena;
use super::code_batch::CodeBatch;
use super::kernel::CodeDistances;
use super::keys::Keys;
use super::query::{Interest, Query};
use super::search::Neighbor;

/// Queries that one pass serves.
pub(crate) const BATCH: usize = 32;

/// Blocks that are measured before the keys that are near enough are looked at, at most.
const RUN: usize = 64;

impl Arena {
    /// Measures a query against every block, its home first: if that is near, few candidates follow.
    pub(crate) fn pass(&self, home: usize, query: &mut Query) {
        self.measure(home, query);
        let mut distances = std::mem::take(&mut query.run_distances);
        distances.resize_with(RUN, CodeDistances::default);
        let mut first = 0;
        while first < self.n_blocks() {
            // While few are measured, the limit still falls with each of them.
            let n_blocks = (first / 8).clamp(1, RUN);
            let run = first..self.n_blocks().min(first + n_blocks);
            first = run.end;
            self.measure_run(run, home, query, &mut distances);
        }
        query.run_distances = distances;
    }

    /// Measures a batch of queries, each with its home, against every block, which is read once; and
    /// appends what each of them has found.
    pub(crate) fn pass_of_batch(
        &self,
        keys: &Keys,
        homes: &[usize],
        queries: &mut [Query],
        found: &mut Vec<Neighbor>,
    ) {
        for (home, query) in homes.iter().zip(&mut *queries) {
            self.measure(*home, query);
        }
        let mut batch = CodeBatch::new(queries);
        for block in 0..self.n_blocks() {
            self.measure_batch(block, homes, queries, &mut batch);
        }
        for query in queries {
            self.finish(keys, Interest::ALL, query, found);
        }
    }
}
