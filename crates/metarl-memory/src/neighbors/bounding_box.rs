//! The boxes around the keys of a tree's nodes.

use multiversion::multiversion;

use super::distance::{LANES, add_halves};
use super::kernel::prefetch;
use super::rows::Rows;

/// A box for each node; nodes come in pairs, `2i` and `2i + 1`, whose boxes lie side by side.
#[derive(Debug, Clone)]
pub(crate) struct Boxes {
    dimension: usize,
    /// Numbers of a corner: those of a key, and zeros up to a multiple of the lanes.
    width: usize,
    /// Lowest and highest corner of the first node of a pair, then of the second.
    corners: Rows<f32>,
    /// Room for the boxes of a pair.
    united: Vec<f32>,
}

impl Boxes {
    pub(crate) fn new(dimension: usize, n_likely_pairs: usize) -> Self {
        let width = dimension.next_multiple_of(LANES);
        Self {
            dimension,
            width,
            corners: Rows::new(4 * width, n_likely_pairs),
            united: vec![0.0; 4 * width],
        }
    }

    /// Numbers of a corner.
    #[cfg(test)]
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// Room for the boxes of two more nodes.
    pub(crate) fn push_pair(&mut self) {
        self.corners.push(0.0);
    }

    /// Makes the box of a node empty.
    pub(crate) fn clear(&mut self, node: usize) {
        let dimension = self.dimension;
        let (low, high) = self.corners_mut(node);
        low[..dimension].fill(f32::INFINITY);
        high[..dimension].fill(f32::NEG_INFINITY);
    }

    /// Whether a box has to grow to hold a key.
    pub(crate) fn excludes(&self, node: usize, key: &[f32]) -> bool {
        let (low, high) = self.corners(node);
        outside(low, high, key)
    }

    /// The faces of a box beyond which a key lies: those of its lowest corner, then of its highest.
    pub(crate) fn list_faces(&self, node: usize, key: &[f32], faces: &mut Vec<usize>) {
        faces.clear();
        if self.excludes(node, key) {
            let (low, high) = self.corners(node);
            list_faces(low, high, key, faces);
        }
    }

    /// Moves a face of a box to where a key is beyond it; gives whether it was.
    pub(crate) fn move_face(&mut self, node: usize, face: usize, key: &[f32]) -> bool {
        let place = &mut self.corners.row_mut(node / 2)[node % 2 * 2 * self.width + face];
        let (x, is_beyond) = if face < self.width {
            let x = key[face];
            (x, x < *place)
        } else {
            let x = key[face - self.width];
            (x, x > *place)
        };
        if is_beyond {
            *place = x;
        }
        is_beyond
    }

    /// Asks for a face of a box before it is needed.
    pub(crate) fn prefetch_face(&self, node: usize, face: usize) {
        prefetch(&self.corners_of(node)[face..=face]);
    }

    /// Makes a box hold a key.
    pub(crate) fn grow(&mut self, node: usize, key: &[f32]) {
        let (low, high) = self.corners_mut(node);
        grow(low, high, key, key);
    }

    /// Makes a box hold the boxes of a pair and no more; gives whether that changes it.
    pub(crate) fn unite(&mut self, node: usize, pair: usize) -> bool {
        let Self {
            width,
            corners,
            united,
            ..
        } = self;
        united.copy_from_slice(corners.row(pair));
        let (first, second) = united.split_at_mut(2 * *width);
        let (low, high) = first.split_at_mut(*width);
        let (other_low, other_high) = second.split_at(*width);
        grow(low, high, other_low, other_high);
        let old = &mut corners.row_mut(node / 2)[node % 2 * 2 * *width..][..2 * *width];
        let changes = old != first;
        old.copy_from_slice(first);
        changes
    }

    /// Whether a key is farther from a box than the box is wide, from corner to corner.
    pub(crate) fn is_far(&self, node: usize, key: &[f32]) -> bool {
        let (low, high) = self.corners(node);
        let corners = low.iter().zip(high).zip(key);
        let (mut outside, mut diagonal) = (0.0, 0.0);
        for ((low, high), x) in corners {
            outside += square_outside(*x, *low, *high);
            diagonal += (high - low) * (high - low);
        }
        outside > diagonal
    }

    /// The lowest corner of a box, then the highest.
    pub(crate) fn corners_of(&self, node: usize) -> &[f32] {
        &self.corners.row(node / 2)[node % 2 * 2 * self.width..][..2 * self.width]
    }

