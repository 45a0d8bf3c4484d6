//! Keys once more, in blocks that are measured at once.

use super::code_blocks::CodeBlocks;
use super::columns::MOST_COLUMNS;
use super::kernel::prefetch;
use super::keys::Keys;
use super::lookup::Lookup;
use super::rows::Rows;
use crate::Error;
use crate::error::check_range;

/// Keys of a block.
pub(crate) const BLOCK: usize = 64;

/// Changes of a block after which it is worth writing anew.
const WORN: u8 = 64;

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
    /// Of each slot, 64 · block + position.
    places: Vec<u32>,
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
    /// For keys of a dimension, `capacity` of them at most.
    pub(crate) fn new(dimension: usize, capacity: usize) -> Result<Self, Error> {
        let fits = capacity <= 1 << 31;
        check_range("capacity", "at most 2147483648", capacity, fits)?;
        let n_likely = capacity / BLOCK + 1;
        let contents = if dimension <= MOST_COLUMNS {
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
                self.slots.push(NOWHERE);
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
        if let Contents::Codes(codes) = &self.contents {
            codes.prefetch_key(block, position);
        }
        self.blocks[block].taken |= 1 << position;
        self.slots.row_mut(block)[position] = slot as u32;
        if self.places.len() <= slot {
            self.places.resize(slot + 1, NOWHERE);
        }
        self.places[slot] = (block * BLOCK + position) as u32;
        self.write(block, position, keys, slot);
    }

    /// Writes the key of a slot where it is, after it has changed; gives the block.
    pub(crate) fn rewrite(&mut self, keys: &Keys, slot: usize) -> usize {
        let place = self.places[slot] as usize;
        self.write(place / BLOCK, place % BLOCK, keys, slot);
        self.wear(place / BLOCK);
        place / BLOCK
    }

    /// Takes the key of a slot out of its block, which is given.
    pub(crate) fn take(&mut self, slot: usize) -> usize {
        let place = self.places[slot] as usize;
        self.places[slot] = NOWHERE;
        self.blocks[place / BLOCK].taken &= !(1 << (place % BLOCK));
        self.wear(place / BLOCK);
        place / BLOCK
    }

    /// The block of a slot.
    pub(crate) fn block(&self, slot: usize) -> usize {
        self.places[slot] as usize / BLOCK
    }

    /// Whether a block has changed so much that it should be written anew.
    pub(crate) fn is_worn(&self, block: usize) -> bool {
        self.blocks[block].wear >= WORN
    }

    /// Writes all keys of a block anew.
    pub(crate) fn renew(&mut self, block: usize, keys: &Keys) {
        self.blocks[block].wear = 0;
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

    /// Whether keys are measured exactly, so that nothing has to be measured again.
    pub(crate) fn is_exact(&self) -> bool {
        matches!(self.contents, Contents::Columns(_))
    }

    /// Asks for where the key of a slot lies, before it is written again.
    pub(crate) fn prefetch_key(&self, slot: usize) {
        if let Contents::Codes(codes) = &self.contents {
            let place = self.places[slot] as usize;
            codes.prefetch_key(place / BLOCK, place % BLOCK);
        }
    }

    /// Asks for the first lines of a block before they are needed.
    pub(crate) fn prefetch(&self, block: usize) {
        match &self.contents {
            Contents::Columns(columns) => prefetch(columns.row(block)),
            Contents::Codes(codes) => codes.prefetch(block),
        }
    }

    /// Measures a query against a block and keeps what may be among the nearest.
    pub(crate) fn measure(&self, block: usize, query: &[f32], lookup: &mut Lookup) {
        let taken = self.blocks[block].taken;
        if taken == 0 {
            return;
        }
        match &self.contents {
            Contents::Columns(columns) => {
                let Lookup { nearest, sums, .. } = lookup;
                let (distances, within) = sums.measure(query, columns.row(block), nearest.limit());
                for (position, slot) in positions(within & taken, self.slots.row(block)) {
                    nearest.push(distances[position], slot as u32);
                }
            }
            Contents::Codes(codes) => {
                codes.measure(block, taken, self.slots.row(block), [query], [lookup]);
            }
        }
    }

    /// Measures four queries against a block.
    pub(crate) fn measure_four(
        &self,
        block: usize,
        queries: [&[f32]; 4],
        lookups: &mut [Lookup; 4],
    ) {
        match &self.contents {
            Contents::Columns(_) => {
                for (query, lookup) in queries.into_iter().zip(lookups) {
                    self.measure(block, query, lookup);
                }
            }
            Contents::Codes(codes) => {
                let taken = self.blocks[block].taken;
                if taken != 0 {
                    codes.measure(
                        block,
                        taken,
                        self.slots.row(block),
                        queries,
                        lookups.each_mut(),
                    );
                }
            }
        }
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
                if codes.reaches(block, key) {
                    codes.write(block, position, key);
                } else {
                    codes.extend_reach(key);
                    self.renew(block, keys);
                }
            }
        }
    }
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
