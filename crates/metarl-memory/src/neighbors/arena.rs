//! Keys once more, in blocks that are measured at once.

use std::ops::Range;

use super::code_batch::CodeBatch;
use super::code_blocks::CodeBlocks;
use super::kernel::{CodeDistances, prefetch};
use super::keys::Keys;
use super::quantization::{root_at_least, slack};
use super::query::{Interest, Query};
use super::rows::Rows;
use super::search::Neighbor;
use crate::Error;
use crate::error::check_range;

/// Keys of a block.
pub(crate) const BLOCK: usize = 64;

/// Changes of a block after which it is worth writing anew.
const WORN: u8 = 64;

const NO_SLOT: u32 = u32::MAX;

const NOWHERE: u32 = u32::MAX;

/// Blocks of 64 keys, each with a place for every key: what structures measure and never what they
/// answer with, for a key in a block may be coded.
#[derive(Debug, Clone)]
pub(crate) struct Arena {
    contents: Contents,
    blocks: Vec<Block>,
    /// The slots whose keys a block holds.
    slots: Rows<u32>,
    unused_blocks: Vec<u32>,
    /// Where the key of each slot lies: 64 · block + position.
    places: Vec<u32>,
    /// At least how far the key of each slot has gone since its codes were written, in
    /// [parts](CodeBlocks::parts_of_leeway) of how far it may.
    strayed: Vec<u8>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Block {
    /// A bit for each position that holds a key.
    taken: u64,
    /// Changes since it was last written anew.
    wear: u8,
}

/// How keys lie in blocks.
#[derive(Debug, Clone)]
enum Contents {
    /// As they are; measured exactly.
    Columns(Rows<f32>),
    /// In a byte a number; measured within bounds.
    Codes(CodeBlocks),
}

impl Arena {
    /// For keys of a dimension, `capacity` of them at most. Up to `most_columns` numbers they lie as they are, and above
    /// in codes.
    pub(crate) fn new(
        dimension: usize,
        capacity: usize,
        most_columns: usize,
    ) -> Result<Self, Error> {
        let fits = capacity <= 1 << 31;
        check_range("capacity", "at most 2147483648", capacity, fits)?;
        let n_likely = capacity / BLOCK + 1;
        let contents = if dimension <= most_columns {
            Contents::Columns(Rows::new(dimension * BLOCK, n_likely))
        } else {
            Contents::Codes(CodeBlocks::new(dimension, n_likely)?)
        };
        Ok(Self {
            contents,
            blocks: Vec::new(),
            slots: Rows::new(BLOCK, n_likely),
            unused_blocks: Vec::new(),
            places: Vec::new(),
            strayed: Vec::new(),
        })
    }

    /// Sees keys that will be written, so that codes reach them.
    pub(crate) fn expect_keys(&mut self, keys: &Keys) {
        if let Contents::Codes(codes) = &mut self.contents {
            codes.expect_keys(keys);
        }
    }

    /// Number of blocks, those out of use included.
    pub(crate) fn n_blocks(&self) -> usize {
        self.blocks.len()
    }

    /// Number of keys in a block.
    pub(crate) fn n_keys(&self, block: usize) -> usize {
        self.blocks[block].taken.count_ones() as usize
    }

    /// An empty block.
    pub(crate) fn open_block(&mut self) -> usize {
        let block = match self.unused_blocks.pop() {
            Some(block) => block as usize,
            None => {
                self.blocks.push(Block::default());
                self.slots.push(NO_SLOT);
                match &mut self.contents {
                    Contents::Columns(columns) => columns.push(0.0),
                    Contents::Codes(codes) => codes.push(),
                }
                self.blocks.len() - 1
            }
        };
        if let Contents::Codes(codes) = &mut self.contents {
            codes.clear(block);
        }
        self.blocks[block] = Block::default();
        block
    }

