//! Layer normalization of each row together with its derivative along a direction.

use dfdx::prelude::*;
use multiversion::multiversion;

use super::layer_norm::{add_products, normalize, stretch};
use super::node::{close_all, open};
use crate::kernels::buffer::Buffer;
use crate::kernels::reduce::{dot, sum};
use crate::kernels::slope::add_rows;
use crate::value::Value;
use crate::{Scalar, TapeHandle};

/// With `z` and `s` of [`layer_norm`](super::layer_norm::layer_norm) and
/// `P u = u − mean u − z mean(u ⊙ z)`:
///
/// ```text
/// ż = s P ẋ    ẏ = γ ⊙ ż + γ̇ ⊙ z + β̇
/// ```
///
/// Backward, with `q = ẏ̄`, `p = γ ⊙ q` and `h = γ ⊙ ȳ + γ̇ ⊙ q`:
///
/// ```text
/// ẋ̄ += s P p    γ̇̄ += Σ q ⊙ z    β̇̄ += Σ q    γ̄ += Σ ȳ ⊙ z + q ⊙ ż    β̄ += Σ ȳ
/// x̄ += s (P(h − s (mean(ẋ ⊙ z) p + mean(p ⊙ z) ẋ)) − z mean(p ⊙ ż))
/// ```
pub(super) fn layer_norm_dual<E: Scalar, T: TapeHandle<E, Cpu>, N: Dim, M: Dim>(
    (x, gain, bias): (
        Value<(N, M), E, Cpu, T>,
        Value<(M,), E, Cpu, T>,
        Value<(M,), E, Cpu, T>,
    ),
    (dx, dgain, dbias): (
        Value<(N, M), E, Cpu, T>,
        Value<(M,), E, Cpu, T>,
        Value<(M,), E, Cpu, T>,
    ),
    epsilon: f64,
) -> [Value<(N, M), E, Cpu, T>; 2] {
    let shape = x.shape;
    let (n, m) = (shape.0.size(), shape.1.size());
    let (x, x_tape) = open(x);
    let (gain, gain_tape) = open(gain);
    let (bias, bias_tape) = open(bias);
    let (dx, dx_tape) = open(dx);
    let (dgain, dgain_tape) = open(dgain);
    let (dbias, dbias_tape) = open(dbias);
    let widths = (gain.numbers.len(), bias.numbers.len());
    assert_eq!(widths, (m, m), "a gain and bias a column");
    let tape = [gain_tape, bias_tape, dx_tape, dgain_tape, dbias_tape]
        .into_iter()
        .fold(x_tape, T::merge);
    let mut z = Buffer::copy_of(&x.numbers);
    let mut scale = Buffer::stale(n);
    normalize(E::real(epsilon), &mut z, &mut scale);
    let mut y = Buffer::stale(n * m);
    stretch(&mut y, &z, &gain.numbers, &bias.numbers);
    let mut dz = Buffer::copy_of(&dx.numbers);
    project(&mut dz, &z, &scale);
    let mut dy = Buffer::stale(n * m);
    stretch(&mut dy, &z, &dgain.numbers, &dbias.numbers);
    for (dy, dz) in dy.chunks_exact_mut(m).zip(dz.chunks_exact(m)) {
        add_product(dy, dz, &gain.numbers);
    }
    close_all(tape, [y, dy], shape, move |_, given, adjoints| {
        let [g, q] = given.map(|given| given.unwrap_or_else(|| Buffer::zeros(n * m)));
        let (mut g, mut q) = (g, q);
        for (bias, g) in [(&bias, &g), (&dbias, &q)] {
            if let Some(mut to) = bias.slot(adjoints) {
                add_rows(to.entries(), g);
            }
        }
        if let Some(mut to) = gain.slot(adjoints) {
            add_products(to.entries(), &g, &z);
        }
        if let Some(mut to) = gain.slot(adjoints) {
            add_products(to.entries(), &q, &dz);
        }
        if let Some(mut to) = dgain.slot(adjoints) {
            add_products(to.entries(), &q, &z);
        }
        // h in place of g, p in place of q.
        for (g, q) in g.chunks_exact_mut(m).zip(q.chunks_exact_mut(m)) {
            multiply(g, &gain.numbers);
            add_product(g, q, &dgain.numbers);
            multiply(q, &gain.numbers);
        }
        bend(&mut g, &q, &dx.numbers, (&z, &dz), &scale);
        project(&mut q, &z, &scale);
        x.give(g, adjoints);
        dx.give(q, adjoints);
    })
}

/// `u ← s P u` for each row.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2"))]
fn project<E: Scalar>(u: &mut [E], z: &[E], scale: &[E]) {
    let m = (u.len() / scale.len().max(1)).max(1);
    let per_column = E::ONE / E::real(m as f64);
    let rows = u.chunks_exact_mut(m).zip(z.chunks_exact(m)).zip(scale);
    for ((u, z), scale) in rows {
        let mean = sum(u) * per_column;
        let along = dot(u, z) * per_column;
        for (u, z) in u.iter_mut().zip(z) {
            *u = *scale * (*u - mean - *z * along);
        }
    }
}

/// From `h` to the gradient of `x`, for each row.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2"))]
fn bend<E: Scalar>(h: &mut [E], p: &[E], dx: &[E], (z, dz): (&[E], &[E]), scale: &[E]) {
    let m = (h.len() / scale.len().max(1)).max(1);
    let per_column = E::ONE / E::real(m as f64);
    let mean = |x: E| x * per_column;
    let rows = h
        .chunks_exact_mut(m)
        .zip(p.chunks_exact(m))
        .zip(dx.chunks_exact(m))
        .zip(z.chunks_exact(m))
        .zip(dz.chunks_exact(m))
        .zip(scale);
    for (((((h, p), dx), z), dz), scale) in rows {
        let (moved, along) = (mean(dot(dx, z)), mean(dot(p, z)));
        for ((h, p), dx) in h.iter_mut().zip(p).zip(dx) {
            *h -= *scale * (moved * *p + along * *dx);
        }
        let (level, tilt) = (mean(sum(h)), mean(dot(h, z)) + mean(dot(p, dz)));
        for (h, z) in h.iter_mut().zip(z) {
            *h = *scale * (*h - level - *z * tilt);
        }
    }
}

/// `x ← x ⊙ y`
#[inline(always)]
fn multiply<E: Scalar>(x: &mut [E], y: &[E]) {
    x.iter_mut().zip(y).for_each(|(x, y)| *x *= *y);
}

/// `to ← to + x ⊙ y`
#[inline(always)]
fn add_product<E: Scalar>(to: &mut [E], x: &[E], y: &[E]) {
    for ((to, x), y) in to.iter_mut().zip(x).zip(y) {
        *to += *x * *y;
    }
}
