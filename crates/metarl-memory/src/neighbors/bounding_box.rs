//! The boxes around the keys of a tree's nodes.

use multiversion::multiversion;

use super::bfloat16::{at_least, at_most, number};
use super::distance::{LANES, add_halves};
use super::kernel::{Instructions, prefetch};
use super::rows::Rows;

/// Corners are as wide as a multiple of this.
const HALF: usize = LANES / 2;

/// A box for each node; nodes come in pairs, `2i` and `2i + 1`, whose boxes lie side by side.
///
/// A bound takes two bytes and is rounded outward, so a box still holds its keys, in half of the room. Among keys of
/// 64 numbers near a surface look-ups visit 1 to 2 % more blocks for it, and read half of the lines of boxes.
#[derive(Debug, Clone)]
pub(crate) struct Boxes {
    dimension: usize,
    instructions: Instructions,
    /// Numbers of a corner: those of a key, and zeros up to a multiple of half of the lanes.
    width: usize,
    /// Lowest and highest corner of the first node of a pair, then of the second.
    corners: Rows<u16>,
    /// Room for the boxes of a pair.
    united: Vec<u16>,
}

impl Boxes {
    pub(crate) fn new(dimension: usize, n_likely_pairs: usize) -> Self {
        let width = dimension.next_multiple_of(HALF);
        Self {
            dimension,
            instructions: Instructions::detect(),
            width,
            corners: Rows::new(4 * width, n_likely_pairs),
            united: vec![0; 4 * width],
        }
    }

    /// Room for the boxes of two more nodes.
    pub(crate) fn push_pair(&mut self) {
        self.corners.push(0);
    }

    /// Makes the box of a node empty.
    pub(crate) fn clear(&mut self, node: usize) {
        let dimension = self.dimension;
        let (low, high) = self.corners_mut(node);
        low[..dimension].fill(at_most(f32::INFINITY));
        high[..dimension].fill(at_least(f32::NEG_INFINITY));
    }

    /// Appends the faces of a box beyond which a key lies, by number: those of its lowest corner come first,
    /// then those of its highest.
    pub(crate) fn list_faces(&self, node: usize, key: &[f32], faces: &mut Vec<u32>) {
        let (low, high) = self.corners(node);
        list_faces(low, high, key, faces);
    }

    /// Moves a face of a box to where a key is beyond it; gives whether it was.
    pub(crate) fn move_face(&mut self, node: usize, face: u32, key: &[f32]) -> bool {
        let face = face as usize;
        let place = &mut self.corners.row_mut(node / 2)[node % 2 * 2 * self.width + face];
        let (bound, is_beyond) = if face < self.width {
            let x = key[face];
            (at_most(x), x < number(*place))
        } else {
            let x = key[face - self.width];
            (at_least(x), x > number(*place))
        };
        if is_beyond {
            *place = bound;
        }
        is_beyond
    }

    /// Asks for a face of a box before it is needed.
    pub(crate) fn prefetch_face(&self, node: usize, face: u32) {
        prefetch(&self.corners_of(node)[face as usize..][..1]);
    }

    /// Makes a box hold a key.
    pub(crate) fn grow(&mut self, node: usize, key: &[f32]) {
        let (low, high) = self.corners_mut(node);
        grow(low, high, key);
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
        unite(low, high, other_low, other_high);
        let old = &mut corners.row_mut(node / 2)[node % 2 * 2 * *width..][..2 * *width];
        let changes = old != first;
        old.copy_from_slice(first);
        changes
    }

    /// Whether a key is farther from a box than the box is wide, from corner to corner.
    pub(crate) fn is_far(&self, node: usize, key: &[f32]) -> bool {
        let (low, high) = self.corners(node);
        is_far(low, high, key)
    }

    /// Where a box begins and ends along a coordinate.
    #[cfg(test)]
    pub(crate) fn extent(&self, node: usize, coordinate: usize) -> [f32; 2] {
        let (low, high) = self.corners(node);
        [low, high].map(|corner| number(corner[coordinate]))
    }

    /// The lowest corner of a box, then the highest.
    pub(crate) fn corners_of(&self, node: usize) -> &[u16] {
        &self.corners.row(node / 2)[node % 2 * 2 * self.width..][..2 * self.width]
    }

    /// Puts a box where it was taken from elsewhere.
    pub(crate) fn set_corners(&mut self, node: usize, corners: &[u16]) {
        let (low, high) = self.corners_mut(node);
        low.copy_from_slice(&corners[..low.len()]);
        high.copy_from_slice(&corners[low.len()..]);
    }

