//! A dense layer with its activation, and the derivative of one along a direction.

use dfdx::prelude::*;

use super::node::{close, open};
use crate::algebra::Activation;
use crate::kernels::buffer::Buffer;
use crate::kernels::product::{Matrix, product};
use crate::value::Value;
use crate::{Scalar, TapeHandle};

/// `x W + b`
pub(super) fn affine<E: Scalar>(x: Matrix<'_, E>, w: Matrix<'_, E>, bias: &[E]) -> Buffer<E> {
    let mut y = Buffer::stale(x.rows() * bias.len());
    product(&mut y, x, w, false);
    Activation::Identity.apply_with_bias(&mut y, bias);
    y
}

/// `y = φ(x W + b)`; backward `u = ȳ φ'`, `W̄ += xᵀ u`, `b̄ += Σ u`, `x̄ += u Wᵀ`.
pub(super) fn dense<E: Scalar, T: TapeHandle<E, Cpu>, N: Dim, I: Dim, O: Dim>(
    x: Value<(N, I), E, Cpu, T>,
    weight: Value<(I, O), E, Cpu, T>,
    bias: Value<(O,), E, Cpu, T>,
    activation: Activation,
) -> Value<(N, O), E, Cpu, T> {
    let ((n_dim, i_dim), (w_in, o_dim)) = (x.shape, weight.shape);
    let (n, i, o) = (n_dim.size(), i_dim.size(), o_dim.size());
    assert_eq!(i, w_in.size(), "inputs of a dense layer");
    let (x, tape) = open(x);
    let (w, w_tape) = open(weight);
    let (b, b_tape) = open(bias);
    let tape = tape.merge(w_tape).merge(b_tape);
    let y = tape.once().numbers(|| {
        let mut y = Buffer::stale(n * o);
        let rhs = Matrix::new(&w.numbers, i, o);
        product(&mut y, Matrix::new(&x.numbers, n, i), rhs, false);
        activation.apply_with_bias(&mut y, &b.numbers);
        y
    });
    close(tape, y, (n_dim, o_dim), move |y, mut g, adjoints| {
        activation.multiply_slope(&mut g, y);
        if let Some(to) = b.slot(adjoints) {
            to.add_rows(&g);
        }
        let u = Matrix::new(&g, n, o);
        if let Some(to) = w.slot(adjoints) {
            to.add_product(Matrix::new(&x.numbers, n, i).t(), u);
        }
        if let Some(to) = x.slot(adjoints) {
            to.add_product(u, Matrix::new(&w.numbers, i, o).t());
        }
    })
}

/// `ẏ = φ'(y) ⊙ s`, `s = ẋ W + x Ẇ + ḃ`; backward `u = g φ'`, `ẋ̄ += u Wᵀ`, `W̄ += ẋᵀ u`,
/// `x̄ += u Ẇᵀ`, `ȳ += g s ∂φ'/∂y`; where the weights are computed and `Ẇ`, `ḃ` depend on variables
/// themselves, `Ẇ̄ += xᵀ u`, `ḃ̄ += Σ u`.
pub(super) fn dense_tangent<E: Scalar, T: TapeHandle<E, Cpu>, N: Dim, I: Dim, O: Dim>(
    x: Value<(N, I), E, Cpu, T>,
    dx: Option<Value<(N, I), E, Cpu, T>>,
    weight: Value<(I, O), E, Cpu, T>,
    (dw, db): (Value<(I, O), E, Cpu, T>, Value<(O,), E, Cpu, T>),
    output: Value<(N, O), E, Cpu, T>,
    activation: Activation,
) -> Value<(N, O), E, Cpu, T> {
    let ((n_dim, i_dim), (_, o_dim)) = (x.shape, weight.shape);
    let (n, i, o) = (n_dim.size(), i_dim.size(), o_dim.size());
    let (x, x_tape) = open(x);
    let (w, w_tape) = open(weight);
    let (dw, dw_tape) = open(dw);
    let (db, db_tape) = open(db);
    let (y, y_tape) = open(output);
    let (dx, dx_tape) = dx.map(open).unzip();
    // The derivative by the tangent follows from the weights, the output and what is behind it.
    let once = w_tape.clone().merge(y_tape.clone()).once();
    let tape = [
        w_tape,
        dw_tape,
        db_tape,
        y_tape,
        dx_tape.unwrap_or_default(),
    ]
    .into_iter()
    .fold(x_tape, T::merge);
    let rhs = Matrix::new(&dw.numbers, i, o);
    let mut s = affine(Matrix::new(&x.numbers, n, i), rhs, &db.numbers);
    if let Some(dx) = &dx {
        let rhs = Matrix::new(&w.numbers, i, o);
        product(&mut s, Matrix::new(&dx.numbers, n, i), rhs, true);
    }
    let mut dy = Buffer::stale(n * o);
    activation.with_slope(&mut dy, &s, &y.numbers);
    close(tape, dy, (n_dim, o_dim), move |_, mut u, adjoints| {
        if activation.is_curved()
            && let Some(mut to) = y.slot(adjoints)
        {
            activation.bend(to.room(), &mut u, &s, &y.numbers);
        } else {
            activation.multiply_slope(&mut u, &y.numbers);
        }
        if let Some(to) = db.slot(adjoints) {
            to.add_rows(&u);
        }
        let u = Matrix::new(&u, n, o);
        if let Some(to) = dw.slot(adjoints) {
            to.add_product(Matrix::new(&x.numbers, n, i).t(), u);
        }
        if let Some(to) = x.slot(adjoints) {
            to.add_product(u, Matrix::new(&dw.numbers, i, o).t());
        }
        if let Some(dx) = dx {
            if let Some(to) = w.slot(adjoints) {
                to.add_product(Matrix::new(&dx.numbers, n, i).t(), u);
            }
            if let Some(to) = dx.slot(adjoints) {
                to.add_product_once(u, Matrix::new(&w.numbers, i, o).t(), &once);
            }
        }
    })
}
