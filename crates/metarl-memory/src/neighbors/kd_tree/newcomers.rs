//! Keys that have come of late.

use std::ops::Range;

use super::super::arena::BLOCK;
use super::super::kernel::prefetch;
use super::super::keys::Keys;
use super::tree::{ROOT, Shape, Tree};

/// Keys whose places are asked for ahead of the one that is placed.
const AHEAD: usize = 3;

/// Keys that come wait in a block of their own, which every look-up measures, until it is full. Then all
/// of them go where they belong.
///
/// The way of a key down the tree is a chain of lines, most of them not in the cache, each of which says
/// where the next one is. A block of keys goes down side by side, and waits for all of the chains at once.
impl Tree {
    /// Takes up the key of a slot.
    pub(crate) fn insert(&mut self, keys: &Keys, slot: usize) {
        if self.arena.n_keys(self.newcomers) == BLOCK {
            self.settle_newcomers(keys);
        }
        self.arena.put(self.newcomers, keys, slot);
    }

    fn settle_newcomers(&mut self, keys: &Keys) {
        let slots: Vec<usize> = self.arena.slots_of(self.newcomers).collect();
        self.arena.close_block(self.newcomers);
        self.newcomers = self.open_block();
        let leaves = self.fetch_ways(keys, &slots);
        let mut faces = Vec::new();
        let faces_of = leaves.iter().zip(&slots).map(|(leaf, slot)| {
            let start = faces.len();
            self.boxes.list_faces(*leaf, keys.row(*slot), &mut faces);
            start..faces.len()
        });
        let faces_of: Vec<Range<usize>> = faces_of.collect();
        self.is_mended = false;
        self.cut.clear();
        for (i, &slot) in slots.iter().enumerate() {
            if let Some(&leaf) = leaves.get(i + AHEAD) {
                self.fetch_room(leaf, &faces[faces_of[i + AHEAD].clone()]);
            }
            if self.is_mended {
                self.place(ROOT, None, keys, slot);
            } else {
                let known = &faces[faces_of[i].clone()];
                self.place(leaves[i], Some(known), keys, slot);
            }
            self.rebuild_in_turn(keys, 4);
        }
        if !self.is_mended {
            self.fill_blocks(keys);
        }
    }

    /// Asks for what lies on the ways of keys to their leaves, which it gives.
    fn fetch_ways(&self, keys: &Keys, slots: &[usize]) -> Vec<usize> {
        let mut nodes = vec![ROOT; slots.len()];
        let mut is_under_way = true;
        while is_under_way {
            is_under_way = false;
            for (node, slot) in nodes.iter_mut().zip(slots) {
                if let Shape::Inner { .. } = self.nodes[*node].shape {
                    *node = self.side(*node, keys.row(*slot));
                    prefetch(&self.nodes[*node..=*node]);
                    is_under_way = true;
                }
            }
        }
        for leaf in &nodes {
            self.boxes.prefetch(*leaf);
            if let Shape::Leaf { block } = self.nodes[*leaf].shape {
                self.arena.prefetch_header(block as usize);
            }
        }
        nodes
    }

    /// Asks for what putting a key into a leaf, beyond some faces of its box, will write.
    fn fetch_room(&self, leaf: usize, faces: &[u32]) {
        if let Shape::Leaf { block } = self.nodes[leaf].shape {
            self.arena.prefetch_room(block as usize);
        }
        self.fetch_faces(leaf, faces);
    }
}
