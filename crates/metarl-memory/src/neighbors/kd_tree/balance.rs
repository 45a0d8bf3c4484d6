//! What keeps a tree from leaning and boxes from growing loose.

use super::super::bfloat16::number;
use super::super::columns::MOST_COLUMNS;
use super::super::keys::Keys;
use super::tree::{FILL, Node, ROOT, Shape, Tree};

/// A rebuilding takes at most this many keys.
const MOST_KEYS: usize = 16_384;

/// Parts of a node too large to be rebuilt have at most this many keys.
const PART: usize = 4096;

/// Keys that come to a leaf or go from it before the nodes above it count them: most that come are
/// made up for by others that go, and neither then has to walk up the tree.
pub(super) const UNCOUNTED: u32 = 8;

/// A node with so few keys has them in as few blocks as there must be, when one of its leaves has been cut. Beside
/// the shortest codes slots and boxes weigh most, so there more blocks are filled.
fn few_keys(dimension: usize) -> u32 {
    let shortest = MOST_COLUMNS + 1..=MOST_COLUMNS + 2;
    let n_blocks = if shortest.contains(&dimension) { 12 } else { 4 };
    n_blocks * FILL as u32
}

/// Inner nodes with fewer keys than a block is built with become a leaf.
const FEWEST_KEYS: u32 = FILL as u32;

/// Updates that pay for building one key anew; an insertion is worth four of them.
const UPDATES_PER_KEY: usize = 8;

/// A subtree that is moved as it is.
struct Part {
    node: Node,
    corners: Vec<u16>,
}

impl Tree {
    /// Counts the keys of a leaf, if many have come or gone; and mends the highest node that leans then.
    pub(super) fn count(&mut self, leaf: usize, block: usize, keys: &Keys) {
        let n_keys = self.arena.n_keys(block) as u32;
        let n_counted = self.nodes[leaf].n_keys;
        if n_keys.abs_diff(n_counted) < UNCOUNTED {
            return;
        }
        self.nodes[leaf].n_keys = n_keys;
        self.count_above(leaf, n_counted);
        let mut leaning = None;
        let mut node = leaf;
        while node != ROOT {
            node = self.nodes[node].parent as usize;
            if self.leans(node) {
                leaning = Some(node);
            }
        }
        if let Some(leaning) = leaning {
            self.mend(leaning, keys);
        }
    }

    /// Makes the nodes above one that counted so many keys count those that it counts now.
    pub(super) fn count_above(&mut self, mut node: usize, n_counted: u32) {
        let n_keys = self.nodes[node].n_keys;
        while n_keys != n_counted && node != ROOT {
            node = self.nodes[node].parent as usize;
            self.nodes[node].n_keys = self.nodes[node].n_keys + n_keys - n_counted;
        }
    }

    /// Builds a subtree anew for every so many changes, one here, one there.
    ///
    /// Where is drawn from the sequence of changes alone, so that it repeats.
    pub(super) fn rebuild_in_turn(&mut self, keys: &Keys, cost: usize) {
        self.debt += cost;
        if self.debt < UPDATES_PER_KEY * PART {
            return;
        }
        // Multiples of the golden ratio visit the blocks evenly.
        self.renewed = self.renewed.wrapping_add(0x9E37_79B9);
        let Some(block) = self.some_block(self.renewed) else {
            return;
        };
        let mut node = self.owner(block);
        while node != ROOT {
            let parent = self.nodes[node].parent as usize;
            if self.nodes[parent].n_keys as usize > PART {
                break;
            }
            node = parent;
        }
        self.debt -= UPDATES_PER_KEY * PART;
        self.mend(node, keys);
    }

    /// Builds anew the surroundings of leaves that were cut in halves, where that makes for fewer blocks.
    pub(super) fn fill_blocks(&mut self, keys: &Keys) {
        let cut = std::mem::take(&mut self.cut);
        // Of two such nodes none is below the other, so building one leaves the other where it is.
        let few_keys = few_keys(keys.dimension());
        let nodes = cut.iter().map(|&leaf| self.surroundings(leaf, few_keys));
        let mut nodes: Vec<usize> = nodes.collect();
        nodes.sort_unstable();
        nodes.dedup();
        for node in nodes {
            let mut slots = Vec::new();
            self.slots_below(node, &mut slots);
            if slots.len().div_ceil(FILL) < self.n_blocks_below(node) {
                self.rebuild(node, &mut slots, keys);
            }
        }
        self.cut = cut;
    }

    /// The highest node above one that has so few keys, or the node itself.
    fn surroundings(&self, mut node: usize, few_keys: u32) -> usize {
        while node != ROOT {
            let parent = self.nodes[node].parent as usize;
            if self.nodes[parent].n_keys > few_keys {
                break;
            }
            node = parent;
        }
        node
    }

    fn n_blocks_below(&self, node: usize) -> usize {
        match self.nodes[node].shape {
            Shape::Leaf { .. } => 1,
            Shape::Inner { pair, .. } => {
                self.n_blocks_below(2 * pair as usize) + self.n_blocks_below(2 * pair as usize + 1)
            }
        }
    }

    /// Makes the boxes above a node hold it and no more.
    pub(super) fn adjust_boxes_above(&mut self, mut node: usize) {
        while node != ROOT {
            node = self.nodes[node].parent as usize;
            if let Shape::Inner { pair, .. } = self.nodes[node].shape
                && !self.boxes.unite(node, pair as usize)
            {
                break;
            }
        }
    }

