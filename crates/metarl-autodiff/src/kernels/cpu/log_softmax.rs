//! Log-softmax of each row.

use dfdx::prelude::*;

use super::node::{close, open};
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
    let mut y = Buffer::copy_of(&input.numbers);
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

fn sum<E: Scalar>(x: &[E]) -> E {
    x.iter().fold(E::real(0.0), |sum, x| sum + *x)
}