    /// Puts a box where it was taken from elsewhere.
    pub(crate) fn set_corners(&mut self, node: usize, corners: &[f32]) {
        let (low, high) = self.corners_mut(node);
        low.copy_from_slice(&corners[..low.len()]);
        high.copy_from_slice(&corners[low.len()..]);
    }

    /// Squared distances from a query, [padded](pad), to the boxes of a pair.
    pub(crate) fn squared_distances(&self, query: &[f32], pair: usize) -> [f32; 2] {
        pair_distances(query, self.corners.row(pair))
    }

    /// Asks for the boxes of a pair before they are needed.
    pub(crate) fn prefetch_pair(&self, pair: usize) {
        prefetch(self.corners.row(pair));
    }

    /// Asks for the box of a node before it is needed.
    pub(crate) fn prefetch(&self, node: usize) {
        prefetch(self.corners_of(node));
    }

    pub(crate) fn bytes(&self) -> usize {
        self.corners.bytes()
    }

    fn corners(&self, node: usize) -> (&[f32], &[f32]) {
        self.corners_of(node).split_at(self.width)
    }

    fn corners_mut(&mut self, node: usize) -> (&mut [f32], &mut [f32]) {
        let pair = self.corners.row_mut(node / 2);
        pair[node % 2 * 2 * self.width..][..2 * self.width].split_at_mut(self.width)
    }
}

/// Makes a query as wide as boxes are.
pub(crate) fn pad(query: &[f32], padded: &mut Vec<f32>) {
    padded.clear();
    padded.extend_from_slice(query);
    padded.resize(query.len().next_multiple_of(LANES), 0.0);
}

fn lower(a: f32, b: f32) -> f32 {
    if a < b { a } else { b }
}

fn higher(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn list_faces(low: &[f32], high: &[f32], key: &[f32], faces: &mut Vec<usize>) {
    let width = low.len();
    let corners = low
        .as_chunks::<LANES>()
        .0
        .iter()
        .zip(high.as_chunks::<LANES>().0);
    let (chunks, rest) = key.as_chunks::<LANES>();
    let mut padded = [0.0; LANES];
    padded[..rest.len()].copy_from_slice(rest);
    let chunks = chunks.iter().chain(std::iter::once(&padded));
    for (chunk, ((low, high), key)) in corners.zip(chunks).enumerate() {
        let mut beyond = [0.0; LANES];
        for lane in 0..LANES {
            beyond[lane] = higher(low[lane] - key[lane], key[lane] - high[lane]);
        }
        let mut bits = 0_u32;
        for (lane, beyond) in beyond.iter().enumerate() {
            bits |= u32::from(*beyond > 0.0) << lane;
        }
        while bits != 0 {
            let lane = bits.trailing_zeros() as usize;
            bits &= bits - 1;
            let corner = if key[lane] < low[lane] { 0 } else { width };
            faces.push(corner + chunk * LANES + lane);
        }
    }
}

#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn outside(low: &[f32], high: &[f32], key: &[f32]) -> bool {
    let mut is_outside = false;
    for ((low, high), key) in low.iter().zip(high).zip(key) {
        is_outside |= (key < low) | (key > high);
    }
    is_outside
}

#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn grow(low: &mut [f32], high: &mut [f32], other_low: &[f32], other_high: &[f32]) {
    for (low, other) in low.iter_mut().zip(other_low) {
        *low = lower(*other, *low);
    }
    for (high, other) in high.iter_mut().zip(other_high) {
        *high = higher(*other, *high);
    }
}

/// ```text
/// Σⱼ max(lowⱼ − qⱼ, qⱼ − highⱼ, 0)²
/// ```
///
/// Added up in the order of [`squared_distance`](super::squared_distance). Rounding keeps order, so
/// what is computed here is never more than what is computed for a key in the box: no slack is needed.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn pair_distances(query: &[f32], corners: &[f32]) -> [f32; 2] {
    let mut sums = [[0.0_f32; LANES]; 2];
    let (query, corners) = (query.as_chunks::<LANES>().0, corners.as_chunks::<LANES>().0);
    let (first, second) = corners.split_at(2 * query.len());
    for (sums, corners) in sums.iter_mut().zip([first, second]) {
        let (lows, highs) = corners.split_at(query.len());
        for ((query, low), high) in query.iter().zip(lows).zip(highs) {
            for (((sum, q), low), high) in sums.iter_mut().zip(query).zip(low).zip(high) {
                *sum += square_outside(*q, *low, *high);
            }
        }
    }
    add_halves(&sums)
}

#[inline(always)]
fn square_outside(q: f32, low: f32, high: f32) -> f32 {
    let outside = higher(higher(low - q, q - high), 0.0);
    outside * outside
}
