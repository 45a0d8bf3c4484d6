//! Either precision.

use std::f64::consts::PI;
use std::fmt::Debug;
use std::hint::black_box;

use num_traits::Float;

/// Numbers the physics is computed in: `f32` where many lanes run, `f64` in the reference mode.
///
/// What `f64` does is what Gymnasium does, bit for bit; what `f32` does is free of branches and calls,
/// so that a loop over lanes becomes vector instructions.
pub trait Real: Float + Debug + Send + Sync + 'static {
    /// The nearest number.
    fn of(x: f64) -> Self;

    /// As a double.
    fn double(self) -> f64;

    /// `x²` as NumPy computes `x ** 2` of a scalar: in double precision by the C library's `pow`,
    /// whose last bit may differ from that of `x · x`.
    fn squared(self) -> Self;

    /// `x / d`, where the caller may have `1 / d` at hand: single precision multiplies by it.
    fn over(self, divisor: Self, reciprocal: Self) -> Self;

    /// `(sin x, cos x)`; in single precision within 8e-8 of them for `|x| ≤ 1000`.
    fn sine_cosine(self) -> (Self, Self);

    /// What is left of it after whole multiples of a positive divisor, in `[0, divisor)` up to
    /// rounding.
    fn modulo(self, divisor: Self) -> Self;

    /// The angle in `[−π, π]`, by whole turns.
    fn wrap(self) -> Self;
}

impl Real for f32 {
    #[inline(always)]
    fn of(x: f64) -> Self {
        x as Self
    }

    #[inline(always)]
    fn double(self) -> f64 {
        f64::from(self)
    }

    #[inline(always)]
    fn squared(self) -> Self {
        self * self
    }

    #[inline(always)]
    fn over(self, _: Self, reciprocal: Self) -> Self {
        self * reciprocal
    }

    /// Quarter turns are taken off in three parts (Cody and Waite), and the rest, in `[−π/4, π/4]`, goes
    /// into the minimax polynomials of the Cephes library.
    #[inline(always)]
    fn sine_cosine(self) -> (Self, Self) {
        // Adding it rounds to the nearest integer, which the low bits then hold.
        const INTEGER: f32 = 12_582_912.0;
        let shifted = self * std::f32::consts::FRAC_2_PI + INTEGER;
        let quarter = shifted.to_bits();
        let quarters = shifted - INTEGER;
        let x = self - quarters * 1.570_312_5;
        let x = x - quarters * 4.837_513e-4;
        let x = x - quarters * 7.549_79e-8;

        let s = x * x;
        let sin = -1.951_529_6e-4 * s + 8.332_161e-3;
        let sin = sin * s - 1.666_665_5e-1;
        let sin = sin * s * x + x;
        let cos = 2.443_315_7e-5 * s - 1.388_731_6e-3;
        let cos = cos * s + 4.166_664_6e-2;
        let cos = cos * s * s - 0.5 * s + 1.0;

        let is_odd = quarter & 1 != 0;
        let (sin, cos) = if is_odd { (cos, sin) } else { (sin, cos) };
        let signed = |x: f32, negative: u32| Self::from_bits(x.to_bits() ^ (negative << 30));
        (
            signed(sin, quarter & 2),
            signed(cos, quarter.wrapping_add(1) & 2),
        )
    }

    #[inline(always)]
    fn modulo(self, divisor: Self) -> Self {
        self - (self / divisor).floor() * divisor
    }

    #[inline(always)]
    fn wrap(self) -> Self {
        let (half_turn, turn) = (PI as Self, (2.0 * PI) as Self);
        let inside = self.abs() <= half_turn;
        let wrapped = (self + half_turn).modulo(turn) - half_turn;
        if inside { self } else { wrapped }
    }
}

impl Real for f64 {
    fn of(x: f64) -> Self {
        x
    }

    fn double(self) -> f64 {
        self
    }

    fn squared(self) -> Self {
        self.powf(black_box(2.0))
    }

    fn over(self, divisor: Self, _: Self) -> Self {
        self / divisor
    }

    fn sine_cosine(self) -> (Self, Self) {
        (self.sin(), self.cos())
    }

    /// Python's `%`.
    fn modulo(self, divisor: Self) -> Self {
        let rest = self % divisor;
        if rest < 0.0 { rest + divisor } else { rest }
    }

    /// One turn after the other, of which there are few in any physics worth learning; at once where
    /// there are many.
    fn wrap(self) -> Self {
        let turn = 2.0 * PI;
        let many = self.abs() > 200.0;
        let mut angle = if many { self % turn } else { self };
        while angle > PI {
            angle -= turn;
        }
        while angle < -PI {
            angle += turn;
        }
        angle
    }
}
