//! Functions of one number and of two, applied element by element, with their slopes.

use super::buffer::Buffer;
use super::slope::{combine, combined, mapped};
use crate::Scalar;
use crate::algebra::Activation;

/// A function of one number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Unary {
    /// `c x`
    Scale(f64),
    /// `x + c`
    Shift(f64),
    /// `eˣ`
    Exp,
    /// `ln x`
    Ln,
    /// `1 / x`
    Recip,
    /// `√x`
    Sqrt,
    /// `x²`
    Square,
    /// A non-linearity between layers.
    Activate(Activation),
    /// `min(max(x, low), high)`
    Clamp(f64, f64),
}

impl Unary {
    /// `f(x)`
    pub(crate) fn of<E: Scalar>(self, x: &[E]) -> Buffer<E> {
        let real = E::real;
        match self {
            Self::Scale(c) => map(x, |x| x * real(c)),
            Self::Shift(c) => map(x, |x| x + real(c)),
            Self::Exp => changed(x, E::exp_slice),
            Self::Ln => map(x, E::ln),
            Self::Recip => map(x, |x| E::ONE / x),
            Self::Sqrt => map(x, E::sqrt),
            Self::Square => map(x, |x| x * x),
            Self::Activate(activation) => changed(x, |y| activation.apply(y)),
            Self::Clamp(low, high) => map(x, |x| clamp(x, real(low), real(high))),
        }
    }

    /// `g ← g f'(x)`, where `y = f(x)`.
    pub(crate) fn multiply_slope<E: Scalar>(self, g: &mut [E], x: &[E], y: &[E]) {
        let real = E::real;
        match self {
            Self::Scale(c) => g.iter_mut().for_each(|g| *g *= real(c)),
            Self::Shift(_) => {}
            Self::Exp => combine(g, y, |g, y| g * y),
            Self::Ln => combine(g, x, |g, x| g / x),
            Self::Recip => combine(g, y, |g, y| -(g * y * y)),
            Self::Sqrt => combine(g, y, |g, y| g * (real(0.5) / y)),
            Self::Square => combine(g, x, |g, x| g * (x + x)),
            Self::Activate(activation) => activation.multiply_slope(g, y),
            Self::Clamp(low, high) => combine(g, x, |g, x| {
                let inside = x >= real(low) && x <= real(high);
                if inside { g } else { real(0.0) }
            }),
        }
    }
}

fn map<E: Scalar>(x: &[E], f: impl Fn(E) -> E) -> Buffer<E> {
    let mut y = Buffer::stale(x.len());
    mapped(&mut y, x, f);
    y
}

/// For functions that change numbers where they are.
fn changed<E: Scalar>(x: &[E], f: impl FnOnce(&mut [E])) -> Buffer<E> {
    let mut y = Buffer::copy_of(x);
    f(&mut y);
    y
}

/// A NaN stays one.
fn clamp<E: Scalar>(x: E, low: E, high: E) -> E {
    if x < low {
        low
    } else if x > high {
        high
    } else {
        x
    }
}

/// A function of two numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binary {
    /// `x + y`
    Add,
    /// `x − y`
    Sub,
    /// `x y`
    Mul,
}

impl Binary {
    /// `f(x, y)`
    pub(crate) fn of<E: Scalar>(self, x: &[E], y: &[E]) -> Buffer<E> {
        let mut out = Buffer::stale(x.len());
        match self {
            Self::Add => combined(&mut out, x, y, |x, y| x + y),
            Self::Sub => combined(&mut out, x, y, |x, y| x - y),
            Self::Mul => combined(&mut out, x, y, |x, y| x * y),
        }
        out
    }
}
