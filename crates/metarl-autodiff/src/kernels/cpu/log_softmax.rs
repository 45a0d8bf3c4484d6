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
    let y = of_rows(&input.numbers, width);
    close(tape, y, shape, move |y, mut g, adjoints| {
        let Some(to) = input.slot(adjoints) else {
            return;
        };
        let mut p = Buffer::copy_of(y);
        E::exp_slice(&mut p);
        for (g, p) in g.chunks_exact_mut(width).zip(p.chunks_exact(width)) {
            let total = sum(g);
            for (g, p) in g.iter_mut().zip(p) {
                *g -= *p * total;
            }
        }
        to.give(g);
    })
}

/// With `p = exp y` and `m = Σⱼ pⱼ ẋⱼ`, `ẏₖ = ẋₖ − m`. Backward, with `u = ẏ̄` and `U = Σⱼ uⱼ`:
///
/// ```text
/// ẋ̄ₖ += uₖ − pₖ U    x̄ₖ += ȳₖ − pₖ (Σⱼ ȳⱼ + U ẏₖ)
/// ```
pub(super) fn log_softmax_dual<E: Scalar, T: TapeHandle<E, Cpu>, N: Dim, M: Dim>(
    x: Value<(N, M), E, Cpu, T>,
    dx: Value<(N, M), E, Cpu, T>,
) -> [Value<(N, M), E, Cpu, T>; 2] {
    let shape = x.shape;
    let width = shape.1.size();
    let (x, tape) = open(x);
    let (dx, dx_tape) = open(dx);
    let y = of_rows(&x.numbers, width);
    let mut p = Buffer::copy_of(&y);
    E::exp_slice(&mut p);
    let mut dy = Buffer::copy_of(&dx.numbers);
    for (dy, p) in dy.chunks_exact_mut(width).zip(p.chunks_exact(width)) {
        let mean = dot(dy, p);
        dy.iter_mut().for_each(|dy| *dy -= mean);
    }
    let results = [y, dy];
    close_all(
        tape.merge(dx_tape),
        results,
        shape,
        move |[_, dy], given, adjoints| {
            let n = p.len();
            let [mut g, mut u] = given.map(|given| given.unwrap_or_else(|| Buffer::zeros(n)));
            for (row, p) in p.chunks_exact(width).enumerate() {
                let row = row * width..(row + 1) * width;
                let (g, u, dy) = (&mut g[row.clone()], &mut u[row.clone()], &dy[row]);
                let totals = (sum(g), sum(u));
                for (k, p) in p.iter().enumerate() {
                    g[k] -= *p * (totals.0 + totals.1 * dy[k]);
                    u[k] -= *p * totals.1;
                }
            }
            for (input, gradient) in [(x, g), (dx, u)] {
                input.give(gradient, adjoints);
            }
        },
    )
}

/// The logarithms of the softmax of each row.
fn of_rows<E: Scalar>(x: &[E], width: usize) -> Buffer<E> {
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

fn dot<E: Scalar>(x: &[E], y: &[E]) -> E {
    let products = x.iter().zip(y);
    products.fold(E::real(0.0), |sum, (x, y)| sum + *x * *y)
}

fn sum<E: Scalar>(x: &[E]) -> E {
    x.iter().fold(E::real(0.0), |sum, x| sum + *x)
}
