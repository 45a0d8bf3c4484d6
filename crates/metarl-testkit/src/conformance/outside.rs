//! Elements that do not belong to a space.

use metarl_core::{Continuous, Discrete, Space};

/// A space that can name elements it does not contain, for probing what an environment refuses.
///
/// Implement it for an action space of your own to run [`check`](super::check).
pub trait Outside: Space {
    /// Elements for which [`contains`](Space::contains) is false.
    fn outside(&self) -> Vec<Self::Element>;
}

impl<const N: usize> Outside for Discrete<N> {
    fn outside(&self) -> Vec<usize> {
        vec![N, usize::MAX]
    }
}

impl<const N: usize> Outside for Continuous<N> {
    /// One bad coordinate at a time: NaN, the infinities, and beyond each finite bound.
    fn outside(&self) -> Vec<[f32; N]> {
        let beyond = [
            f32::NAN,
            f32::INFINITY,
            f32::NEG_INFINITY,
            self.high + 1.0,
            self.low - 1.0,
        ];
        let inside = if self.low.is_finite() { self.low } else { 0.0 };
        (0..N)
            .flat_map(|i| {
                beyond.map(|x| {
                    let mut element = [inside; N];
                    element[i] = x;
                    element
                })
            })
            .collect()
    }
}
