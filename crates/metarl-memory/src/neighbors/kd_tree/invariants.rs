//! What holds after every change, and makes look-ups exact.

use super::super::bounding_box::pad;
use super::super::keys::Keys;
use super::balance::UNCOUNTED;
use super::tree::{ROOT, Shape, Tree};

impl Tree {
    /// Looks at every node; gives the depth of the deepest.
    fn check(&self, keys: &Keys) -> usize {
        let mut slots = Vec::new();
        self.slots_below(ROOT, &mut slots);
        assert_eq!(slots.len() + self.arena.n_keys(self.newcomers), keys.len());
        self.check_below(ROOT, keys)
    }

    fn check_below(&self, node: usize, keys: &Keys) -> usize {
        let mut slots = Vec::new();
        self.slots_below(node, &mut slots);
        let (n_keys, n_counted) = (slots.len(), self.nodes[node].n_keys as usize);
        for slot in slots {
            let row = keys
                .get(slot as usize)
                .expect("a key where a block has one");
            let strayed = self.arena.strayed(slot as usize) * 1.0001;
            let mut padded = Vec::new();
            pad(row, &mut padded);
            let distance = self.boxes.squared_distances(&padded, node / 2)[node % 2];
            assert!(distance <= strayed * strayed, "a key outside of its box");
        }
        match self.nodes[node].shape {
            Shape::Leaf { block } => {
                assert_eq!(self.owner(block as usize), node);
                assert!(n_keys.abs_diff(n_counted) < UNCOUNTED as usize);
                1
            }
            Shape::Inner { pair, .. } => {
                let children = [2 * pair as usize, 2 * pair as usize + 1];
                for child in children {
                    for coordinate in 0..keys.dimension() {
                        let [low, high] = self.boxes.extent(child, coordinate);
                        let [all_low, all_high] = self.boxes.extent(node, coordinate);
                        assert!(all_low <= low && all_high >= high);
                    }
                }
                let counted = children.map(|child| self.nodes[child].n_keys as usize);
                assert_eq!(counted[0] + counted[1], n_counted);
                let depths = children.map(|child| {
                    assert_eq!(self.nodes[child].parent as usize, node);
                    self.check_below(child, keys)
                });
                1 + depths[0].max(depths[1])
            }
        }
    }
}

/// In `[0, 1)`, without repeating.
fn number(i: usize) -> f32 {
    (0.618_034 * i as f64).fract() as f32
}

/// Keys come on one side and go on the other, so that subtrees of all sizes lean.
#[test]
fn a_tree_whose_keys_wander_holds_them_and_stays_flat() {
    const N_KEYS: usize = 40_000;
    let mut keys = Keys::new(2, N_KEYS).unwrap();
    let mut tree = Tree::new(&keys).unwrap();
    for i in 0..3 * N_KEYS {
        let slot = i % N_KEYS;
        if i >= N_KEYS {
            keys.remove(slot).unwrap();
            tree.remove(&keys, slot);
        }
        keys.insert(slot, &[i as f32, number(i)]).unwrap();
        tree.insert(&keys, slot);
        if i % 9_999 == 0 {
            let depth = tree.check(&keys);
            // Each child has at most four fifths of the keys and those that a block is built with.
            assert!(depth <= 40, "{depth}");
        }
    }
}

/// Keys that drift, jump, come and go in a few dimensions and in many.
#[test]
fn boxes_hold_keys_that_move() {
    const N_KEYS: usize = 3_000;
    for dimension in [3, 20] {
        let rows: Vec<f32> = (0..N_KEYS * dimension).map(number).collect();
        let mut keys = Keys::from_rows(dimension, N_KEYS, &rows).unwrap();
        let mut tree = Tree::new(&keys).unwrap();
        let mut is_held = vec![true; N_KEYS];
        for i in 0..20_000 {
            let slot = i * 7_919 % N_KEYS;
            // Now and then far beyond all others.
            let far = if i % 97 == 0 { 50.0 } else { 1.0 };
            let mut key: Vec<f32> = (0..dimension).map(|j| far * number(i * 31 + j)).collect();
            // And often a step that is too small to be written.
            if i % 4 == 1
                && let Some(held) = keys.get(slot)
            {
                let steps = key.iter().zip(held);
                key = steps.map(|(step, x)| x + 1e-3 * step).collect();
            }
            if !is_held[slot] {
                keys.insert(slot, &key).unwrap();
                tree.insert(&keys, slot);
                is_held[slot] = true;
            } else if i % 3 == 0 {
                keys.remove(slot).unwrap();
                tree.remove(&keys, slot);
                is_held[slot] = false;
            } else {
                let squared_distance = keys.update(slot, &key).unwrap();
                tree.update(&keys, slot, squared_distance);
            }
            if i % 500 == 0 {
                tree.check(&keys);
            }
        }
    }
}

/// Every key is beyond all before it, those too that find their block full.
#[test]
fn boxes_hold_a_key_that_splits_a_block() {
    const N_KEYS: usize = 600;
    let mut keys = Keys::new(1, N_KEYS).unwrap();
    let mut tree = Tree::new(&keys).unwrap();
    for slot in 0..N_KEYS {
        keys.insert(slot, &[slot as f32]).unwrap();
        tree.insert(&keys, slot);
        tree.check(&keys);
    }
}

/// The last key goes when its block is worn, so the box is made tight around none; then each that comes is
/// below all before it.
#[test]
fn an_empty_box_grows_to_hold_a_key() {
    let mut keys = Keys::from_rows(1, 66, &[3.0]).unwrap();
    let mut tree = Tree::new(&keys).unwrap();
    for _ in 0..63 {
        let squared_distance = keys.update(0, &[3.0]).unwrap();
        tree.update(&keys, 0, squared_distance);
    }
    keys.remove(0).unwrap();
    tree.remove(&keys, 0);
    for slot in 1..66 {
        keys.insert(slot, &[-(slot as f32)]).unwrap();
        tree.insert(&keys, slot);
    }
    tree.check(&keys);
}

/// The first 64 keys wait, and go down the tree when another one comes.
#[test]
fn newcomers_settle_when_their_block_is_full() {
    let mut keys = Keys::new(1, 65).unwrap();
    let mut tree = Tree::new(&keys).unwrap();
    for slot in 0..65 {
        assert_eq!(tree.arena.n_keys(tree.newcomers), slot);
        assert_eq!(tree.nodes[ROOT].n_keys, 0);
        keys.insert(slot, &[slot as f32]).unwrap();
        tree.insert(&keys, slot);
    }
    assert_eq!(tree.arena.n_keys(tree.newcomers), 1);
    tree.check(&keys);
}
