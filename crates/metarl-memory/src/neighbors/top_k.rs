//! The k smallest so far.

use super::Neighbor;

/// The `k` nearest of what was pushed: a heap whose root is the farthest of them.
///
/// Distances are not negative, so the bits of one order as it does, and (distance, slot) is one
/// integer.
#[derive(Debug, Clone, Default)]
pub(crate) struct TopK {
    k: usize,
    heap: Vec<u64>,
}

fn pack(squared_distance: f32, slot: u32) -> u64 {
    u64::from(squared_distance.to_bits()) << 32 | u64::from(slot)
}

impl TopK {
    pub(crate) fn restart(&mut self, k: usize) {
        self.k = k;
        self.heap.clear();
    }

    pub(crate) fn k(&self) -> usize {
        self.k
    }

    /// The distance of the k-th, infinite until there are k. What is farther is not among the nearest;
    /// what is as far may be.
    pub(crate) fn limit(&self) -> f32 {
        if self.heap.len() < self.k {
            f32::INFINITY
        } else {
            f32::from_bits((self.heap[0] >> 32) as u32)
        }
    }

    #[inline]
    pub(crate) fn push(&mut self, squared_distance: f32, slot: u32) {
        let entry = pack(squared_distance, slot);
        if self.heap.len() < self.k {
            self.heap.push(entry);
            self.rise(entry);
        } else if entry < self.heap[0] {
            self.sink(entry);
        }
    }

    /// Appends what was found, nearest first.
    pub(crate) fn sort_into(&mut self, found: &mut Vec<Neighbor>) {
        self.heap.sort_unstable();
        found.extend(self.heap.iter().map(|entry| Neighbor {
            slot: *entry as u32 as usize,
            squared_distance: f32::from_bits((entry >> 32) as u32),
        }));
    }

    /// Moves the last entry up to its place.
    fn rise(&mut self, entry: u64) {
        let heap = &mut self.heap[..];
        let mut hole = heap.len() - 1;
        while hole > 0 && heap[(hole - 1) / 2] < entry {
            heap[hole] = heap[(hole - 1) / 2];
            hole = (hole - 1) / 2;
        }
        heap[hole] = entry;
    }

    /// Puts an entry in the place of the root, and down to its own.
    #[inline]
    fn sink(&mut self, entry: u64) {
        let heap = &mut self.heap[..];
        let mut hole = 0;
        loop {
            let (left, right) = (2 * hole + 1, 2 * hole + 2);
            let Some(&left_entry) = heap.get(left) else {
                break;
            };
            let (child, child_entry) = match heap.get(right) {
                Some(&right_entry) if right_entry > left_entry => (right, right_entry),
                _ => (left, left_entry),
            };
            if child_entry <= entry {
                break;
            }
            heap[hole] = child_entry;
            hole = child;
        }
        heap[hole] = entry;
    }
}
