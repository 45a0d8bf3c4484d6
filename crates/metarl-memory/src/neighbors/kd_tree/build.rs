//! Subtrees, built and taken down.

use multiversion::multiversion;

use super::super::kernel::prefetch;
use super::super::keys::Keys;
use super::tree::{FILL, Node, Shape, Tree};

/// Keys whose spread along each coordinate decides where to split.
const SAMPLE: usize = 64;

impl Tree {
    /// Builds a node that has nothing below it, over the keys of some slots.
    ///
    /// Many keys are split in halves, along the coordinate in which they spread the most.
    pub(super) fn build(&mut self, node: usize, slots: &mut [u32], keys: &Keys) {
        let mut order = Vec::with_capacity(slots.len());
        self.build_below(node, slots, keys, &mut order);
    }

    /// Builds a node anew, over the keys of some slots.
    pub(super) fn rebuild(&mut self, node: usize, slots: &mut [u32], keys: &Keys) {
        let n_counted = self.nodes[node].n_keys;
        self.take_down(node);
        self.build(node, slots, keys);
        self.count_above(node, n_counted);
        self.adjust_boxes_above(node);
    }

    /// The slots whose keys are below a node.
    pub(super) fn slots_below(&self, node: usize, slots: &mut Vec<u32>) {
        match self.nodes[node].shape {
            Shape::Leaf { block } => {
                let below = self.arena.slots_of(block as usize);
                slots.extend(below.map(|slot| slot as u32));
            }
            Shape::Inner { pair, .. } => {
                self.slots_below(2 * pair as usize, slots);
                self.slots_below(2 * pair as usize + 1, slots);
            }
        }
    }

    /// Two nodes without anything below them, children of a node.
    pub(super) fn open_pair(&mut self, parent: usize) -> usize {
        let pair = match self.unused_pairs.pop() {
            Some(pair) => pair as usize,
            None => {
                let empty = Node {
                    parent: 0,
                    n_keys: 0,
                    shape: Shape::Leaf { block: 0 },
                };
                self.nodes.extend([empty; 2]);
                self.boxes.push_pair();
                self.nodes.len() / 2 - 1
            }
        };
        for child in [2 * pair, 2 * pair + 1] {
            self.nodes[child].parent = parent as u32;
        }
        pair
    }

    fn build_below(
        &mut self,
        node: usize,
        slots: &mut [u32],
        keys: &Keys,
        order: &mut Vec<(f32, u32)>,
    ) {
        self.nodes[node].n_keys = slots.len() as u32;
        if slots.len() <= FILL {
            return self.build_leaf(node, slots, keys);
        }
        let coordinate = widest(slots, keys);
        let middle = middle(slots.len());
        order.clear();
        order.extend(
            slots
                .iter()
                .map(|&slot| (keys.row(slot as usize)[coordinate], slot)),
        );
        order.select_nth_unstable_by(middle, |a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let plane = order[middle].0;
        for (slot, (_, ordered)) in slots.iter_mut().zip(order.iter()) {
            *slot = *ordered;
        }
        let pair = self.open_pair(node);
        self.nodes[node].shape = Shape::Inner {
            pair: pair as u32,
            coordinate: coordinate as u32,
            plane,
        };
        let (low, high) = slots.split_at_mut(middle);
        self.build_below(2 * pair, low, keys, order);
        self.build_below(2 * pair + 1, high, keys, order);
        self.boxes.unite(node, pair);
    }

    fn build_leaf(&mut self, node: usize, slots: &[u32], keys: &Keys) {
        let block = self.open_block();
        self.owners[block] = node as u32;
        self.nodes[node].shape = Shape::Leaf {
            block: block as u32,
        };
        self.boxes.clear(node);
        for &slot in slots {
            prefetch(keys.row(slot as usize));
        }
        for &slot in slots {
            self.boxes.grow(node, keys.row(slot as usize));
            self.arena.put(block, keys, slot as usize);
        }
    }

    /// An empty block.
    pub(super) fn open_block(&mut self) -> usize {
        let block = self.arena.open_block();
        self.owners.resize(self.arena.n_blocks(), 0);
        block
    }

    /// Frees all that is below a node.
    pub(super) fn take_down(&mut self, node: usize) {
        match self.nodes[node].shape {
            Shape::Leaf { block } => self.arena.close_block(block as usize),
            Shape::Inner { pair, .. } => {
                self.take_down(2 * pair as usize);
                self.take_down(2 * pair as usize + 1);
                self.unused_pairs.push(pair);
            }
        }
    }
}

/// Where to split so many keys: in the middle; of many, where blocks before it are full.
fn middle(n_keys: usize) -> usize {
    if n_keys > 2 * FILL {
        n_keys.div_ceil(FILL) / 2 * FILL
    } else {
        n_keys / 2
    }
}

/// The coordinate along which a sample of the keys varies most.
fn widest(slots: &[u32], keys: &Keys) -> usize {
    let sample = || slots.iter().step_by(slots.len().div_ceil(SAMPLE));
    // From the first key on, or squares of large numbers would hide what varies.
    let origin = keys.row(slots[0] as usize);
    let mut sums = vec![0.0; keys.dimension()];
    let mut squares = vec![0.0; keys.dimension()];
    for &slot in sample() {
        add_moments(keys.row(slot as usize), origin, &mut sums, &mut squares);
    }
    let n = sample().count() as f32;
    let variance = |j: usize| squares[j] - sums[j] * sums[j] / n;
    let widest = (0..sums.len()).max_by(|&a, &b| variance(a).total_cmp(&variance(b)));
    widest.unwrap_or(0)
}

#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn add_moments(row: &[f32], origin: &[f32], sums: &mut [f32], squares: &mut [f32]) {
    let moments = sums.iter_mut().zip(squares);
    for ((x, origin), (sum, square)) in row.iter().zip(origin).zip(moments) {
        let x = x - origin;
        *sum += x;
        *square += x * x;
    }
}
