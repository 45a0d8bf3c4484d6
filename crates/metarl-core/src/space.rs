//! Sets of observations and actions whose sizes the compiler knows.

use std::fmt::Debug;
use std::ops::RangeInclusive;

use multiversion::multiversion;
use rand::{Rng as _, RngExt};
use serde::{Deserialize, Serialize};

use crate::Rng;

/// A set of observations or actions, and how its elements become numbers.
///
/// `WIDTH` is known at compile time, so a network that does not fit an environment does not
/// compile.
pub trait Space: Clone + Debug + Send + Sync {
    /// One element.
    type Element: Copy + Debug + PartialEq + Send + Sync + 'static;

    /// How many numbers [`encode`](Space::encode) writes.
    const WIDTH: usize;

    /// An element to fill fresh buffers with.
    fn zero(&self) -> Self::Element;

    /// Whether the element belongs to the space. NaN belongs to none.
    fn contains(&self, element: &Self::Element) -> bool;

    /// The set in words, for messages.
    fn describe(&self) -> String {
        format!("{self:?}")
    }

    /// Draws an element uniformly.
    fn sample(&self, rng: &mut Rng) -> Self::Element;

    /// Draws as many elements as there is room for, each as likely as in [`sample`](Space::sample)
    /// but not from the same numbers: many at once may cost less.
    fn sample_many(&self, rng: &mut Rng, elements: &mut [Self::Element]) {
        elements.fill_with(|| self.sample(rng));
    }

    /// Writes the element as `WIDTH` numbers: an index as one-hot, a vector as it is.
    ///
    /// # Panics
    ///
    /// When `out` is not `WIDTH` long.
    fn encode(element: &Self::Element, out: &mut [f32]);
}

/// An element of a space.
pub type Element<S> = <S as Space>::Element;

/// The indices `0 … N − 1`.
///
/// # Examples
///
/// ```
/// use metarl_core::{Discrete, Space};
///
/// let mut one_hot = [0.0; 3];
/// Discrete::<3>::encode(&1, &mut one_hot);
/// assert_eq!(one_hot, [0.0, 1.0, 0.0]);
/// assert!(!Discrete::<3>.contains(&3));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Discrete<const N: usize>;

impl<const N: usize> Space for Discrete<N> {
    type Element = usize;
    const WIDTH: usize = N;

    fn zero(&self) -> usize {
        0
    }

    fn contains(&self, element: &usize) -> bool {
        *element < N
    }

    fn describe(&self) -> String {
        format!("0 … {}", N.saturating_sub(1))
    }

    /// The high half of a product with 32 random bits: of no more than 2¹⁶ indices, none is likelier
    /// than another by more than one part in 2¹⁶.
    #[inline]
    fn sample(&self, rng: &mut Rng) -> usize {
        if N > 1 << 16 {
            return rng.random_range(0..N);
        }
        index::<N>(rng.next_u32())
    }

    /// A byte an index where a byte has as many ways to be each of them.
    fn sample_many(&self, rng: &mut Rng, elements: &mut [usize]) {
        if N > 1 << 16 {
            elements.fill_with(|| self.sample(rng));
            return;
        }
        if N > 256 || !N.is_power_of_two() {
            fill_with_words(rng, elements, index::<N>);
            return;
        }
        fill_with_bytes(rng, elements, N - 1);
    }

    fn encode(element: &usize, out: &mut [f32]) {
        assert_eq!(out.len(), N, "an encoding of {N} numbers");
        out.fill(0.0);
        out[*element] = 1.0;
    }
}

/// The one of `N` indices that 32 random bits choose.
fn index<const N: usize>(word: u32) -> usize {
    ((u64::from(word) * N as u64) >> 32) as usize
}

