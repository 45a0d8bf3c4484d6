//! Functions of one number and of two, applied element by element, with their slopes.

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
    /// `x ← f(x)`
    pub(crate) fn apply<E: Scalar>(self, x: &mut [E]) {
        let each = |x: &mut [E], f: &dyn Fn(E) -> E| x.iter_mut().for_each(|x| *x = f(*x));
        match self {
            Self::Scale(c) => {
                let c = E::real(c);
                x.iter_mut().for_each(|x| *x *= c);
            }
            Self::Shift(c) => {
                let c = E::real(c);
                x.iter_mut().for_each(|x| *x += c);
            }
            Self::Exp => E::exp_slice(x),
            Self::Ln => each(x, &E::ln),
            Self::Recip => x.iter_mut().for_each(|x| *x = E::ONE / *x),
            Self::Sqrt => x.iter_mut().for_each(|x| *x = x.sqrt()),
            Self::Square => x.iter_mut().for_each(|x| *x *= *x),
            Self::Activate(activation) => activation.apply(x),
            Self::Clamp(low, high) => {
                let (low, high) = (E::real(low), E::real(high));
                x.iter_mut().for_each(|x| *x = clamp(*x, low, high));
            }
        }
    }

    /// `g ← g f'(x)`, where `y = f(x)`.
    pub(crate) fn multiply_slope<E: Scalar>(self, g: &mut [E], x: &[E], y: &[E]) {
        match self {
            Self::Scale(c) => {
                let c = E::real(c);
                g.iter_mut().for_each(|g| *g *= c);
            }
            Self::Shift(_) => {}
            Self::Exp => zip(g, y, |g, y| *g *= y),
            Self::Ln => zip(g, x, |g, x| *g /= x),
            Self::Recip => zip(g, y, |g, y| *g *= -(y * y)),
            Self::Sqrt => zip(g, y, |g, y| *g *= E::real(0.5) / y),
            Self::Square => zip(g, x, |g, x| *g *= x + x),
            Self::Activate(activation) => activation.multiply_slope(g, y),
            Self::Clamp(low, high) => {
                let (low, high) = (E::real(low), E::real(high));
                zip(g, x, |g, x| {
                    if !(x >= low && x <= high) {
                        *g = E::real(0.0);
                    }
                });
            }
        }
    }
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

fn zip<E: Scalar>(g: &mut [E], with: &[E], f: impl Fn(&mut E, E)) {
    for (g, with) in g.iter_mut().zip(with) {
        f(g, *with);
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
