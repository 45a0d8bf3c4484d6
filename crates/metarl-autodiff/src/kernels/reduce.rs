//! Sums and maxima of slices in sixteen partial results, which fill vector registers. Their order is
//! fixed, so every instruction set gives the same bits.

use crate::Scalar;

const N_PARTS: usize = 16;

/// Folds the numbers into sixteen parts and the parts into one.
#[inline(always)]
fn reduce<E: Scalar>(x: &[E], start: E, combine: impl Fn(E, E) -> E) -> E {
    let mut parts = [start; N_PARTS];
    let mut chunks = x.chunks_exact(N_PARTS);
    for chunk in &mut chunks {
        for (part, x) in parts.iter_mut().zip(chunk) {
            *part = combine(*part, *x);
        }
    }
    for (part, x) in parts.iter_mut().zip(chunks.remainder()) {
        *part = combine(*part, *x);
    }
    parts.into_iter().fold(start, combine)
}

/// `Σ xᵢ`
#[inline(always)]
pub(crate) fn sum<E: Scalar>(x: &[E]) -> E {
    reduce(x, E::real(0.0), |sum, x| sum + x)
}

/// `max xᵢ`; NaN is not the largest.
#[inline(always)]
pub(crate) fn max<E: Scalar>(x: &[E]) -> E {
    let larger = |max, x| if x > max { x } else { max };
    reduce(x, E::real(f64::NEG_INFINITY), larger)
}

/// `Σ xᵢ yᵢ`
#[inline(always)]
pub(crate) fn dot<E: Scalar>(x: &[E], y: &[E]) -> E {
    let mut parts = [E::real(0.0); N_PARTS];
    let (mut xs, mut ys) = (x.chunks_exact(N_PARTS), y.chunks_exact(N_PARTS));
    for (x, y) in (&mut xs).zip(&mut ys) {
        for ((part, x), y) in parts.iter_mut().zip(x).zip(y) {
            *part += *x * *y;
        }
    }
    let rest = xs.remainder().iter().zip(ys.remainder());
    for (part, (x, y)) in parts.iter_mut().zip(rest) {
        *part += *x * *y;
    }
    sum(&parts)
}
