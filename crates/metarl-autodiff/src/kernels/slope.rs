//! How non-linearities and their slopes act on slices: one pass each, compiled for several instruction
//! sets.

use multiversion::multiversion;

use crate::Scalar;
use crate::algebra::Activation;

/// `x ← f(x, y)`
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2"))]
pub(crate) fn combine<E: Scalar, F: Fn(E, E) -> E>(x: &mut [E], y: &[E], f: F) {
    for (x, y) in x.iter_mut().zip(y) {
        *x = f(*x, *y);
    }
}

/// `out ← f(x)`
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2"))]
pub(crate) fn mapped<E: Scalar, F: Fn(E) -> E>(out: &mut [E], x: &[E], f: F) {
    for (out, x) in out.iter_mut().zip(x) {
        *out = f(*x);
    }
}

/// `out ← f(x, y)`
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2"))]
pub(crate) fn combined<E: Scalar, F: Fn(E, E) -> E>(out: &mut [E], x: &[E], y: &[E], f: F) {
    for ((out, x), y) in out.iter_mut().zip(x).zip(y) {
        *out = f(*x, *y);
    }
}

/// Adds each row of a matrix to `to`.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2"))]
pub(crate) fn add_rows<E: Scalar>(to: &mut [E], matrix: &[E]) {
    let n = to.len();
    // Four at a time, one after the other: what they are added to is read and written once.
    let mut fours = matrix.chunks_exact(4 * n);
    for rows in &mut fours {
        let (first, last) = rows.split_at(2 * n);
        let pairs = first[..n].iter().zip(&first[n..]);
        let pairs = pairs.zip(last[..n].iter().zip(&last[n..]));
        for (to, ((a, b), (c, d))) in to.iter_mut().zip(pairs) {
            *to = *to + *a + *b + *c + *d;
        }
    }
    for row in fours.remainder().chunks_exact(n) {
        for (to, x) in to.iter_mut().zip(row) {
            *to += *x;
        }
    }
}

/// Adds the same row to each row of a matrix.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2"))]
fn add_to_rows<E: Scalar>(matrix: &mut [E], row: &[E]) {
    for to in matrix.chunks_exact_mut(row.len()) {
        for (to, x) in to.iter_mut().zip(row) {
            *to += *x;
        }
    }
}

/// `to ← to + g s c(y)` or, where `fresh`, without what was there; `g ← g f(y)`.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2"))]
fn bend<E: Scalar, F: Fn(E) -> E, C: Fn(E) -> E>(
    (to, fresh): (&mut [E], bool),
    g: &mut [E],
    (s, y): (&[E], &[E]),
    slope: F,
    curvature: C,
) {
    for (((to, g), s), y) in to.iter_mut().zip(g).zip(s).zip(y) {
        let part = *g * *s * curvature(*y);
        *to = if fresh { part } else { *to + part };
        *g *= slope(*y);
    }
}

/// Rows whose bias and non-linearity are done together, while they are in the nearest cache.
const ROWS: usize = 16;

impl Activation {
    /// `x ← φ(x)`
    pub(crate) fn apply<E: Scalar>(self, x: &mut [E]) {
        let zero = E::real(0.0);
        match self {
            Self::Identity => {}
            Self::Tanh => E::tanh_slice(x),
            Self::Sigmoid => E::sigmoid_slice(x),
            Self::Relu => x
                .iter_mut()
                .for_each(|x| *x = if *x > zero { *x } else { zero }),
        }
    }

    /// `x ← φ(x + b)` for each row.
    pub(crate) fn apply_with_bias<E: Scalar>(self, x: &mut [E], bias: &[E]) {
        for rows in x.chunks_mut(ROWS * bias.len().max(1)) {
            add_to_rows(rows, bias);
            self.apply(rows);
        }
    }

    /// `g ← g φ'`, with the slope told by the output `y = φ(x)`.
    pub(crate) fn multiply_slope<E: Scalar>(self, g: &mut [E], y: &[E]) {
        let (zero, one) = (E::real(0.0), E::ONE);
        match self {
            Self::Identity => {}
            Self::Tanh => combine(g, y, |g, y| g * (one - y * y)),
            Self::Sigmoid => combine(g, y, |g, y| g * (y * (one - y))),
            Self::Relu => combine(g, y, |g, y| if y > zero { g } else { zero }),
        }
    }

    /// `out ← s φ'`
    pub(crate) fn with_slope<E: Scalar>(self, out: &mut [E], s: &[E], y: &[E]) {
        let (zero, one) = (E::real(0.0), E::ONE);
        match self {
            Self::Identity => out.copy_from_slice(s),
            Self::Tanh => combined(out, s, y, |s, y| s * (one - y * y)),
            Self::Sigmoid => combined(out, s, y, |s, y| s * (y * (one - y))),
            Self::Relu => combined(out, s, y, |s, y| if y > zero { s } else { zero }),
        }
    }

    /// Whether the slope moves with the output.
    pub(crate) fn is_curved(self) -> bool {
        matches!(self, Self::Tanh | Self::Sigmoid)
    }

    /// Adds `g s ∂φ'/∂y`, how the slope moves with the output, to `to`, or writes it where that is
    /// `fresh`; then `g ← g φ'`.
    pub(crate) fn bend<E: Scalar>(self, to: (&mut [E], bool), g: &mut [E], s: &[E], y: &[E]) {
        let (one, two) = (E::ONE, E::ONE + E::ONE);
        match self {
            Self::Identity | Self::Relu => self.multiply_slope(g, y),
            Self::Tanh => bend(to, g, (s, y), |y| one - y * y, |y| -two * y),
            Self::Sigmoid => bend(to, g, (s, y), |y| y * (one - y), |y| one - two * y),
        }
    }
}
