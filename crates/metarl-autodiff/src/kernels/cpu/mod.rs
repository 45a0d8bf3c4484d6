//! Fused operations on the CPU: read the inputs once, compute in plain loops and matrix products,
//! put one tensor on the tape.

mod dense;
mod gru;
mod linear;
mod log_softmax;
mod lstm;

use dfdx::prelude::*;

use super::Kernels;
use super::product::{Matrix, Product};
use crate::algebra::{Activation, RecurrenceOf};
use crate::value::{Taped, Value};
use crate::{Scalar, TapeHandle};

/// An input of an operation, as backward sees it.
struct Input<S: Shape, E: Scalar> {
    tensor: Tensor<S, E, Cpu>,
    wanted: bool,
}

impl<S: Shape, E: Scalar> Input<S, E> {
    /// The place to add this input's gradient to, or nothing where it is data.
    fn gradient<'a>(
        &self,
        gradients: &'a mut Gradients<E, Cpu>,
    ) -> Result<Option<&'a mut Vec<E>>, CpuError> {
        if !self.wanted {
            return Ok(None);
        }
        gradients
            .get_or_alloc_mut(&self.tensor)
            .map(|g| Some(&mut **g))
    }
}

/// Takes a value apart: its numbers, its place in the gradients, its tape handle.
fn open<S: Shape, E: Scalar, T: TapeHandle<E, Cpu>>(
    x: Value<S, E, Cpu, T>,
) -> (Vec<E>, Input<S, E>, T) {
    let (tensor, tape) = x.tensor.split_tape();
    let numbers = numbers(&tensor);
    let wanted = tape.records();
    (numbers, Input { tensor, wanted }, tape)
}

/// The numbers of a contiguous tensor. All tensors of this crate are: it makes no views.
fn numbers<S: Shape, E: Scalar>(tensor: &Tensor<S, E, Cpu>) -> Vec<E> {
    let mut numbers = vec![E::real(0.0); tensor.shape().num_elements()];
    tensor.copy_into(&mut numbers);
    numbers
}

/// Makes the output and, if the tape records, its way back. `backward` is handed the gradient of
/// the output, which nothing needs afterwards.
fn close<S: Shape, E: Scalar, T: TapeHandle<E, Cpu>>(
    device: &Cpu,
    mut tape: T,
    numbers: Vec<E>,
    shape: S,
    backward: impl FnOnce(Tensor<S, E, Cpu>, Vec<E>, &mut Gradients<E, Cpu>) -> Result<(), CpuError>
    + 'static,
) -> Value<S, E, Cpu, T> {
    let output = device.tensor_from_vec(numbers, shape);
    if tape.records() {
        let place = output.clone();
        tape.add_backward_op(move |gradients| {
            let gradient = take(&place, gradients)?;
            backward(place, gradient, gradients)
        });
    }
    Value::new(output.put_tape(tape))
}

/// Takes a finished gradient out of the store.
fn take<S: Shape, E: Scalar>(
    place: &Tensor<S, E, Cpu>,
    gradients: &mut Gradients<E, Cpu>,
) -> Result<Vec<E>, CpuError> {
    Ok(std::mem::take(&mut **gradients.get_or_alloc_mut(place)?))
}

fn add<E: Scalar>(to: &mut [E], from: &[E]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to += *from;
    }
}

/// Adds each row of a matrix to `to`.
fn add_rows<E: Scalar>(to: &mut [E], matrix: &[E]) {
    for row in matrix.chunks_exact(to.len()) {
        add(to, row);
    }
}

/// `out ← out + lhs rhs`.
fn accumulate<E: Scalar>(out: &mut [E], lhs: Matrix<'_, E>, rhs: Matrix<'_, E>) {
    E::product(Product {
        out,
        lhs,
        rhs,
        accumulate: true,
    });
}

/// `lhs rhs`.
fn product<E: Scalar>(
    rows: usize,
    columns: usize,
    lhs: Matrix<'_, E>,
    rhs: Matrix<'_, E>,
) -> Vec<E> {
    let mut out = vec![E::real(0.0); rows * columns];
    E::product(Product {
        out: &mut out,
        lhs,
        rhs,
        accumulate: false,
    });
    out
}

