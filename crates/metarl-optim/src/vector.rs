//! Sums and products of flat vectors.

use metarl_autodiff::{Buffer, Scalar};

/// `⟨x, y⟩`, added up in `f64`: a meta-gradient's line search compares small differences.
pub fn dot<E: Scalar>(x: &[E], y: &[E]) -> f64 {
    x.iter()
        .zip(y)
        .map(|(x, y)| x.into_f64() * y.into_f64())
        .sum()
}

/// `y ← y + a x`
pub fn axpy<E: Scalar>(a: f64, x: &[E], y: &mut [E]) {
    let a = E::real(a);
    for (y, x) in y.iter_mut().zip(x) {
        *y += a * *x;
    }
}

/// The mean of vectors, in their order.
///
/// # Panics
///
/// When there is none: a mean of nothing is not a vector.
pub fn mean<'a, E: Scalar>(vectors: impl ExactSizeIterator<Item = &'a [E]>) -> Buffer<E> {
    let share = E::real(1.0 / vectors.len() as f64);
    let mut vectors = vectors;
    let Some(first) = vectors.next() else {
        panic!("a mean of at least one vector");
    };
    let mut mean = Buffer::copy_of(first);
    for vector in vectors {
        axpy(1.0, vector, &mut mean);
    }
    mean.iter_mut().for_each(|x| *x *= share);
    mean
}
