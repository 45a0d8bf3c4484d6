//! What a look-up finds, and the room it works in.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::kd_tree::Descent;
use super::query::Queries;

/// A key that was found.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Neighbor {
    /// Its slot.
    pub slot: usize,
    /// Its squared distance from the query, see [`squared_distance`](crate::squared_distance).
    pub squared_distance: f32,
}

impl Neighbor {
    /// Nearest first; at equal distances, the lower slot first.
    pub(crate) fn order(&self, other: &Self) -> Ordering {
        let distance = self.squared_distance.total_cmp(&other.squared_distance);
        distance.then(self.slot.cmp(&other.slot))
    }
}

/// Room that look-ups work in, and use again: one for each thread that looks up.
#[derive(Debug, Clone, Default)]
pub struct Search {
    pub(crate) found: Vec<Neighbor>,
    /// What is found for each query of a batch.
    pub(crate) found_by_batch: Vec<Neighbor>,
    pub(crate) queries: Queries,
    pub(crate) descent: Descent,
}
