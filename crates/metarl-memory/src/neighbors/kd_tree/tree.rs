//! The tree itself: nodes, their boxes, and keys that come, move and go.

use super::super::arena::{Arena, BLOCK};
use super::super::bounding_box::Boxes;
use super::super::columns::MOST_COLUMNS;
use super::super::kernel::prefetch;
use super::super::keys::Keys;
use crate::Error;

pub(super) const ROOT: usize = 0;

/// Keys that are put into a block when a subtree is built: some room is left, or the first insertion
/// would split it.
pub(super) const FILL: usize = 52;

/// Levels above a leaf whose boxes are likely to grow with its own.
const LIKELY_LEVELS: usize = 3;

/// Keys that are followed side by side.
const SIDE_BY_SIDE: usize = 16;

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
    /// The block of keys that are not below any node [yet](Tree::insert).
    pub(super) newcomers: usize,
    /// Whether nodes have gone since newcomers were on their way.
    pub(super) is_mended: bool,
    /// Leaves that were full and have been cut in halves since newcomers were on their way.
    pub(super) cut: Vec<usize>,
    /// Room for faces of a box.
    pub(super) faces: Vec<u32>,
    /// Changes that no rebuilding has paid for yet.
    pub(super) debt: usize,
    /// The block whose surroundings were built anew last.
    pub(super) renewed: usize,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Node {
    pub(super) parent: u32,
    /// Keys below, when they were last [counted](Tree::count).
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
            arena: Arena::new(dimension, capacity, MOST_COLUMNS)?,
            nodes: Vec::new(),
            boxes: Boxes::new(dimension, capacity / BLOCK + 1),
            unused_pairs: Vec::new(),
            owners: Vec::new(),
            newcomers: 0,
            is_mended: false,
            cut: Vec::new(),
            faces: Vec::new(),
            debt: 0,
            renewed: 0,
        };
        tree.arena.expect_keys(keys);
        tree.open_pair(ROOT);
        let mut slots: Vec<u32> = keys.slots().map(|slot| slot as u32).collect();
        tree.build(ROOT, &mut slots, keys);
        tree.newcomers = tree.open_block();
        Ok(tree)
    }

    pub(crate) fn bytes(&self) -> usize {
        self.arena.bytes()
            + self.boxes.bytes()
            + size_of_val(&self.nodes[..])
            + size_of_val(&self.unused_pairs[..])
            + size_of_val(&self.owners[..])
    }

    /// Drops the key of a slot, whose row is still there.
    pub(crate) fn remove(&mut self, keys: &Keys, slot: usize) {
        let block = self.arena.take(slot);
        if block != self.newcomers {
            self.tighten_if_worn(block, keys);
            self.count(self.owner(block), block, keys);
        }
    }

    /// Follows the key of a slot, now so far from where it was, unless its block tolerates that.
    pub(crate) fn update(&mut self, keys: &Keys, slot: usize, squared_distance: f32) {
        if !self.arena.tolerates(slot, squared_distance) {
            self.follow(keys, slot);
        }
    }

    /// Follows the keys of many slots, which may come more than once, to where they are now.
    ///
    /// What each of them leads to has to come from memory, so it is asked for side by side.
    pub(crate) fn follow_all(&mut self, keys: &Keys, slots: &[usize]) {
        for slots in slots.chunks(SIDE_BY_SIDE) {
            for &slot in slots {
                self.arena.prefetch_key(slot);
                prefetch(&self.owners[self.arena.block(slot)..][..1]);
            }
            for &slot in slots {
                let leaf = self.owner(self.arena.block(slot));
                self.boxes.prefetch(leaf);
                prefetch(&self.nodes[leaf..=leaf]);
            }
            for &slot in slots {
                self.follow(keys, slot);
            }
        }
    }

    /// Follows the key of a slot to where it is now.
    fn follow(&mut self, keys: &Keys, slot: usize) {
        let block = self.arena.block(slot);
        if block == self.newcomers {
            self.arena.rewrite(keys, slot);
            return;
        }
        let (leaf, key) = (self.owner(block), keys.row(slot));
        self.arena.prefetch_key(slot);
        self.boxes.prefetch(leaf);
        self.boxes.prefetch(self.nodes[leaf].parent as usize);
        self.arena.rewrite(keys, slot);
        let mut faces = std::mem::take(&mut self.faces);
        faces.clear();
        self.boxes.list_faces(leaf, key, &mut faces);
        let is_far = !faces.is_empty() && leaf != ROOT && self.boxes.is_far(leaf, key);
        if !is_far {
            self.enclose(leaf, key, &mut faces);
        }
        self.faces = faces;
        if is_far {
            self.remove(keys, slot);
            self.insert(keys, slot);
        } else {
            self.tighten_if_worn(block, keys);
            self.rebuild_in_turn(keys, 1);
        }
    }

    pub(super) fn owner(&self, block: usize) -> usize {
        self.owners[block] as usize
    }

    /// Puts a key into the leaf that planes lead to from a node on its way; with the faces that it is beyond,
    /// should the node be a leaf whose faces are known.
    pub(super) fn place(&mut self, node: usize, known: Option<&[u32]>, keys: &Keys, slot: usize) {
        let key = keys.row(slot);
        let mut leaf = node;
        let block = loop {
            match self.nodes[leaf].shape {
                Shape::Leaf { block } => break block as usize,
                Shape::Inner { .. } => leaf = self.side(leaf, key),
            }
        };
        if self.arena.n_keys(block) < BLOCK {
            self.arena.put(block, keys, slot);
            let mut faces = std::mem::take(&mut self.faces);
            faces.clear();
            match known {
                Some(known) if leaf == node => faces.extend_from_slice(known),
                _ => self.boxes.list_faces(leaf, key, &mut faces),
            }
            self.enclose(leaf, key, &mut faces);
            self.faces = faces;
            self.count(leaf, block, keys);
        } else {
            let mut slots: Vec<u32> = self.arena.slots_of(block).map(|slot| slot as u32).collect();
            slots.push(slot as u32);
            self.rebuild(leaf, &mut slots, keys);
            self.cut.push(leaf);
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

    /// Grows boxes from a node upward until one held the key already, given the faces of the node's box that the
    /// key may be beyond. A key that lies within a face of a box lies within those of the boxes above, so no
    /// others are looked at there.
    fn enclose(&mut self, mut node: usize, key: &[f32], faces: &mut Vec<u32>) {
        while !faces.is_empty() {
            faces.retain(|&face| self.boxes.move_face(node, face, key));
            if node == ROOT {
                break;
            }
            node = self.nodes[node].parent as usize;
        }
    }

    /// Asks for faces of the boxes above a node.
    pub(super) fn fetch_faces(&self, mut node: usize, faces: &[u32]) {
        for _ in 0..LIKELY_LEVELS {
            node = self.nodes[node].parent as usize;
            for face in faces {
                self.boxes.prefetch_face(node, *face);
            }
        }
    }

    /// After many changes of a block, makes its leaf's box tight, and those above.
    fn tighten_if_worn(&mut self, block: usize, keys: &Keys) {
        if !self.arena.is_worn(block) {
            return;
        }
        for slot in self.arena.slots_of(block) {
            prefetch(keys.row(slot));
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