/// Makes each index of the bits of a random byte that the mask has.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
fn fill_with_bytes(rng: &mut Rng, indices: &mut [usize], mask: usize) {
    let mut bytes = [0; 64];
    for indices in indices.chunks_mut(bytes.len()) {
        let bytes = &mut bytes[..indices.len()];
        rng.fill_bytes(bytes);
        for (index, byte) in indices.iter_mut().zip(bytes) {
            *index = usize::from(*byte) & mask;
        }
    }
}

/// Makes each element of the next 32 random bits, of many at once.
fn fill_with_words<T>(rng: &mut Rng, elements: &mut [T], element: impl Fn(u32) -> T) {
    let mut words = [[0; 4]; 64];
    for elements in elements.chunks_mut(words.len()) {
        let words = &mut words[..elements.len()];
        rng.fill_bytes(words.as_flattened_mut());
        for (out, word) in elements.iter_mut().zip(words) {
            *out = element(u32::from_le_bytes(*word));
        }
    }
}

/// Vectors of `N` numbers, each between the same two bounds. `N = 0` is the space of environments
/// that show nothing, such as bandits.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(from = "Bounds", into = "Bounds")]
pub struct Continuous<const N: usize> {
    /// Smallest value of a coordinate; may be −∞.
    pub low: f32,
    /// Largest value of a coordinate; may be ∞.
    pub high: f32,
}

impl<const N: usize> Continuous<N> {
    /// All finite vectors.
    pub const UNBOUNDED: Self = Self {
        low: f32::NEG_INFINITY,
        high: f32::INFINITY,
    };

    /// Where coordinates are drawn from.
    fn sampled(&self) -> RangeInclusive<f32> {
        if self.low.is_finite() && self.high.is_finite() {
            self.low..=self.high
        } else {
            -1.0..=1.0
        }
    }
}

/// How bounds are written down: formats such as JSON have no infinity, so none is a missing one.
#[derive(Serialize, Deserialize)]
struct Bounds {
    low: Option<f32>,
    high: Option<f32>,
}

impl<const N: usize> From<Bounds> for Continuous<N> {
    fn from(bounds: Bounds) -> Self {
        Self {
            low: bounds.low.unwrap_or(f32::NEG_INFINITY),
            high: bounds.high.unwrap_or(f32::INFINITY),
        }
    }
}

impl<const N: usize> From<Continuous<N>> for Bounds {
    fn from(space: Continuous<N>) -> Self {
        let finite = |bound: f32| bound.is_finite().then_some(bound);
        Self {
            low: finite(space.low),
            high: finite(space.high),
        }
    }
}

impl<const N: usize> Space for Continuous<N> {
    type Element = [f32; N];
    const WIDTH: usize = N;

    fn zero(&self) -> [f32; N] {
        [0.0; N]
    }

    fn contains(&self, element: &[f32; N]) -> bool {
        element
            .iter()
            .all(|x| x.is_finite() && self.low <= *x && *x <= self.high)
    }

    fn describe(&self) -> String {
        let Self { low, high } = self;
        match (low.is_finite(), high.is_finite()) {
            (false, false) => format!("of {N} finite numbers"),
            _ => format!("of {N} numbers in [{low}, {high}]"),
        }
    }

    /// Uniform between the bounds; a coordinate without finite bounds is drawn from `[−1, 1]`.
    fn sample(&self, rng: &mut Rng) -> [f32; N] {
        let range = self.sampled();
        std::array::from_fn(|_| rng.random_range(range.clone()))
    }

    fn sample_many(&self, rng: &mut Rng, elements: &mut [[f32; N]]) {
        let (low, high) = self.sampled().into_inner();
        fill_with_words(rng, elements.as_flattened_mut(), |word| {
            // The number of 23 random bits in [1, 2).
            let number = f32::from_bits(1.0_f32.to_bits() | word >> 9);
            (number - 1.0) * (high - low) + low
        });
    }

    fn encode(element: &[f32; N], out: &mut [f32]) {
        out.copy_from_slice(element);
    }
}