    /// Takes a block out of use.
    pub(crate) fn close_block(&mut self, block: usize) {
        self.blocks[block] = Block::default();
        self.unused_blocks.push(block as u32);
    }

    /// Puts the key of a slot into a block that has room.
    pub(crate) fn put(&mut self, block: usize, keys: &Keys, slot: usize) {
        let position = self.blocks[block].taken.trailing_ones() as usize;
        self.blocks[block].taken |= 1 << position;
        self.slots.row_mut(block)[position] = slot as u32;
        if self.places.len() <= slot {
            self.places.resize(slot + 1, NOWHERE);
        }
        self.places[slot] = (block * BLOCK + position) as u32;
        self.write(block, position, keys, slot);
    }

    /// Whether a key that has moved so far may stay as it was written, for it has not gone far since.
    pub(crate) fn tolerates(&mut self, slot: usize, squared_distance: f32) -> bool {
        let Contents::Codes(codes) = &mut self.contents else {
            return false;
        };
        let parts = codes.parts_of_leeway(root_at_least(squared_distance, codes.dimension()));
        let strayed = parts.and_then(|parts| self.strayed[slot].checked_add(parts));
        if let Some(strayed) = strayed {
            self.strayed[slot] = strayed;
            codes.grant_leeway();
        }
        strayed.is_some()
    }

    /// Writes the key of a slot where it is, after it has changed; gives the block.
    pub(crate) fn rewrite(&mut self, keys: &Keys, slot: usize) -> usize {
        let (block, position) = self.place(slot);
        self.write(block, position, keys, slot);
        self.wear(block);
        block
    }

    /// Takes the key of a slot out of its block, which is given.
    pub(crate) fn take(&mut self, slot: usize) -> usize {
        let (block, position) = self.place(slot);
        self.places[slot] = NOWHERE;
        self.blocks[block].taken &= !(1 << position);
        self.wear(block);
        block
    }

    /// The block of a slot.
    pub(crate) fn block(&self, slot: usize) -> usize {
        self.place(slot).0
    }

    /// At least how far a key has gone since it was written.
    #[cfg(test)]
    pub(crate) fn strayed(&self, slot: usize) -> f32 {
        match &self.contents {
            Contents::Columns(_) => 0.0,
            Contents::Codes(codes) => f32::from(self.strayed[slot]) / 255.0 * codes.leeway(),
        }
    }

    /// Whether a block has changed so much that it should be written anew.
    pub(crate) fn is_worn(&self, block: usize) -> bool {
        self.blocks[block].wear >= WORN
    }

    /// Writes anew what keys of a block have strayed or are in a unit of before.
    pub(crate) fn renew(&mut self, block: usize, keys: &Keys) {
        self.blocks[block].wear = 0;
        let Contents::Codes(codes) = &self.contents else {
            return;
        };
        let is_written = |slot: usize| self.strayed[slot] == 0;
        if codes.is_current(block) && self.slots_of(block).all(is_written) {
            return;
        }
        self.code_anew(block, keys);
        for (_, slot) in positions(self.blocks[block].taken, self.slots.row(block)) {
            self.strayed[slot] = 0;
        }
    }

    /// Codes all keys of a block in the unit of blocks to come. How far keys have gone is not
    /// forgotten: the box around them may be of before.
    fn code_anew(&mut self, block: usize, keys: &Keys) {
        if let Contents::Codes(codes) = &mut self.contents {
            codes.clear(block);
            for (position, slot) in positions(self.blocks[block].taken, self.slots.row(block)) {
                codes.write(block, position, keys.row(slot));
            }
        }
    }

    /// The slots of a block.
    pub(crate) fn slots_of(&self, block: usize) -> impl Iterator<Item = usize> + '_ {
        positions(self.blocks[block].taken, self.slots.row(block)).map(|(_, slot)| slot)
    }

