//! Look-ups that read every block.

use super::arena::Arena;
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
        let mut distances = CodeDistances::default();
        for block in 0..self.n_blocks() {
            let (fours, rest) = queries.as_chunks_mut::<4>();
            let (homes, rest_homes) = homes.as_chunks::<4>();
            let n_fours = fours.len();
            for (n, (homes, four)) in homes.iter().zip(fours).enumerate() {
                self.prefetch_part(block + 1, n, n_fours);
                if homes.contains(&block) {
                    self.measure_others(block, homes, four);
                } else {
                    self.measure_four(block, four, &mut distances);
                }
            }
            self.measure_others(block, rest_homes, rest);
        }
        for query in queries {
            self.finish(keys, Interest::ALL, query, found);
        }
    }

    /// Measures the queries that do not have their home in a block.
    fn measure_others(&self, block: usize, homes: &[usize], queries: &mut [Query]) {
        for (home, query) in homes.iter().zip(queries) {
            if *home != block {
                self.measure(block, query);
            }
        }
    }
}