    /// Squared distances from a query, [padded](pad), to the boxes of a pair.
    ///
    /// ```text
    /// Σⱼ max(lowⱼ − qⱼ, qⱼ − highⱼ, 0)²
    /// ```
    ///
    /// Added up in the order of [`squared_distance`](super::squared_distance). Rounding keeps order, so
    /// what is computed here is never more than what is computed for a key in the box: no slack is needed.
    pub(crate) fn squared_distances(&self, query: &[f32], pair: usize) -> [f32; 2] {
        (self.instructions).measure_boxes(query, self.corners.row(pair))
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

    fn corners(&self, node: usize) -> (&[u16], &[u16]) {
        self.corners_of(node).split_at(self.width)
    }

    fn corners_mut(&mut self, node: usize) -> (&mut [u16], &mut [u16]) {
        let pair = self.corners.row_mut(node / 2);
        pair[node % 2 * 2 * self.width..][..2 * self.width].split_at_mut(self.width)
    }
}

/// Makes a query as wide as boxes are.
pub(crate) fn pad(query: &[f32], padded: &mut Vec<f32>) {
    padded.clear();
    padded.extend_from_slice(query);
    padded.resize(query.len().next_multiple_of(HALF), 0.0);
}

fn lower(a: f32, b: f32) -> f32 {
    if a < b { a } else { b }
}

fn higher(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn list_faces(low: &[u16], high: &[u16], key: &[f32], faces: &mut Vec<u32>) {
    const PART: usize = 64;
    const WORD: usize = size_of::<u64>();
    let width = low.len() as u32;
    let parts = low.chunks(PART).zip(high.chunks(PART));
    for (part, ((low, high), key)) in parts.zip(key.chunks(PART)).enumerate() {
        // A byte for each coordinate; both of its bits are set where the box is empty.
        let mut beyond = [0_u8; PART];
        let corners = low.iter().zip(high);
        for (beyond, ((low, high), x)) in beyond.iter_mut().zip(corners.zip(key)) {
            *beyond = u8::from(*x < number(*low)) | u8::from(*x > number(*high)) << 1;
        }
        for (word, bytes) in beyond.as_chunks::<WORD>().0.iter().enumerate() {
            let first = (part * PART + word * WORD) as u32;
            let mut bits = u64::from_le_bytes(*bytes);
            while bits != 0 {
                let bit = bits.trailing_zeros();
                faces.push(bit % 8 * width + first + bit / 8);
                bits &= bits - 1;
            }
        }
    }
}

#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn is_far(low: &[u16], high: &[u16], key: &[f32]) -> bool {
    let (mut outside, mut diagonal) = (0.0, 0.0);
    for ((low, high), x) in low.iter().zip(high).zip(key) {
        let (low, high) = (number(*low), number(*high));
        outside += square_outside(*x, low, high);
        diagonal += (high - low) * (high - low);
    }
    outside > diagonal
}

#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn grow(low: &mut [u16], high: &mut [u16], key: &[f32]) {
    for ((low, high), x) in low.iter_mut().zip(high).zip(key) {
        *low = at_most(lower(*x, number(*low)));
        *high = at_least(higher(*x, number(*high)));
    }
}

#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn unite(low: &mut [u16], high: &mut [u16], other_low: &[u16], other_high: &[u16]) {
    for (low, other) in low.iter_mut().zip(other_low) {
        *low = at_most(lower(number(*other), number(*low)));
    }
    for (high, other) in high.iter_mut().zip(other_high) {
        *high = at_least(higher(number(*other), number(*high)));
    }
}

/// [`Boxes::squared_distances`], for processors that have no kernel of their own.
#[multiversion(targets("x86_64+avx2"))]
pub(super) fn pair_distances(query: &[f32], corners: &[u16]) -> [f32; 2] {
    let (first, second) = corners.split_at(2 * query.len());
    add_halves(&[sum_squares(query, first), sum_squares(query, second)])
}

#[inline(always)]
fn sum_squares(query: &[f32], corners: &[u16]) -> [f32; LANES] {
    let (low, high) = corners.split_at(query.len());
    let (query, query_rest) = query.as_chunks::<LANES>();
    let (low, low_rest) = low.as_chunks::<LANES>();
    let (high, high_rest) = high.as_chunks::<LANES>();
    let mut sums = [0.0; LANES];
    for ((query, low), high) in query.iter().zip(low).zip(high) {
        sums = add_squares(query, low, high, sums);
    }
    let rest = query_rest.first_chunk::<HALF>();
    if let (Some(query), Some(low), Some(high)) =
        (rest, low_rest.first_chunk(), high_rest.first_chunk())
    {
        sums = add_squares(query, low, high, sums);
    }
    sums
}

/// Takes sums and gives them, so that they stay in a register meanwhile.
#[inline(always)]
fn add_squares<const N: usize>(
    query: &[f32; N],
    low: &[u16; N],
    high: &[u16; N],
    mut sums: [f32; LANES],
) -> [f32; LANES] {
    for lane in 0..N {
        sums[lane] += square_outside(query[lane], number(low[lane]), number(high[lane]));
    }
    sums
}

#[inline(always)]
fn square_outside(q: f32, low: f32, high: f32) -> f32 {
    let outside = higher(higher(low - q, q - high), 0.0);
    outside * outside
}
