//! Log-softmax of each row.

use dfdx::prelude::*;

use super::{close, numbers, open};
use crate::value::Value;
use crate::{Scalar, TapeHandle};

/// `yₖ = xₖ − m − ln Σⱼ exp(xⱼ − m)` with the row's maximum `m`; backward
/// `x̄ₖ += ȳₖ − exp(yₖ) Σⱼ ȳⱼ`.
pub(super) fn log_softmax<E: Scalar, T: TapeHandle<E, Cpu>, N: Dim, M: Dim>(
    x: Value<(N, M), E, Cpu, T>,
) -> Value<(N, M), E, Cpu, T> {
    let shape = *x.tensor.shape();
    let width = shape.1.size();
    let (mut x, input, tape) = open(x);
    let device = input.tensor.device().clone();
    let zero = E::real(0.0);
    for row in x.chunks_exact_mut(width) {
        let max = row
            .iter()
            .fold(row[0], |max, x| if *x > max { *x } else { max });
        let total = row.iter().fold(zero, |sum, x| sum + (*x - max).exp());
        let shift = max + total.ln();
        row.iter_mut().for_each(|x| *x -= shift);
    }
    close(&device, tape, x, shape, move |output, g, gradients| {
        let Some(to) = input.gradient(gradients)? else {
            return Ok(());
        };
        let y = numbers(&output);
        for ((to, g), y) in to
            .chunks_exact_mut(width)
            .zip(g.chunks_exact(width))
            .zip(y.chunks_exact(width))
        {
            let total = g.iter().fold(zero, |sum, g| sum + *g);
            for ((to, g), y) in to.iter_mut().zip(g).zip(y) {
                *to += *g - y.exp() * total;
            }
        }
        Ok(())
    })
}
