//! What is walked on.

use super::body::SCALE;

/// Points of the ground line.
pub(super) const LENGTH: usize = 200;
/// Distance between two of them; also the unit of the encoding's heights and widths.
pub(super) const STEP: f64 = 14.0 / SCALE;
/// Points of level ground to start from.
pub(super) const START_PAD: usize = 20;
/// Height of the level ground.
pub(super) const HEIGHT: f64 = 400.0 / SCALE / 4.0;
/// Where the course ends: ten points before the ground does.
pub(super) const GOAL: f64 = (LENGTH - 10) as f64 * STEP;

/// A line of ground from left to right, and boxes on it.
#[derive(Debug, Clone, PartialEq)]
pub struct Terrain {
    pub(super) ground: Vec<[f32; 2]>,
    pub(super) block: Vec<Block>,
}

/// A box that stands on the ground or makes the wall of a gap.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Block {
    /// Its left lower corner.
    pub low: [f32; 2],
    /// Its right upper corner.
    pub high: [f32; 2],
}

impl Block {
    /// Its corners, counterclockwise from the lower left one.
    #[must_use]
    pub fn corners(&self) -> [[f32; 2]; 4] {
        let ([left, low], [right, high]) = (self.low, self.high);
        [[left, low], [right, low], [right, high], [left, high]]
    }

    /// How far along `from + t · along` the ray enters; never from within.
    fn enters(&self, from: [f32; 2], along: [f32; 2]) -> Option<f32> {
        let (mut first, mut last) = (f32::NEG_INFINITY, f32::INFINITY);
        for axis in 0..2 {
            let (low, high) = (self.low[axis] - from[axis], self.high[axis] - from[axis]);
            if along[axis] == 0.0 {
                if low > 0.0 || high < 0.0 {
                    return None;
                }
                continue;
            }
            let (a, b) = (low / along[axis], high / along[axis]);
            first = first.max(a.min(b));
            last = last.min(a.max(b));
        }
        (0.0 <= first && first <= last).then_some(first)
    }
}

impl Terrain {
    /// The ground line from left to right.
    #[must_use]
    pub fn ground(&self) -> &[[f32; 2]] {
        &self.ground
    }

    /// Stumps, steps of stairs and walls of gaps, from left to right.
    #[must_use]
    pub fn blocks(&self) -> &[Block] {
        &self.block
    }

    /// Which part of the way from `from` to `to` is free: 1 where nothing is in the way.
    #[must_use]
    pub fn free_fraction(&self, from: [f32; 2], to: [f32; 2]) -> f32 {
        let along = [to[0] - from[0], to[1] - from[1]];
        let (left, right) = (from[0].min(to[0]), from[0].max(to[0]));
        let mut free = 1.0_f32;
        // A point is at most one step left of its place on the grid, where a gap ends.
        let place = |x: f32| (x / STEP as f32).max(0.0) as usize;
        let end = (place(right) + 3).min(self.ground.len());
        let start = place(left).saturating_sub(1).min(end);
        for ends in self.ground[start..end].windows(2) {
            if let Some(t) = crosses(from, along, ends[0], ends[1]) {
                free = free.min(t);
            }
        }
        for block in &self.block {
            if block.low[0] > right {
                break;
            }
            if block.high[0] >= left
                && let Some(t) = block.enters(from, along)
            {
                free = free.min(t);
            }
        }
        free
    }
}

/// How far along `from + t · along` it crosses the line between two points, if before 1.
fn crosses(from: [f32; 2], along: [f32; 2], a: [f32; 2], b: [f32; 2]) -> Option<f32> {
    let side = [b[0] - a[0], b[1] - a[1]];
    let there = [a[0] - from[0], a[1] - from[1]];
    let parallel = along[0] * side[1] - along[1] * side[0];
    let t = (there[0] * side[1] - there[1] * side[0]) / parallel;
    let u = (there[0] * along[1] - there[1] * along[0]) / parallel;
    // Not a number where they are parallel.
    ((0.0..=1.0).contains(&t) && (0.0..=1.0).contains(&u)).then_some(t)
}