    /// Squared distance of boxes from which on they hold nothing of interest.
    pub(crate) fn squared_limit(&self, query: &Query, shrink: f32) -> f32 {
        match &self.contents {
            Contents::Columns(_) => query.nearest.limit() * (shrink * shrink),
            Contents::Codes(codes) => {
                let limit = query.limit * shrink + codes.leeway() + query.leeway;
                limit * limit * (1.0 + 4.0 * slack(codes.dimension())) + f32::MIN_POSITIVE
            }
        }
    }

    /// Asks for where the key of a slot lies, and how far it has gone since.
    pub(crate) fn prefetch_place(&self, slot: usize) {
        prefetch(self.strayed.get(slot..=slot).unwrap_or_default());
        prefetch(self.places.get(slot..=slot).unwrap_or_default());
    }

    /// Asks for what rewriting the key of a slot touches.
    pub(crate) fn prefetch_key(&self, slot: usize) {
        let (block, position) = self.place(slot);
        self.prefetch_header(block);
        if let Contents::Codes(codes) = &self.contents {
            codes.prefetch_key(block, position);
        }
    }

    /// Asks for what is known of a block.
    pub(crate) fn prefetch_header(&self, block: usize) {
        prefetch(&self.blocks[block..=block]);
        if let Contents::Codes(codes) = &self.contents {
            codes.prefetch_header(block);
        }
    }

    /// Asks for where the next key of a block will lie.
    pub(crate) fn prefetch_room(&self, block: usize) {
        let position = self.blocks[block].taken.trailing_ones() as usize % BLOCK;
        prefetch(&self.slots.row(block)[position..=position]);
        if let Contents::Codes(codes) = &self.contents {
            codes.prefetch_key(block, position);
        }
    }

    /// Asks for the first lines of a block before they are needed.
    pub(crate) fn prefetch(&self, block: usize) {
        match &self.contents {
            Contents::Columns(columns) => {
                prefetch(columns.row(block));
                prefetch(self.slots.row(block));
            }
            Contents::Codes(codes) => {
                let n_positions = n_positions(self.blocks[block].taken);
                codes.prefetch(block, n_positions);
                prefetch(&self.slots.row(block)[..n_positions]);
            }
        }
    }

    /// Measures a query against a block and keeps what may be among the nearest.
    pub(crate) fn measure(&self, block: usize, query: &mut Query) {
        let taken = self.blocks[block].taken;
        if taken == 0 {
            return;
        }
        let slots = self.slots.row(block);
        match &self.contents {
            Contents::Columns(columns) => {
                let (nearest, distances, within) = query.measure_columns(columns.row(block));
                for (position, slot) in positions(within & taken, slots) {
                    nearest.push(distances[position], slot as u32);
                }
            }
            Contents::Codes(codes) => codes.measure(block, taken, slots, query),
        }
    }

    /// Measures a query against blocks that follow each other, all but its home.
    ///
    /// All are measured before the keys that are near enough are looked at: nobody foresees where those
    /// are, and in the meantime nothing would be read ahead.
    pub(crate) fn measure_run(
        &self,
        run: Range<usize>,
        home: usize,
        query: &mut Query,
        distances: &mut [CodeDistances],
    ) {
        let Contents::Codes(codes) = &self.contents else {
            for block in run.filter(|block| *block != home) {
                self.measure(block, query);
            }
            return;
        };
        let mut first = run.start;
        while first < run.end {
            let taken = self.blocks[first..run.end].iter().map(|block| block.taken);
            let distances = &mut distances[first - run.start..];
            first += codes.measure_run(first, taken, query, distances);
        }
        for (block, distances) in run.clone().zip(&mut *distances) {
            let is_home = block == home;
            distances.within &= if is_home { 0 } else { self.blocks[block].taken };
            if distances.within != 0 {
                prefetch(self.slots.row(block));
            }
        }
        for (block, distances) in run.zip(distances) {
            if distances.within != 0 {
                codes.add_within(block, self.slots.row(block), query, distances);
            }
        }
    }

