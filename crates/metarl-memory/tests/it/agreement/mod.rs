//! Whatever happens to the keys, a look-up gives what sorting all of them gives, to the last bit.

mod cases;
mod properties;

use metarl_memory::Neighbor;

/// Numbers that keys are made of: each kind has broken some tree.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Spread,
    /// Few different keys, zeros of both signs, one coordinate that is constant.
    Repeating,
    /// Squares overflow.
    Huge,
    /// Squares vanish.
    Tiny,
    /// Magnitudes side by side that have no common unit.
    Mixed,
}

/// A stream of bits of its own, so that a failure shrinks to a seed.
pub(super) struct Bits(pub(super) u64);

impl Bits {
    pub(super) fn next(&mut self) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(super) fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    /// In `[−1, 1)`.
    pub(super) fn number(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1 << 23) as f32 - 1.0
    }

    pub(super) fn key(&mut self, kind: Kind, dimension: usize) -> Vec<f32> {
        (0..dimension)
            .map(|j| {
                let x = self.number();
                match kind {
                    Kind::Spread => x,
                    Kind::Repeating if j == 0 => 4.0,
                    Kind::Repeating => [-0.0, 0.0, 1.0, -2.0][self.below(4)],
                    Kind::Huge => x * f32::MAX,
                    Kind::Tiny => x * 1e-30,
                    Kind::Mixed => x * 10_f32.powi(self.below(40) as i32 - 20),
                }
            })
            .collect()
    }
}

/// Neighbors, to the last bit.
pub(super) fn bits_of(found: &[Neighbor]) -> Vec<(usize, u32)> {
    found
        .iter()
        .map(|neighbor| (neighbor.slot, neighbor.squared_distance.to_bits()))
        .collect()
}
