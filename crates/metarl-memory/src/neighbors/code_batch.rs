//! Many queries against a block of codes.

use multiversion::multiversion;

use super::arena::{n_positions, positions};
use super::code_blocks::{BlockCoding, CodeBlocks};
use super::kernel::{CodeDistances, CodeQuery, FOUR};
use super::pass::BATCH;
use super::quantization::{GROUP, OFFSET, Unit};
use super::query::Query;

/// What blocks are measured with of a batch of queries, side by side.
#[derive(Debug)]
pub(crate) struct CodeBatch {
    /// The unit in which the queries are coded.
    unit: Option<Unit>,
    /// Their codes, query after query.
    groups: Vec<i32>,
    n_groups: usize,
    offsets: [i32; BATCH],
    /// How far off the codes are.
    errors: [f32; BATCH],
    /// How far what is of interest to a query may be.
    limits: [f32; BATCH],
    /// Room for the distances to a block.
    distances: [CodeDistances; BATCH],
}

impl CodeBatch {
    /// For a pass that goes on from what is known of the queries.
    pub(crate) fn new(queries: &[Query]) -> Self {
        let mut limits = [0.0; BATCH];
        for (limit, query) in limits.iter_mut().zip(queries) {
            *limit = query.limit;
        }
        Self {
            unit: None,
            groups: Vec::new(),
            n_groups: queries
                .first()
                .map_or(0, |query| query.placed().len().div_ceil(GROUP)),
            offsets: [0; BATCH],
            errors: [0.0; BATCH],
            limits,
            distances: [(); BATCH].map(|()| CodeDistances::default()),
        }
    }

    fn code(&mut self, unit: Unit, queries: &mut [Query]) {
        self.unit = Some(unit);
        self.groups.clear();
        let n_groups = self.n_groups;
        for (n, query) in queries.iter_mut().enumerate() {
            query.code(unit);
            let coded = query.codings[query.coding].coded;
            let groups = &query.groups[query.coding * n_groups..][..n_groups];
            self.groups.extend_from_slice(groups);
            self.offsets[n] = coded.squares + 2 * OFFSET * coded.sum;
            self.errors[n] = coded.residual + query.leeway;
        }
        // The last four may not be whole.
        let n_coded = queries.len().next_multiple_of(FOUR);
        self.groups.resize(n_coded * n_groups, 0);
    }
}

impl CodeBlocks {
    /// Measures a batch of queries, but for those whose home it is, against the keys of a block, which are given by
    /// what is taken and by slots; and adds those that may be among the nearest to the candidates of each.
    ///
    /// All are measured before candidates are looked at: nobody foresees which queries have some.
    pub(crate) fn measure_batch(
        &self,
        block: usize,
        homes: &[usize],
        (taken, slots): (u64, &[u32]),
        queries: &mut [Query],
        batch: &mut CodeBatch,
    ) {
        let BlockCoding { unit, residual } = self.coding(block);
        let error = residual + self.leeway();
        if batch.unit != Some(unit) {
            batch.code(unit, queries);
        }
        let mut limits = find_limits(&batch.limits, &batch.errors, error, self.widened(unit));
        limits[queries.len()..].fill(i32::MIN);
        for (limit, home) in limits.iter_mut().zip(homes) {
            if *home == block {
                *limit = i32::MIN;
            }
        }
        let n_fours = queries.len().div_ceil(FOUR);
        let code_block = self.code_block(block, n_positions(taken));
        let squares = self.instructions().squares(code_block);
        let mut near = 0_u32;
        let distances = &mut batch.distances.as_chunks_mut().0[..n_fours];
        for (four, distances) in distances.iter_mut().enumerate() {
            self.prefetch_part(block + 1, four, n_fours);
            let coded = std::array::from_fn(|i| {
                let n = FOUR * four + i;
                CodeQuery {
                    groups: &batch.groups[n * batch.n_groups..][..batch.n_groups],
                    offset: batch.offsets[n],
                    limit: limits[n],
                }
            });
            let instructions = self.instructions();
            instructions.measure_four(&coded, code_block, &squares, distances);
            for (i, distances) in distances.iter().enumerate() {
                near |= u32::from(distances.within & taken != 0) << (FOUR * four + i);
            }
        }
        while near != 0 {
            let n = near.trailing_zeros() as usize;
            near &= near - 1;
            let (query, distances) = (&mut queries[n], &batch.distances[n]);
            let keys = positions(distances.within & taken, slots);
            let error = batch.errors[n] + error;
            self.add_candidates(unit, error, &distances.squared, keys, query);
            batch.limits[n] = query.limit;
        }
    }
}

/// Limits of distances between codes, squared, from those of distances.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn find_limits(
    distances: &[f32; BATCH],
    errors: &[f32; BATCH],
    error: f32,
    widened: f32,
) -> [i32; BATCH] {
    let mut limits = [0; BATCH];
    for ((limit, distance), of_query) in limits.iter_mut().zip(distances).zip(errors) {
        let farthest = (distance + (of_query + error)) * widened;
        // The conversion ends at the largest integer, which excludes nothing.
        *limit = (farthest * farthest) as i32;
    }
    limits
}