    /// Measures queries against a block, but for those whose home it is.
    pub(crate) fn measure_batch(
        &self,
        block: usize,
        homes: &[usize],
        queries: &mut [Query],
        batch: &mut CodeBatch,
    ) {
        match &self.contents {
            Contents::Columns(_) => {
                for (home, query) in homes.iter().zip(queries) {
                    if *home != block {
                        self.measure(block, query);
                    }
                }
            }
            Contents::Codes(codes) => {
                let taken = self.blocks[block].taken;
                if taken != 0 {
                    if block + 1 < self.n_blocks() {
                        prefetch(self.slots.row(block + 1));
                    }
                    let keys = (taken, self.slots.row(block));
                    codes.measure_batch(block, homes, keys, queries, batch);
                }
            }
        }
    }

    /// Measures exactly what has only been measured within bounds, where candidates are many.
    pub(crate) fn measure_many_candidates(&self, keys: &Keys, query: &mut Query) {
        if let Contents::Codes(_) = &self.contents {
            query.measure_many_candidates(keys);
        }
    }

    /// Appends what was found, nearest first.
    pub(crate) fn finish(
        &self,
        keys: &Keys,
        interest: Interest,
        query: &mut Query,
        found: &mut Vec<Neighbor>,
    ) {
        if let Contents::Codes(_) = &self.contents {
            query.measure_candidates(keys, interest);
        }
        query.nearest.sort_into(found);
    }

    /// Bytes that are measured when all blocks are.
    pub(crate) fn bytes_of_blocks(&self) -> usize {
        let block = match &self.contents {
            Contents::Columns(columns) => columns.bytes_of_a_row(),
            Contents::Codes(codes) => codes.bytes_of_a_block(),
        };
        block * (self.blocks.len() - self.unused_blocks.len())
    }

    /// Bytes in use beside the keys themselves.
    pub(crate) fn bytes(&self) -> usize {
        let contents = match &self.contents {
            Contents::Columns(columns) => columns.bytes(),
            Contents::Codes(codes) => codes.bytes(),
        };
        contents
            + self.slots.bytes()
            + size_of_val(&self.blocks[..])
            + size_of_val(&self.unused_blocks[..])
            + size_of_val(&self.places[..])
            + size_of_val(&self.strayed[..])
    }

    /// Block and position of the key of a slot.
    fn place(&self, slot: usize) -> (usize, usize) {
        let index = self.places[slot] as usize;
        (index / BLOCK, index % BLOCK)
    }

    fn wear(&mut self, block: usize) {
        let wear = &mut self.blocks[block].wear;
        *wear = wear.saturating_add(1);
    }

    fn write(&mut self, block: usize, position: usize, keys: &Keys, slot: usize) {
        let key = keys.row(slot);
        match &mut self.contents {
            Contents::Columns(columns) => {
                let columns = columns.row_mut(block);
                for (column, x) in columns.chunks_exact_mut(BLOCK).zip(key) {
                    column[position] = *x;
                }
            }
            Contents::Codes(codes) => {
                if self.strayed.len() <= slot {
                    self.strayed.resize(slot + 1, 0);
                }
                self.strayed[slot] = 0;
                if codes.reaches(block, key) {
                    codes.write(block, position, key);
                } else {
                    codes.extend_reach(key);
                    self.code_anew(block, keys);
                }
            }
        }
    }
}

/// Positions up to the last set bit.
pub(crate) fn n_positions(bits: u64) -> usize {
    BLOCK - bits.leading_zeros() as usize
}

/// The positions of set bits, each with its slot.
pub(crate) fn positions(mut bits: u64, slots: &[u32]) -> impl Iterator<Item = (usize, usize)> + '_ {
    std::iter::from_fn(move || {
        if bits == 0 {
            return None;
        }
        let position = bits.trailing_zeros() as usize;
        bits &= bits - 1;
        Some((position, slots[position] as usize))
    })
}
