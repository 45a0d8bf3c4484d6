//! The two kinds of numbers.

use std::ops::{Add, Mul, Sub};

/// `f32` or `f64`; no other type can implement it.
pub trait Float:
    sealed::Sealed
    + Copy
    + PartialOrd
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Send
    + Sync
    + 'static
{
    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;

    /// The smaller of two; NaN when `self` is.
    #[must_use]
    fn min(self, other: Self) -> Self;

    /// `a` where the condition holds, else `b`: what is not chosen may be NaN. By bits and without a
    /// branch, so that a loop over lanes becomes vector instructions.
    #[must_use]
    fn select(condition: bool, a: Self, b: Self) -> Self;

    /// In double precision.
    #[must_use]
    fn to_f64(self) -> f64;

    /// Rounded from double precision.
    #[must_use]
    fn from_f64(x: f64) -> Self;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

impl Float for f32 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;

    #[inline]
    fn min(self, other: Self) -> Self {
        if other < self { other } else { self }
    }

    #[inline]
    fn select(condition: bool, a: Self, b: Self) -> Self {
        let mask = u32::from(condition).wrapping_neg();
        Self::from_bits((a.to_bits() & mask) | (b.to_bits() & !mask))
    }

    fn to_f64(self) -> f64 {
        f64::from(self)
    }

    fn from_f64(x: f64) -> Self {
        x as Self
    }
}

impl Float for f64 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;

    #[inline]
    fn min(self, other: Self) -> Self {
        if other < self { other } else { self }
    }

    #[inline]
    fn select(condition: bool, a: Self, b: Self) -> Self {
        let mask = u64::from(condition).wrapping_neg();
        Self::from_bits((a.to_bits() & mask) | (b.to_bits() & !mask))
    }

    fn to_f64(self) -> f64 {
        self
    }

    fn from_f64(x: f64) -> Self {
        x
    }
}
