//! Blocks of codes, and what they say of distances.

use multiversion::multiversion;

use super::arena::{BLOCK, n_positions, positions};
use super::kernel::{CodeBlock, CodeDistances, CodeQuery, Instructions, prefetch};
use super::keys::Keys;
use super::quantization::{Coded, GROUP, MOST_DIMENSIONS, OFFSET, Unit, encode, slack};
use super::query::{Candidate, Query};
use super::rows::Rows;
use crate::Error;
use crate::error::check_range;

/// How much farther than the farthest coordinate codes reach when they have to reach farther.
const HEADROOM: f32 = 1.25;

/// How far keys may go from where they were written, in units by the root of the dimension; what
/// coding loses is 0.3 in the same measure.
const LEEWAY: f32 = 0.25;

/// Keys of 64-key blocks in a byte a number.
///
/// With r the distance between codes times their unit, e the residuals of both, and s the leeway, which is
/// at least how far any key has gone since its codes were written,
///
/// ```text
/// r − (e_q + e_x + s)  ≤  ‖q − x‖  ≤  r + (e_q + e_x + s)
/// ```
///
/// The k-th smallest upper bound is one of the whole search: keys whose lower bound is greater are not
/// among the nearest. The rest is measured again, exactly.
#[derive(Debug, Clone)]
pub(crate) struct CodeBlocks {
    dimension: usize,
    instructions: Instructions,
    /// Of blocks to come.
    unit: Unit,
    /// 0 until a key has moved.
    leeway: f32,
    blocks: Vec<BlockCoding>,
    codes: Rows<u8>,
    /// Room for the codes of one key.
    key_codes: Vec<i8>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct BlockCoding {
    pub(crate) unit: Unit,
    /// The largest of its keys.
    pub(crate) residual: f32,
}

impl CodeBlocks {
    pub(crate) fn new(dimension: usize, n_likely: usize) -> Result<Self, Error> {
        let allowed = format_args!("at most {MOST_DIMENSIONS}");
        check_range(
            "dimension",
            allowed,
            dimension,
            dimension <= MOST_DIMENSIONS,
        )?;
        let n_codes = dimension.next_multiple_of(GROUP);
        Ok(Self {
            dimension,
            instructions: Instructions::detect(),
            unit: Unit::reaching(0.0),
            leeway: 0.0,
            blocks: Vec::new(),
            codes: Rows::new(n_codes * BLOCK, n_likely),
            key_codes: vec![0; n_codes],
        })
    }

    pub(crate) fn dimension(&self) -> usize {
        self.dimension
    }

    /// Makes codes of blocks to come reach all of the keys.
    pub(crate) fn expect_keys(&mut self, keys: &Keys) {
        let farthest = keys.slots().map(|slot| farthest(keys.row(slot)));
        self.unit = Unit::reaching(farthest.fold(0.0, f32::max));
    }

    pub(crate) fn push(&mut self) {
        self.blocks.push(BlockCoding {
            unit: self.unit,
            residual: 0.0,
        });
        self.codes.push(0);
    }

    /// Makes a block ready to be written anew.
    pub(crate) fn clear(&mut self, block: usize) {
        self.blocks[block] = BlockCoding {
            unit: self.unit,
            residual: 0.0,
        };
    }

    /// Whether a block is in the unit of blocks to come.
    pub(crate) fn is_current(&self, block: usize) -> bool {
        self.blocks[block].unit == self.unit
    }

    /// Whether a block has codes for a key.
    pub(crate) fn reaches(&self, block: usize, key: &[f32]) -> bool {
        let reach = self.blocks[block].unit.reach();
        farthest(key) <= reach || reach >= Unit::reaching(f32::MAX).reach()
    }

    /// Makes codes of blocks to come reach a key.
    pub(crate) fn extend_reach(&mut self, key: &[f32]) {
        let farthest = farthest(key);
        if farthest > self.unit.reach() {
            self.unit = Unit::reaching(HEADROOM * farthest);
        }
    }

