//! Fused operations on the CPU: read the inputs once, compute in plain loops and matrix products,
//! put one tensor on the tape.

mod attention;
mod attention_dual;
mod convolution;
mod convolution_dual;
mod dense;
mod elementwise;
mod episodic_lstm;
mod gaussian;
mod gru;
mod gru_dual;
mod layer_norm;
mod layer_norm_dual;
mod linear;
mod log_softmax;
mod lstm;
mod lstm_dual;
mod node;
mod recurrent;

use dfdx::prelude::*;

use super::buffer::Buffer;
use super::function::{Binary, Unary};
use super::{Kernels, Row, Rows};
use crate::algebra::{Activation, GaussianTerm, RecurrenceOf, RecurrenceTangentOf};
use crate::taped::Taped;
use crate::value::Value;
use crate::{Scalar, TapeHandle, Windows};

impl<E: Scalar> Kernels<E> for Cpu
where
    Self: Device<E>,
{
    fn of_this_thread() -> Self {
        node::device()
    }
    fn hold<S: Shape, T: TapeHandle<E, Self>>(
        x: Tensor<S, E, Self>,
        tape: T,
    ) -> Value<S, E, Self, T> {
        let shape = *x.shape();
        // Views become rows, which is what operations read.
        let x = x.contiguous();
        let mut numbers = Buffer::stale(shape.num_elements());
        x.copy_into(&mut numbers);
        node::node(numbers, shape, tape)
    }
    fn leaf<S: Shape, T: TapeHandle<E, Self>>(
        _: &Self,
        numbers: &[E],
        shape: S,
        tape: T,
    ) -> Value<S, E, Self, T> {
        node::node(Buffer::copy_of(numbers), shape, tape)
    }
    fn zeros_like_value<S: Shape, T: TapeHandle<E, Self>>(
        x: &Value<S, E, Self, T>,
    ) -> Value<S, E, Self, T> {
        let zeros = Buffer::zeros(x.shape.num_elements());
        node::node(zeros, x.shape, T::default())
    }
    fn unary<S: Shape, T: TapeHandle<E, Self>>(
        x: Value<S, E, Self, T>,
        f: Unary,
    ) -> Value<S, E, Self, T> {
        elementwise::unary(x, f)
    }
    fn binary<S: Shape, T: TapeHandle<E, Self>>(
        x: Value<S, E, Self, T>,
        y: Value<S, E, Self, T>,
        f: Binary,
    ) -> Value<S, E, Self, T> {
        elementwise::binary(x, y, f)
    }
    fn choose<S: Shape, T: TapeHandle<E, Self>>(
        mask: Tensor<S, bool, Self>,
        x: Value<S, E, Self, T>,
        y: Value<S, E, Self, T>,
    ) -> Value<S, E, Self, T> {
        elementwise::choose(&mask, x, y)
    }
    fn minimum<S: Shape, T: TapeHandle<E, Self>>(
        x: Value<S, E, Self, T>,
        y: Value<S, E, Self, T>,
    ) -> Value<S, E, Self, T> {
        elementwise::minimum(x, y)
    }
    fn sum<S: Shape, T: TapeHandle<E, Self>>(x: Value<S, E, Self, T>) -> Value<Rank0, E, Self, T> {
        linear::sum(x)
    }
    fn reshape<S: Shape, R: Shape, T: TapeHandle<E, Self>>(
        x: Value<S, E, Self, T>,
        shape: R,
    ) -> Value<R, E, Self, T> {
        elementwise::reshape(x, shape)
    }
    fn matmul<T: TapeHandle<E, Self>, N: Dim, K: Dim, M: Dim>(
        x: Value<(N, K), E, Self, T>,
        y: Value<(K, M), E, Self, T>,
    ) -> Value<(N, M), E, Self, T> {
        linear::matmul(x, y)
    }
    fn matmul_transposed<T: TapeHandle<E, Self>, N: Dim, K: Dim, M: Dim>(
        x: Value<(N, K), E, Self, T>,
        y: Value<(M, K), E, Self, T>,
    ) -> Value<(N, M), E, Self, T> {
        linear::matmul_transposed(x, y)
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
    fn log_softmax_dual<T: TapeHandle<E, Self>, N: Dim, M: Dim>(
        x: Value<(N, M), E, Self, T>,
        dx: Value<(N, M), E, Self, T>,
    ) -> [Value<(N, M), E, Self, T>; 2] {
        log_softmax::log_softmax_dual(x, dx)
    }
    fn gaussian<T: TapeHandle<E, Self>, N: Dim, M: Dim>(
        mean: Value<(N, M), E, Self, T>,
        log_std: Value<(N, M), E, Self, T>,
        term: GaussianTerm<Value<(N, M), E, Self, T>>,
    ) -> Value<(N,), E, Self, T> {
        gaussian::gaussian(mean, log_std, term)
    }
    fn gaussian_dual<T: TapeHandle<E, Self>, N: Dim, M: Dim>(
        p: [Value<(N, M), E, Self, T>; 2],
        direction: [Value<(N, M), E, Self, T>; 2],
        term: GaussianTerm<Value<(N, M), E, Self, T>>,
    ) -> [Value<(N,), E, Self, T>; 2] {
        gaussian::gaussian_dual(p, direction, term)
    }
    fn gru<T: TapeHandle<E, Self>>(
        p: RecurrenceOf<Taped<E, Self, T>>,
        candidate_bias: Value<(usize,), E, Self, T>,
        reset: &[bool],
    ) -> Value<(usize, usize), E, Self, T> {
        gru::gru(p, candidate_bias, reset)
    }
    fn gru_dual<T: TapeHandle<E, Self>>(
        p: (RecurrenceOf<Taped<E, Self, T>>, Value<(usize,), E, Self, T>),
        direction: (
            RecurrenceTangentOf<Taped<E, Self, T>>,
            Value<(usize,), E, Self, T>,
        ),
        reset: &[bool],
    ) -> (
        Value<(usize, usize), E, Self, T>,
        Value<(usize, usize), E, Self, T>,
    ) {
        gru_dual::gru_dual(p, direction, reset)
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
    fn lstm_dual<T: TapeHandle<E, Self>>(
        p: (RecurrenceOf<Taped<E, Self, T>>, Rows<E, Self, T>),
        direction: (RecurrenceTangentOf<Taped<E, Self, T>>, Rows<E, Self, T>),
        reset: &[bool],
    ) -> [(Rows<E, Self, T>, Rows<E, Self, T>); 2] {
        lstm_dual::lstm_dual(p, direction, reset)
    }
    fn episodic_lstm<T: TapeHandle<E, Self>>(
        p: RecurrenceOf<Taped<E, Self, T>>,
        cell: Value<(usize, usize), E, Self, T>,
        memory: Value<(usize, usize), E, Self, T>,
        reset: &[bool],
    ) -> (
        Value<(usize, usize), E, Self, T>,
        Value<(usize, usize), E, Self, T>,
    ) {
        episodic_lstm::episodic_lstm(p, cell, memory, reset)
    }
    fn unfold<T: TapeHandle<E, Self>>(
        x: Value<(usize, usize), E, Self, T>,
        windows: &Windows,
    ) -> Value<(usize, usize), E, Self, T> {
        convolution::unfold(x, windows)
    }
    fn convolution<T: TapeHandle<E, Self>>(
        x: Value<(usize, usize), E, Self, T>,
        windows: &Windows,
        weight: Value<(usize, usize), E, Self, T>,
        bias: Value<(usize,), E, Self, T>,
        activation: Activation,
    ) -> Value<(usize, usize), E, Self, T> {
        convolution::convolution(x, windows, weight, bias, activation)
    }
    fn convolution_dual<T: TapeHandle<E, Self>>(
        p: (Rows<E, Self, T>, Rows<E, Self, T>, Row<E, Self, T>),
        direction: (Option<Rows<E, Self, T>>, Rows<E, Self, T>, Row<E, Self, T>),
        windows: &Windows,
        activation: Activation,
    ) -> [Rows<E, Self, T>; 2] {
        convolution_dual::convolution_dual(p, direction, windows, activation)
    }
    fn layer_norm<T: TapeHandle<E, Self>, N: Dim, M: Dim>(
        x: Value<(N, M), E, Self, T>,
        gain: Value<(M,), E, Self, T>,
        bias: Value<(M,), E, Self, T>,
        epsilon: f64,
    ) -> Value<(N, M), E, Self, T> {
        layer_norm::layer_norm(x, gain, bias, epsilon)
    }
    fn layer_norm_dual<T: TapeHandle<E, Self>, N: Dim, M: Dim>(
        p: (
            Value<(N, M), E, Self, T>,
            Value<(M,), E, Self, T>,
            Value<(M,), E, Self, T>,
        ),
        direction: (
            Value<(N, M), E, Self, T>,
            Value<(M,), E, Self, T>,
            Value<(M,), E, Self, T>,
        ),
        epsilon: f64,
    ) -> [Value<(N, M), E, Self, T>; 2] {
        layer_norm_dual::layer_norm_dual(p, direction, epsilon)
    }
    fn causal_attention<T: TapeHandle<E, Self>>(
        query: Value<(usize, usize), E, Self, T>,
        key: Value<(usize, usize), E, Self, T>,
        value: Value<(usize, usize), E, Self, T>,
        n_lanes: usize,
        reset: &[bool],
    ) -> Value<(usize, usize), E, Self, T> {
        attention::causal_attention(query, key, value, n_lanes, reset)
    }
    fn causal_attention_dual<T: TapeHandle<E, Self>>(
        p: [Rows<E, Self, T>; 3],
        direction: [Rows<E, Self, T>; 3],
        n_lanes: usize,
        reset: &[bool],
    ) -> [Rows<E, Self, T>; 2] {
        attention_dual::causal_attention_dual(p, direction, n_lanes, reset)
    }
}