    /// Whether one child has far more keys than the other, or both have few.
    pub(super) fn leans(&self, node: usize) -> bool {
        match self.nodes[node].shape {
            Shape::Leaf { .. } => false,
            Shape::Inner { pair, .. } => {
                let n_keys = self.nodes[node].n_keys;
                let children = [2 * pair as usize, 2 * pair as usize + 1];
                let most = self.nodes[children[0]]
                    .n_keys
                    .max(self.nodes[children[1]].n_keys);
                n_keys < FEWEST_KEYS || is_most(most, n_keys)
            }
        }
    }

    pub(super) fn mend(&mut self, node: usize, keys: &Keys) {
        self.is_mended = true;
        if self.nodes[node].n_keys as usize <= MOST_KEYS {
            let mut slots = Vec::new();
            self.slots_below(node, &mut slots);
            self.rebuild(node, &mut slots, keys);
        } else {
            let n_counted = self.nodes[node].n_keys;
            let mut parts = Vec::new();
            self.take_apart(node, &mut parts);
            self.arrange(node, &mut parts);
            self.count_above(node, n_counted);
            self.adjust_boxes_above(node);
        }
    }

    /// Some block that is in use below a node.
    fn some_block(&self, number: usize) -> Option<usize> {
        let n_blocks = self.arena.n_blocks();
        let blocks = (0..n_blocks).map(|i| (number + i) % n_blocks);
        let mut in_use =
            blocks.filter(|&block| block != self.newcomers && self.arena.n_keys(block) > 0);
        in_use.next()
    }

    /// Cuts what is below a node into parts.
    fn take_apart(&mut self, node: usize, parts: &mut Vec<Part>) {
        match self.nodes[node].shape {
            Shape::Inner { pair, .. } if self.nodes[node].n_keys as usize > PART => {
                self.take_apart(2 * pair as usize, parts);
                self.take_apart(2 * pair as usize + 1, parts);
                self.unused_pairs.push(pair);
            }
            Shape::Leaf { block } if self.arena.n_keys(block as usize) == 0 => self.take_down(node),
            _ => parts.push(Part {
                node: self.nodes[node],
                corners: self.boxes.corners_of(node).to_vec(),
            }),
        }
    }

    /// Puts parts below a node, in halves along the coordinate in which their middles spread most.
    fn arrange(&mut self, node: usize, parts: &mut [Part]) {
        if let [part] = parts {
            self.attach(node, part);
            return;
        }
        let n_keys: u32 = parts.iter().map(|part| part.node.n_keys).sum();
        let (coordinate, plane, middle) = halve(parts, n_keys);
        let pair = self.open_pair(node);
        self.nodes[node].n_keys = n_keys;
        self.nodes[node].shape = Shape::Inner {
            pair: pair as u32,
            coordinate: coordinate as u32,
            plane,
        };
        let (low, high) = parts.split_at_mut(middle);
        self.arrange(2 * pair, low);
        self.arrange(2 * pair + 1, high);
        self.boxes.unite(node, pair);
    }

    fn attach(&mut self, node: usize, part: &Part) {
        let parent = self.nodes[node].parent;
        self.nodes[node] = Node {
            parent,
            ..part.node
        };
        self.boxes.set_corners(node, &part.corners);
        match part.node.shape {
            Shape::Leaf { block } => self.owners[block as usize] = node as u32,
            Shape::Inner { pair, .. } => {
                for child in [2 * pair as usize, 2 * pair as usize + 1] {
                    self.nodes[child].parent = node as u32;
                }
            }
        }
    }
}

/// Whether so many keys of a child are too many for those of its parent.
pub(super) fn is_most(n_keys: u32, n_keys_of_parent: u32) -> bool {
    n_keys > n_keys_of_parent / 5 * 4 + FEWEST_KEYS
}

/// Sorts parts along the coordinate in which their middles spread most; gives it, a plane, and the
/// number of parts that are before the middle of their keys.
fn halve(parts: &mut [Part], n_keys: u32) -> (usize, f32, usize) {
    let dimension = parts[0].corners.len() / 2;
    let middle_of = |part: &Part, j: usize| {
        0.5 * number(part.corners[j]) + 0.5 * number(part.corners[dimension + j])
    };
    let spread = |j: usize| {
        let middles = parts.iter().map(|part| middle_of(part, j));
        let (low, high) = middles.fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), x| {
            (low.min(x), high.max(x))
        });
        high - low
    };
    let widest = (0..dimension).max_by(|&a, &b| spread(a).total_cmp(&spread(b)));
    let coordinate = widest.unwrap_or(0);
    parts.sort_by(|a, b| middle_of(a, coordinate).total_cmp(&middle_of(b, coordinate)));
    let mut before = 0;
    let mut middle = 0;
    while middle + 1 < parts.len() && 2 * before + parts[middle].node.n_keys < n_keys {
        before += parts[middle].node.n_keys;
        middle += 1;
    }
    let middle = middle.max(1);
    let plane = 0.5 * middle_of(&parts[middle - 1], coordinate)
        + 0.5 * middle_of(&parts[middle], coordinate);
    (coordinate, plane, middle)
}
