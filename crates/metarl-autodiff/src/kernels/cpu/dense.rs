//! A dense layer with its activation, and the derivative of one along a direction.

use dfdx::prelude::*;

use super::{Matrix, accumulate, add_rows, affine, close, numbers, open};
use crate::algebra::Activation;
use crate::value::Value;
use crate::{Scalar, TapeHandle};

impl Activation {
    /// `x ← φ(x)`
    fn apply<E: Scalar>(self, x: &mut [E]) {
        let zero = E::real(0.0);
        match self {
            Self::Identity => {}
            Self::Tanh => E::tanh_slice(x),
            Self::Sigmoid => E::sigmoid_slice(x),
            Self::Relu => x
                .iter_mut()
                .for_each(|x| *x = if *x > zero { *x } else { zero }),
        }
    }

    /// `g ← g φ'`, with the slope told by the output `y = φ(x)`.
    fn multiply_slope<E: Scalar>(self, g: &mut [E], y: &[E]) {
        let (zero, one) = (E::real(0.0), E::ONE);
        let pairs = g.iter_mut().zip(y);
        match self {
            Self::Identity => {}
            Self::Tanh => pairs.for_each(|(g, y)| *g *= one - *y * *y),
            Self::Sigmoid => pairs.for_each(|(g, y)| *g *= *y * (one - *y)),
            Self::Relu => pairs.for_each(|(g, y)| *g = if *y > zero { *g } else { zero }),
        }
    }

    /// `g ← g s ∂φ'/∂y`: how the slope moves with the output.
    fn multiply_curvature<E: Scalar>(self, g: &mut [E], s: &[E], y: &[E]) {
        let two = E::ONE + E::ONE;
        let triples = g.iter_mut().zip(s).zip(y);
        match self {
            Self::Identity | Self::Relu => g.fill(E::real(0.0)),
            Self::Tanh => triples.for_each(|((g, s), y)| *g *= -two * *y * *s),
            Self::Sigmoid => triples.for_each(|((g, s), y)| *g *= (E::ONE - two * *y) * *s),
        }
    }
}

/// `y = φ(x W + b)`; backward `u = ȳ φ'`, `W̄ += xᵀ u`, `b̄ += Σ u`, `x̄ += u Wᵀ`.
pub(super) fn dense<E: Scalar, T: TapeHandle<E, Cpu>, N: Dim, I: Dim, O: Dim>(
    x: Value<(N, I), E, Cpu, T>,
    weight: Value<(I, O), E, Cpu, T>,
    bias: Value<(O,), E, Cpu, T>,
    activation: Activation,
) -> Value<(N, O), E, Cpu, T> {
    let ((n_dim, i_dim), (w_in, o_dim)) = (*x.tensor.shape(), *weight.tensor.shape());
    let (n, i, o) = (n_dim.size(), i_dim.size(), o_dim.size());
    assert_eq!(i, w_in.size(), "inputs of a dense layer");
    let (x, x_in, tape) = open(x);
    let (w, w_in, w_tape) = open(weight);
    let (b, b_in, b_tape) = open(bias);
    let tape = tape.merge(w_tape).merge(b_tape);
    let device = x_in.tensor.device().clone();
    let mut y = affine(n, Matrix::new(&x, n, i), Matrix::new(&w, i, o), &b);
    activation.apply(&mut y);
    close(
        &device,
        tape,
        y,
        (n_dim, o_dim),
        move |output, mut g, gradients| {
            if activation != Activation::Identity {
                activation.multiply_slope(&mut g, &numbers(&output));
            }
            if let Some(to) = b_in.gradient(gradients)? {
                add_rows(to, &g);
            }
            let g = Matrix::new(&g, n, o);
            if let Some(to) = w_in.gradient(gradients)? {
                accumulate(to, Matrix::new(&x, n, i).t(), g);
            }
            if let Some(to) = x_in.gradient(gradients)? {
                accumulate(to, g, Matrix::new(&w, i, o).t());
            }
            Ok(())
        },
    )
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
    let ((n_dim, i_dim), (_, o_dim)) = (*x.tensor.shape(), *weight.tensor.shape());
    let (n, i, o) = (n_dim.size(), i_dim.size(), o_dim.size());
    let (x, x_in, tape) = open(x);
    let (w, w_in, w_tape) = open(weight);
    let (dw, dw_in, dw_tape) = open(dw);
    let (db, db_in, db_tape) = open(db);
    let (y, y_in, y_tape) = open(output);
    let mut tape = [w_tape, dw_tape, db_tape, y_tape]
        .into_iter()
        .fold(tape, T::merge);
    let dx = dx.map(|dx| {
        let (dx, dx_in, dx_tape) = open(dx);
        tape = tape.clone().merge(dx_tape);
        (dx, dx_in)
    });
    let device = x_in.tensor.device().clone();
    let mut s = affine(n, Matrix::new(&x, n, i), Matrix::new(&dw, i, o), &db);
    if let Some((dx, _)) = &dx {
        accumulate(&mut s, Matrix::new(dx, n, i), Matrix::new(&w, i, o));
    }
    let mut dy = s.clone();
    activation.multiply_slope(&mut dy, &y);
    close(&device, tape, dy, (n_dim, o_dim), move |_, g, gradients| {
        let curved = !matches!(activation, Activation::Identity | Activation::Relu);
        if curved && let Some(to) = y_in.gradient(gradients)? {
            let mut g = g.clone();
            activation.multiply_curvature(&mut g, &s, &y);
            super::add(to, &g);
        }
        let mut u = g;
        activation.multiply_slope(&mut u, &y);
        if let Some(to) = db_in.gradient(gradients)? {
            add_rows(to, &u);
        }
        let u = Matrix::new(&u, n, o);
        if let Some(to) = dw_in.gradient(gradients)? {
            accumulate(to, Matrix::new(&x, n, i).t(), u);
        }
        if let Some(to) = x_in.gradient(gradients)? {
            accumulate(to, u, Matrix::new(&dw, i, o).t());
        }
        if let Some((dx, dx_in)) = dx {
            if let Some(to) = w_in.gradient(gradients)? {
                accumulate(to, Matrix::new(&dx, n, i).t(), u);
            }
            if let Some(to) = dx_in.gradient(gradients)? {
                accumulate(to, u, Matrix::new(&w, i, o).t());
            }
        }
        Ok(())
    })
}
