//! Coordinates in which few numbers tell keys apart.

use super::axes::Axes;
use super::keys::Keys;
use super::quantization::root_at_least;
use crate::Error;

/// Keys grow to this many times as many before axes are fitted anew, and to that many at first.
const GROWTH: usize = 4;
const FEWEST: usize = 1024;

/// Keys in the coordinates of their main axes.
///
/// Distances are the same in these coordinates, rounding aside, and the index is told how much that
/// may be.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    axes: Axes,
    keys: Keys,
    /// At least how far any key is from where it should be.
    error: f32,
    /// Keys when axes were fitted.
    n_fitted: usize,
    /// Room for a key.
    turned: Vec<f32>,
}

impl Frame {
    pub(crate) fn new(keys: &Keys) -> Result<Self, Error> {
        let mut frame = Self {
            axes: Axes::of(keys),
            keys: Keys::new(keys.dimension(), keys.capacity())?,
            error: 0.0,
            n_fitted: keys.len(),
            turned: vec![0.0; keys.dimension()],
        };
        for slot in keys.slots() {
            frame.insert(slot, keys.row(slot));
        }
        Ok(frame)
    }

    /// Fits the axes to keys.
    pub(crate) fn refit(&mut self, keys: &Keys) {
        self.axes = Axes::of(keys);
        self.n_fitted = keys.len();
        self.error = 0.0;
        for slot in keys.slots() {
            self.update(slot, keys.row(slot));
        }
    }

    /// Whether there are so many keys that axes should be fitted to them.
    pub(crate) fn is_outgrown(&self) -> bool {
        self.keys.len() >= (GROWTH * self.n_fitted).max(FEWEST)
    }

    /// The keys in these coordinates.
    pub(crate) fn keys(&self) -> &Keys {
        &self.keys
    }

    pub(crate) fn insert(&mut self, slot: usize, key: &[f32]) {
        self.turn(key);
        let outcome = self.keys.insert(slot, &self.turned);
        outcome.expect("what was inserted before, turned");
    }

    /// Gives the squared distance from where the key was.
    pub(crate) fn update(&mut self, slot: usize, key: &[f32]) -> f32 {
        self.turn(key);
        let outcome = self.keys.update(slot, &self.turned);
        outcome.expect("what was moved before, turned")
    }

    pub(crate) fn remove(&mut self, slot: usize) {
        let outcome = self.keys.remove(slot);
        outcome.expect("what was removed before");
    }

    /// Turns a query; gives at least how much farther from a key it may be.
    pub(crate) fn turn_query(&self, query: &[f32], turned: &mut [f32]) -> f32 {
        turn(&self.axes, query, turned) + self.error
    }

    pub(crate) fn bytes(&self) -> usize {
        self.keys.bytes() + self.axes.bytes()
    }

    fn turn(&mut self, key: &[f32]) {
        let error = turn(&self.axes, key, &mut self.turned);
        self.error = self.error.max(error);
    }
}

/// Turns a point; gives at least how far from where it should be it is then.
fn turn(axes: &Axes, point: &[f32], turned: &mut [f32]) -> f32 {
    axes.turn(point, turned);
    let squares = point.iter().map(|x| x * x).sum();
    // Where coordinates overflow, this is infinite, and nothing is left out.
    let error = axes.relative_error() * root_at_least(squares, point.len());
    if error.is_infinite() {
        turned.fill(0.0);
    }
    error
}
