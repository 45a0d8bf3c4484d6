//! Convolutions together with their derivative along a direction: windows are copied once for both.

use dfdx::prelude::*;

use super::convolution::Blocks;
use super::node::{close_all, open};
use crate::algebra::Activation;
use crate::kernels::buffer::Buffer;
use crate::kernels::product::{Matrix, product};
use crate::kernels::slope::add_rows;
use crate::value::Value;
use crate::{Scalar, TapeHandle, Windows};

type Rows<E, T> = Value<(usize, usize), E, Cpu, T>;
type Bias<E, T> = Value<(usize,), E, Cpu, T>;

/// `y = φ(X W + b)`, `ẏ = φ'(y) ⊙ s`, `s = Ẋ W + X Ẇ + ḃ`, with the windows `X` of `x` and `Ẋ` of `ẋ`;
/// backward `v = ẏ̄ φ'`, `u = (ȳ + ẏ̄ s ∂φ'/∂y) φ'`, `W̄ += Xᵀ u + Ẋᵀ v`, `b̄ += Σ u`, `Ẇ̄ += Xᵀ v`,
/// `ḃ̄ += Σ v`, `x̄ += fold(u Wᵀ + v Ẇᵀ)`, `ẋ̄ += fold(v Wᵀ)`.
pub(super) fn convolution_dual<E: Scalar, T: TapeHandle<E, Cpu>>(
    (x, weight, bias): (Rows<E, T>, Rows<E, T>, Bias<E, T>),
    (dx, dw, db): (Option<Rows<E, T>>, Rows<E, T>, Bias<E, T>),
    windows: &Windows,
    activation: Activation,
) -> [Rows<E, T>; 2] {
    let (n, inputs) = x.shape;
    let (width, outputs) = weight.shape;
    assert_eq!(inputs, windows.n_inputs(), "numbers in a row of windows");
    assert_eq!(width, windows.width(), "numbers in a window");
    let shape = (n * windows.n_positions(), outputs);
    let (x, x_tape) = open(x);
    let (w, w_tape) = open(weight);
    let (b, b_tape) = open(bias);
    let (dx, dx_tape) = dx.map(open).unzip();
    let (dw, dw_tape) = open(dw);
    let (db, db_tape) = open(db);
    let tape = [
        w_tape,
        b_tape,
        dx_tape.unwrap_or_default(),
        dw_tape,
        db_tape,
    ]
    .into_iter()
    .fold(x_tape, T::merge);
    let blocks = Blocks::new(windows.clone(), outputs);
    let mut patches = blocks.patches(n);
    let (mut y, mut s) = (
        Buffer::stale(shape.0 * outputs),
        Buffer::stale(shape.0 * outputs),
    );
    let by_block = y
        .chunks_mut(blocks.outputs)
        .zip(s.chunks_mut(blocks.outputs));
    for (k, (y, s)) in by_block.enumerate() {
        let weight = Matrix::new(&w.numbers, width, outputs);
        let windows = blocks.unfold(blocks.row(&x.numbers, k), &mut patches);
        product(y, windows, weight, false);
        product(s, windows, Matrix::new(&dw.numbers, width, outputs), false);
        if let Some(dx) = &dx {
            let windows = blocks.unfold(blocks.row(&dx.numbers, k), &mut patches);
            product(s, windows, weight, true);
        }
        activation.apply_with_bias(y, &b.numbers);
        Activation::Identity.apply_with_bias(s, &db.numbers);
    }
    let mut dy = Buffer::stale(shape.0 * outputs);
    activation.with_slope(&mut dy, &s, &y);
    close_all(tape, [y, dy], shape, move |[y, _], given, adjoints| {
        let zeros = |g: Option<Buffer<E>>| g.unwrap_or_else(|| Buffer::zeros(y.len()));
        let [mut u, mut v] = given.map(zeros);
        if activation.is_curved() {
            activation.bend((&mut u, false), &mut v, &s, y);
        } else {
            activation.multiply_slope(&mut v, y);
        }
        activation.multiply_slope(&mut u, y);
        for (bias, u) in [(&b, &u), (&db, &v)] {
            if let Some(mut to) = bias.slot(adjoints) {
                add_rows(to.entries(), u);
            }
        }
        let weight = Matrix::new(&w.numbers, width, outputs);
        let dweight = Matrix::new(&dw.numbers, width, outputs);
        let by_block = || {
            (u.chunks(blocks.outputs).zip(v.chunks(blocks.outputs))).map(|uv| {
                let n = uv.0.len() / outputs;
                (Matrix::new(uv.0, n, outputs), Matrix::new(uv.1, n, outputs))
            })
        };
        if let Some(mut to) = w.slot(adjoints) {
            let to = to.entries();
            for (k, (u, v)) in by_block().enumerate() {
                let windows = blocks.unfold(blocks.row(&x.numbers, k), &mut patches);
                product(to, windows.t(), u, true);
                if let Some(dx) = &dx {
                    let windows = blocks.unfold(blocks.row(&dx.numbers, k), &mut patches);
                    product(to, windows.t(), v, true);
                }
            }
        }
        if let Some(mut to) = dw.slot(adjoints) {
            let to = to.entries();
            for (k, (_, v)) in by_block().enumerate() {
                let windows = blocks.unfold(blocks.row(&x.numbers, k), &mut patches);
                product(to, windows.t(), v, true);
            }
        }
        if let Some(mut to) = x.slot(adjoints) {
            for (to, (u, v)) in to.entries().chunks_mut(blocks.inputs).zip(by_block()) {
                let patches = &mut patches[..u.rows() * width];
                product(patches, u, weight.t(), false);
                product(patches, v, dweight.t(), true);
                blocks.windows.fold(patches, to);
            }
        }
        if let Some(dx) = &dx
            && let Some(mut to) = dx.slot(adjoints)
        {
            for (to, (_, v)) in to.entries().chunks_mut(blocks.inputs).zip(by_block()) {
                let patches = &mut patches[..v.rows() * width];
                product(patches, v, weight.t(), false);
                blocks.windows.fold(patches, to);
            }
        }
    })
}
