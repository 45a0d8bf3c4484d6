//! Log-softmax of each row.

use dfdx::prelude::*;

use super::node::{close, close_all, open};
use crate::kernels::buffer::Buffer;
use crate::value::Value;
use crate::{Scalar, TapeHandle};

/// `yₖ = xₖ − m − ln Σⱼ exp(xⱼ − m)` with the row's maximum `m`; backward
/// `x̄ₖ += ȳₖ − exp(yₖ) Σⱼ ȳⱼ`.
pub(super) fn log_softmax<E: Scalar, T: TapeHandle<E, Cpu>, N: Dim, M: Dim>(
    x: Value<(N, M), E, Cpu, T>,
) -> Value<(N, M), E, Cpu, T> {
    let shape = x.shape;
    let width = shape.1.size();
    let (input, tape) = open(x);
    let y = normalize(&input.numbers, width);
    close(tape, y, shape, move |y, mut g, gradients| {
        let Some(to) = input.slot(gradients)? else {
            return Ok(());
        };
        let mut p = Buffer::copy_of(y);
        E::exp_slice(&mut p);
        for (g, p) in g.chunks_exact_mut(width).zip(p.chunks_exact(width)) {
            center(g, p);
        }
        to.give(g);
        Ok(())
    })
}

/// `ẏₖ = ẋₖ − Σⱼ pⱼ ẋⱼ` with `pₖ = exp yₖ`; backward `x̄ₖ += ȳₖ − pₖ Σⱼ (ȳⱼ + ẏₖ ẏ̄ⱼ)`,
/// `ẋ̄ₖ += ẏ̄ₖ − pₖ Σⱼ ẏ̄ⱼ`.
pub(super) fn log_softmax_dual<E: Scalar, T: TapeHandle<E, Cpu>, N: Dim, M: Dim>(
    x: Value<(N, M), E, Cpu, T>,
    dx: Value<(N, M), E, Cpu, T>,
) -> [Value<(N, M), E, Cpu, T>; 2] {
    let shape = x.shape;
    let width = shape.1.size();
    let (x, tape) = open(x);
    let (dx, dx_tape) = open(dx);
    let y = normalize(&x.numbers, width);
    let mut p = Buffer::copy_of(&y);
    E::exp_slice(&mut p);
    let mut dy = Buffer::copy_of(&dx.numbers);
    for (dy, p) in dy.chunks_exact_mut(width).zip(p.chunks_exact(width)) {
        let terms = p.iter().zip(&*dy);
        let mean = terms.fold(E::real(0.0), |sum, (p, dy)| sum + *p * *dy);
        dy.iter_mut().for_each(|dy| *dy -= mean);
    }
    let tape = tape.merge(dx_tape);
    close_all(tape, [y, dy], shape, move |[_, dy], given, gradients| {
        let zeros = |g: Option<Buffer<E>>| g.unwrap_or_else(|| Buffer::zeros(dy.len()));
        let [mut g, mut q] = given.map(zeros);
        let rows = g
            .chunks_exact_mut(width)
            .zip(q.chunks_exact_mut(width))
            .zip(p.chunks_exact(width))
            .zip(dy.chunks_exact(width));
        for (((g, q), p), dy) in rows {
            let total = sum(q);
            center(g, p);
            center(q, p);
            for ((g, p), dy) in g.iter_mut().zip(p).zip(dy) {
                *g -= *p * *dy * total;
            }
        }
        if let Some(to) = x.slot(gradients)? {
            to.give(g);
        }
        if let Some(to) = dx.slot(gradients)? {
            to.give(q);
        }
        Ok(())
    })
}

fn normalize<E: Scalar>(x: &[E], width: usize) -> Buffer<E> {
    let mut y = Buffer::copy_of(x);
    for row in y.chunks_exact_mut(width) {
        let max = row
            .iter()
            .fold(row[0], |max, x| if *x > max { *x } else { max });
        row.iter_mut().for_each(|x| *x -= max);
    }
    let mut exp = Buffer::copy_of(&y);
    E::exp_slice(&mut exp);
    for (row, exp) in y.chunks_exact_mut(width).zip(exp.chunks_exact(width)) {
        let shift = sum(exp).ln();
        row.iter_mut().for_each(|x| *x -= shift);
    }
    y
}

/// `gₖ ← gₖ − pₖ Σⱼ gⱼ`
fn center<E: Scalar>(g: &mut [E], p: &[E]) {
    let total = sum(g);
    for (g, p) in g.iter_mut().zip(p) {
        *g -= *p * total;
    }
}

fn sum<E: Scalar>(x: &[E]) -> E {
    x.iter().fold(E::real(0.0), |sum, x| sum + *x)
}
