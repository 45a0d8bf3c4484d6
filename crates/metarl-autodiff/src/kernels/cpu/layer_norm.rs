//! Layer normalization of each row.

use dfdx::prelude::*;
use multiversion::multiversion;

use super::node::{close, open};
use crate::kernels::buffer::Buffer;
use crate::kernels::reduce::{dot, sum};
use crate::value::Value;
use crate::{Scalar, TapeHandle};

/// `z = s (x − μ)`, `s = 1 / √(σ² + ε)`, `y = γ ⊙ z + β`; backward, with `h = γ ⊙ ȳ`,
/// `x̄ += s (h − mean h − z mean(h ⊙ z))`, `γ̄ += Σ ȳ ⊙ z`, `β̄ += Σ ȳ`.
pub(super) fn layer_norm<E: Scalar, T: TapeHandle<E, Cpu>, N: Dim, M: Dim>(
    x: Value<(N, M), E, Cpu, T>,
    gain: Value<(M,), E, Cpu, T>,
    bias: Value<(M,), E, Cpu, T>,
    epsilon: f64,
) -> Value<(N, M), E, Cpu, T> {
    let shape = x.shape;
    let (n, m) = (shape.0.size(), shape.1.size());
    let (x, tape) = open(x);
    let (gain, gain_tape) = open(gain);
    let (bias, bias_tape) = open(bias);
    let widths = (gain.numbers.len(), bias.numbers.len());
    assert_eq!(widths, (m, m), "a gain and bias a column");
    let tape = tape.merge(gain_tape).merge(bias_tape);
    let mut z = Buffer::copy_of(&x.numbers);
    let mut scale = Buffer::stale(n);
    normalize(E::real(epsilon), &mut z, &mut scale);
    let mut y = Buffer::stale(n * m);
    stretch(&mut y, &z, &gain.numbers, &bias.numbers);
    close(tape, y, shape, move |_, mut g, adjoints| {
        if let Some(to) = bias.slot(adjoints) {
            to.add_rows(&g);
        }
        if let Some(mut to) = gain.slot(adjoints) {
            add_products(to.entries(), &g, &z);
        }
        if let Some(mut to) = x.slot(adjoints) {
            pull_back(&mut g, &z, &scale, &gain.numbers, to.entries());
        }
    })
}

/// Rows to mean 0 and variance 1: `x ← s (x − μ)`, and `s` for each row.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2"))]
pub(super) fn normalize<E: Scalar>(epsilon: E, x: &mut [E], scale: &mut [E]) {
    let m = (x.len() / scale.len().max(1)).max(1);
    let per_column = E::ONE / E::real(m as f64);
    for (x, scale) in x.chunks_exact_mut(m).zip(scale) {
        let mean = sum(x) * per_column;
        x.iter_mut().for_each(|x| *x -= mean);
        let variance = dot(x, x) * per_column;
        *scale = E::ONE / (variance + epsilon).sqrt();
        x.iter_mut().for_each(|x| *x *= *scale);
    }
}

/// `y ← γ ⊙ z + β` for each row.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2"))]
pub(super) fn stretch<E: Scalar>(y: &mut [E], z: &[E], gain: &[E], bias: &[E]) {
    let m = gain.len().max(1);
    for (y, z) in y.chunks_exact_mut(m).zip(z.chunks_exact(m)) {
        for (((y, z), gain), bias) in y.iter_mut().zip(z).zip(gain).zip(bias) {
            *y = *z * *gain + *bias;
        }
    }
}

/// `to ← to + Σ x ⊙ y` over rows.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2"))]
pub(super) fn add_products<E: Scalar>(to: &mut [E], x: &[E], y: &[E]) {
    let m = to.len().max(1);
    for (x, y) in x.chunks_exact(m).zip(y.chunks_exact(m)) {
        for ((to, x), y) in to.iter_mut().zip(x).zip(y) {
            *to += *x * *y;
        }
    }
}

/// `x̄ += s (h − mean h − z mean(h ⊙ z))`, with `h = γ ⊙ g` left in place of `g`.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2"))]
fn pull_back<E: Scalar>(g: &mut [E], z: &[E], scale: &[E], gain: &[E], to: &mut [E]) {
    let m = gain.len().max(1);
    let per_column = E::ONE / E::real(m as f64);
    let rows = g.chunks_exact_mut(m).zip(z.chunks_exact(m));
    for ((to, (h, z)), scale) in to.chunks_exact_mut(m).zip(rows).zip(scale) {
        h.iter_mut().zip(gain).for_each(|(h, gain)| *h *= *gain);
        let mean = sum(h) * per_column;
        let along = dot(h, z) * per_column;
        for ((to, h), z) in to.iter_mut().zip(h).zip(z) {
            *to += *scale * (*h - mean - *z * along);
        }
    }
}