    /// At least how many 255th parts a distance is of how far a key may go from where it was written, if it is
    /// not too far. Parts of a unit of before were smaller, so they may be added to those of now.
    pub(crate) fn parts_of_leeway(&self, distance: f32) -> Option<u8> {
        const PARTS: f32 = u8::MAX as f32;
        let parts = distance / self.leeway_of_unit() * (1.0 + 4.0 * f32::EPSILON) * PARTS;
        (parts < PARTS).then(|| parts as u8 + 1)
    }

    /// Has look-ups reckon with keys that have gone as far as they may.
    pub(crate) fn grant_leeway(&mut self) {
        self.leeway = self.leeway.max(self.leeway_of_unit());
    }

    fn leeway_of_unit(&self) -> f32 {
        LEEWAY * self.unit.get() * (self.dimension as f32).sqrt()
    }

    /// At least how far any key has gone since it was written.
    pub(crate) fn leeway(&self) -> f32 {
        self.leeway
    }

    pub(crate) fn write(&mut self, block: usize, position: usize, key: &[f32]) {
        let coding = &mut self.blocks[block];
        let coded = encode(key, coding.unit, &mut self.key_codes[..self.dimension]);
        coding.residual = coding.residual.max(coded.residual);
        let groups = self.codes.row_mut(block).chunks_exact_mut(GROUP * BLOCK);
        for (group, codes) in groups.zip(self.key_codes.as_chunks::<GROUP>().0) {
            group.as_chunks_mut::<GROUP>().0[position] =
                codes.map(|code| code.cast_unsigned().wrapping_add(OFFSET as u8));
        }
    }

    /// Asks for what is known of a block.
    pub(crate) fn prefetch_header(&self, block: usize) {
        prefetch(&self.blocks[block..=block]);
    }

    /// Asks for the codes of the first so many positions of a block.
    pub(crate) fn prefetch(&self, block: usize, n_positions: usize) {
        for group in self.codes.row(block).chunks_exact(GROUP * BLOCK) {
            prefetch(&group[..GROUP * n_positions]);
        }
    }

    /// Asks for a part of a block, of so many.
    pub(crate) fn prefetch_part(&self, block: usize, part: usize, n_parts: usize) {
        if block >= self.blocks.len() {
            return;
        }
        let codes = self.codes.row(block);
        let n_codes = codes.len().div_ceil(n_parts);
        if let Some(codes) = codes.chunks(n_codes).nth(part) {
            prefetch(codes);
        }
    }

    /// Asks for where the codes of a key lie, a line in each group.
    pub(crate) fn prefetch_key(&self, block: usize, position: usize) {
        for group in self.codes.row(block).chunks_exact(GROUP * BLOCK) {
            prefetch(&group[GROUP * position..][..GROUP]);
        }
    }

    /// Measures a query against the keys of a block, and adds those that may be among the nearest to the
    /// candidates.
    pub(crate) fn measure(&self, block: usize, taken: u64, slots: &[u32], query: &mut Query) {
        let coding = self.blocks[block];
        query.code(coding.unit);
        let coded = self.coded(query, self.error(coding, query), self.widened(coding.unit));
        let codes = self.code_block(block, n_positions(taken));
        let mut distances = CodeDistances::default();
        self.instructions.measure(coded, codes, &mut distances);
        distances.within &= taken;
        if distances.within != 0 {
            self.add_within(block, slots, query, &distances);
        }
    }

