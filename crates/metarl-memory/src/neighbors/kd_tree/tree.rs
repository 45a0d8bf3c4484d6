//! The tree itself: nodes, their boxes, and keys that come, move and go.

use super::super::arena::{Arena, BLOCK};
use super::super::bounding_box::Boxes;
use super::super::keys::Keys;
use super::balance::is_most;
use crate::Error;

pub(super) const ROOT: usize = 0;

/// Keys that are put into a block when a subtree is built: some room is left, or the first insertion
/// would split it.
pub(super) const FILL: usize = 56;

/// Boxes around few keys seldom hold another one, so they will be written when it is inserted.
const FEW_KEYS: u32 = 256;

/// Nodes over blocks. Children come in pairs, `2i` and `2i + 1`; the second of the first pair is the
/// root's, and is not used.
#[derive(Debug, Clone)]
pub(crate) struct Tree {
    pub(super) arena: Arena,
    pub(super) nodes: Vec<Node>,
    pub(super) boxes: Boxes,
    pub(super) unused_pairs: Vec<u32>,
    /// The leaf that has a block.
    pub(super) owners: Vec<u32>,
    /// Changes that no rebuilding has paid for yet.
    pub(super) debt: usize,
    /// The block whose surroundings were built anew last.
    pub(super) renewed: usize,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Node {
    pub(super) parent: u32,
    /// Keys below.
    pub(super) n_keys: u32,
    pub(super) shape: Shape,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Shape {
    Leaf {
        block: u32,
    },
    /// A plane sends new keys to one child or the other; nothing else depends on it, for boxes say
    /// what is where.
    Inner {
        pair: u32,
        coordinate: u32,
        plane: f32,
    },
}

impl Tree {
    /// A tree over all of the keys.
    pub(crate) fn new(keys: &Keys) -> Result<Self, Error> {
        let (dimension, capacity) = (keys.dimension(), keys.capacity());
        let mut tree = Self {
            arena: Arena::new(dimension, capacity)?,
            nodes: Vec::new(),
            boxes: Boxes::new(dimension, capacity / BLOCK + 1),
            unused_pairs: Vec::new(),
            owners: Vec::new(),
            debt: 0,
            renewed: 0,
        };
        tree.arena.expect_keys(keys);
        tree.open_pair(ROOT);
        let mut slots: Vec<u32> = keys.slots().map(|slot| slot as u32).collect();
        tree.build(ROOT, &mut slots, keys);
        Ok(tree)
    }

    pub(crate) fn bytes(&self) -> usize {
        self.arena.bytes()
            + self.boxes.bytes()
            + size_of_val(&self.nodes[..])
            + size_of_val(&self.unused_pairs[..])
            + size_of_val(&self.owners[..])
    }

    /// Takes up the key of a slot.
    pub(crate) fn insert(&mut self, keys: &Keys, slot: usize) {
        self.place(keys, slot);
        self.rebuild_in_turn(keys, 4);
    }

    /// Drops the key of a slot, whose row is still there.
    pub(crate) fn remove(&mut self, keys: &Keys, slot: usize) {
        self.displace(keys, slot);
    }

    /// Follows the key of a slot to where it is now, so far from where it was.
    pub(crate) fn update(&mut self, keys: &Keys, slot: usize, squared_distance: f32) {
        if self.arena.tolerates(slot, squared_distance) {
            return;
        }
        let key = keys.row(slot);
        self.arena.prefetch_key(slot);
        let leaf = self.owner(self.arena.block(slot));
        if self.boxes.excludes(leaf, key) {
            if leaf != ROOT && self.boxes.is_far(leaf, key) {
                self.displace(keys, slot);
                self.place(keys, slot);
                return;
            }
            self.enclose(leaf, key);
        }
        let block = self.arena.rewrite(keys, slot);
        self.tighten_if_worn(block, keys);
        self.rebuild_in_turn(keys, 1);
    }

    pub(super) fn owner(&self, block: usize) -> usize {
        self.owners[block] as usize
    }

    /// Puts a key into the leaf its planes lead to, and mends the highest node that leans then.
    fn place(&mut self, keys: &Keys, slot: usize) {
        let key = keys.row(slot);
        let mut leaning = None;
        let mut node = ROOT;
        let block = loop {
            self.nodes[node].n_keys += 1;
            if self.nodes[node].n_keys <= FEW_KEYS {
                self.boxes.prefetch(node);
            }
            match self.nodes[node].shape {
                Shape::Leaf { block } => break block as usize,
                Shape::Inner { .. } => {
                    let child = self.side(node, key);
                    let n_keys = self.nodes[child].n_keys + 1;
                    if leaning.is_none() && is_most(n_keys, self.nodes[node].n_keys) {
                        leaning = Some(node);
                    }
                    node = child;
                }
            }
        };
        if self.arena.n_keys(block) < BLOCK {
            self.arena.put(block, keys, slot);
            self.enclose(node, key);
        } else {
            let mut slots: Vec<u32> = self.arena.slots_of(block).map(|slot| slot as u32).collect();
            slots.push(slot as u32);
            self.rebuild(node, &mut slots, keys);
        }
        if let Some(leaning) = leaning {
            self.mend(leaning, keys);
        }
    }

    /// Takes a key out of its leaf, and mends the highest node that leans then.
    fn displace(&mut self, keys: &Keys, slot: usize) {
        let block = self.arena.take(slot);
        let mut leaning = None;
        let mut node = self.owner(block);
        self.nodes[node].n_keys -= 1;
        while node != ROOT {
            node = self.nodes[node].parent as usize;
            self.nodes[node].n_keys -= 1;
            if self.leans(node) {
                leaning = Some(node);
            }
        }
        self.tighten_if_worn(block, keys);
        if let Some(leaning) = leaning {
            self.mend(leaning, keys);
        }
    }

    /// The child that a key belongs to; where it lies in the plane, the one with fewer keys, so that
    /// equal keys do not make the tree lean.
    pub(super) fn side(&self, node: usize, key: &[f32]) -> usize {
        match self.nodes[node].shape {
            Shape::Leaf { .. } => node,
            Shape::Inner {
                pair,
                coordinate,
                plane,
            } => {
                let (low, high) = (2 * pair as usize, 2 * pair as usize + 1);
                let x = key[coordinate as usize];
                let is_low = if x == plane {
                    self.nodes[low].n_keys < self.nodes[high].n_keys
                } else {
                    x < plane
                };
                if is_low { low } else { high }
            }
        }
    }

    /// Grows boxes from a node upward until one held the key already.
    fn enclose(&mut self, mut node: usize, key: &[f32]) {
        while self.boxes.excludes(node, key) {
            self.boxes.grow(node, key);
            if node == ROOT {
                break;
            }
            node = self.nodes[node].parent as usize;
        }
    }

    /// After many changes of a block, makes its leaf's box tight, and those above.
    fn tighten_if_worn(&mut self, block: usize, keys: &Keys) {
        if !self.arena.is_worn(block) {
            return;
        }
        self.arena.renew(block, keys);
        let node = self.owner(block);
        self.boxes.clear(node);
        for slot in self.arena.slots_of(block) {
            self.boxes.grow(node, keys.row(slot));
        }
        self.adjust_boxes_above(node);
    }
}