/// `x W + b` with the bias repeated.
fn affine<E: Scalar>(n: usize, x: Matrix<'_, E>, w: Matrix<'_, E>, bias: &[E]) -> Vec<E> {
    let mut y = Vec::with_capacity(n * bias.len());
    for _ in 0..n {
        y.extend_from_slice(bias);
    }
    accumulate(&mut y, x, w);
    y
}

impl<E: Scalar> Kernels<E> for Cpu
where
    Self: Device<E>,
{
    fn matmul<T: TapeHandle<E, Self>, N: Dim, K: Dim, M: Dim>(
        x: Value<(N, K), E, Self, T>,
        y: Value<(K, M), E, Self, T>,
    ) -> Value<(N, M), E, Self, T> {
        linear::matmul(x, y)
    }
    fn repeat_rows<T: TapeHandle<E, Self>, N: Dim, M: Dim>(
        x: Value<(M,), E, Self, T>,
        n: N,
    ) -> Value<(N, M), E, Self, T> {
        linear::repeat_rows(x, n)
    }
    fn repeat_columns<T: TapeHandle<E, Self>, N: Dim, M: Dim>(
        x: Value<(N,), E, Self, T>,
        m: M,
    ) -> Value<(N, M), E, Self, T> {
        linear::repeat_columns(x, m)
    }
    fn sum_columns<T: TapeHandle<E, Self>, N: Dim, M: Dim>(
        x: Value<(N, M), E, Self, T>,
    ) -> Value<(N,), E, Self, T> {
        linear::sum_columns(x)
    }
    fn rows<T: TapeHandle<E, Self>, M: Dim>(
        x: Value<(usize, M), E, Self, T>,
        start: usize,
        n: usize,
    ) -> Value<(usize, M), E, Self, T> {
        linear::rows(x, start, n)
    }
    fn columns<T: TapeHandle<E, Self>, N: Dim>(
        x: Value<(N, usize), E, Self, T>,
        start: usize,
        m: usize,
    ) -> Value<(N, usize), E, Self, T> {
        linear::columns(x, start, m)
    }
    fn stack_rows<T: TapeHandle<E, Self>, M: Dim>(
        blocks: Vec<Value<(usize, M), E, Self, T>>,
    ) -> Value<(usize, M), E, Self, T> {
        linear::stack_rows(blocks)
    }
    fn pick<T: TapeHandle<E, Self>, N: Dim, M: Dim>(
        x: Value<(N, M), E, Self, T>,
        index: &[usize],
    ) -> Value<(N,), E, Self, T> {
        linear::pick(x, index)
    }
    fn dense<T: TapeHandle<E, Self>, N: Dim, I: Dim, O: Dim>(
        x: Value<(N, I), E, Self, T>,
        weight: Value<(I, O), E, Self, T>,
        bias: Value<(O,), E, Self, T>,
        activation: Activation,
    ) -> Value<(N, O), E, Self, T> {
        dense::dense(x, weight, bias, activation)
    }
    fn dense_tangent<T: TapeHandle<E, Self>, N: Dim, I: Dim, O: Dim>(
        x: Value<(N, I), E, Self, T>,
        dx: Option<Value<(N, I), E, Self, T>>,
        weight: Value<(I, O), E, Self, T>,
        direction: (Value<(I, O), E, Self, T>, Value<(O,), E, Self, T>),
        output: Value<(N, O), E, Self, T>,
        activation: Activation,
    ) -> Value<(N, O), E, Self, T> {
        dense::dense_tangent(x, dx, weight, direction, output, activation)
    }
    fn log_softmax<T: TapeHandle<E, Self>, N: Dim, M: Dim>(
        x: Value<(N, M), E, Self, T>,
    ) -> Value<(N, M), E, Self, T> {
        log_softmax::log_softmax(x)
    }
    fn gru<T: TapeHandle<E, Self>>(
        p: RecurrenceOf<Taped<E, Self, T>>,
        candidate_bias: Value<(usize,), E, Self, T>,
        reset: &[bool],
    ) -> Value<(usize, usize), E, Self, T> {
        gru::gru(p, candidate_bias, reset)
    }
    fn lstm<T: TapeHandle<E, Self>>(
        p: RecurrenceOf<Taped<E, Self, T>>,
        cell: Value<(usize, usize), E, Self, T>,
        reset: &[bool],
    ) -> (
        Value<(usize, usize), E, Self, T>,
        Value<(usize, usize), E, Self, T>,
    ) {
        lstm::lstm(p, cell, reset)
    }
}