    /// Measures a query against blocks that follow each other, of which it is said what is taken: as
    /// many of them as share a unit and lie side by side in memory. Gives how many.
    pub(crate) fn measure_run(
        &self,
        first: usize,
        taken: impl Iterator<Item = u64>,
        query: &mut Query,
        distances: &mut [CodeDistances],
    ) -> usize {
        let unit = self.blocks[first].unit;
        query.code(unit);
        let (query, widened) = (&*query, self.widened(unit));
        let codes = self.codes.rows_from(first);
        let codes = codes.chunks_exact(self.codes.width());
        let blocks = self.blocks[first..].iter().zip(codes);
        let mut n_measured = 0;
        for (((coding, codes), taken), distances) in blocks.zip(taken).zip(distances) {
            if coding.unit != unit {
                break;
            }
            let coded = self.coded(query, self.error(*coding, query), widened);
            let block = CodeBlock {
                codes,
                n_positions: n_positions(taken),
            };
            self.instructions.measure(coded, block, distances);
            n_measured += 1;
        }
        n_measured
    }

    /// Adds the keys of a block that may be among the nearest to the candidates, given the distances to
    /// them.
    pub(crate) fn add_within(
        &self,
        block: usize,
        slots: &[u32],
        query: &mut Query,
        distances: &CodeDistances,
    ) {
        let coding = self.blocks[block];
        query.code(coding.unit);
        let error = self.error(coding, query);
        let keys = positions(distances.within, slots);
        self.add_candidates(coding.unit, error, &distances.squared, keys, query);
    }

    pub(crate) fn instructions(&self) -> Instructions {
        self.instructions
    }

    /// How a block is coded.
    pub(crate) fn coding(&self, block: usize) -> BlockCoding {
        self.blocks[block]
    }

    /// The codes of a block, of which so many positions may hold keys.
    pub(crate) fn code_block(&self, block: usize, n_positions: usize) -> CodeBlock<'_> {
        CodeBlock {
            codes: self.codes.row(block),
            n_positions,
        }
    }

    /// How far the distance between codes may be off, for the codes that a query was asked for last.
    #[inline]
    fn error(&self, block: BlockCoding, query: &Query) -> f32 {
        let coded = query.codings[query.coding].coded;
        coded.residual + query.leeway + (block.residual + self.leeway)
    }

    /// What makes a distance one between codes, and by more than the rounding of everything.
    pub(crate) fn widened(&self, unit: Unit) -> f32 {
        (1.0 + 4.0 * slack(self.dimension)) / unit.get()
    }

    /// A query in those codes, with the limit of distances between codes that may be so far off.
    #[inline]
    fn coded<'a>(&self, query: &'a Query, error: f32, widened: f32) -> CodeQuery<'a> {
        let Coded { squares, sum, .. } = query.codings[query.coding].coded;
        let n_groups = self.dimension.div_ceil(GROUP);
        let farthest = (query.limit + error) * widened;
        CodeQuery {
            groups: &query.groups[query.coding * n_groups..][..n_groups],
            offset: squares + 2 * OFFSET * sum,
            // The conversion ends at the largest integer, which excludes nothing.
            limit: (farthest * farthest) as i32,
        }
    }

    #[inline]
    pub(crate) fn add_candidates(
        &self,
        unit: Unit,
        error: f32,
        squared: &[i32; BLOCK],
        keys: impl Iterator<Item = (usize, usize)>,
        query: &mut Query,
    ) {
        let slack = slack(self.dimension);
        for (position, slot) in keys {
            let distance = unit.get() * (squared[position] as f32).sqrt();
            query.add(Candidate {
                distance,
                error: error + slack * (distance + error),
                slot: slot as u32,
            });
        }
    }

    pub(crate) fn bytes_of_a_block(&self) -> usize {
        self.codes.bytes_of_a_row()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.codes.bytes() + size_of_val(&self.blocks[..])
    }
}

/// The largest coordinate without its sign. Bits of such numbers order as the numbers do, and integers
/// are compared side by side.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn farthest(key: &[f32]) -> f32 {
    let mut farthest = 0;
    for x in key {
        let bits = x.abs().to_bits();
        farthest = if bits > farthest { bits } else { farthest };
    }
    f32::from_bits(farthest)
}
