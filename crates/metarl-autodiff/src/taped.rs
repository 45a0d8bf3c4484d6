//! The algebra over values: numbers and first derivatives.

use std::marker::PhantomData;

use dfdx::prelude::*;

use crate::algebra::{Activation, Data, GaussianTerm, RecurrenceOf, RecurrenceTangentOf};
use crate::kernels::buffer::Buffer;
use crate::kernels::function::Unary;
use crate::value::{Body, Value};
use crate::{Algebra, Kept, Kernels, Scalar, SharedTape, TapeHandle, Windows};

/// The algebra of [`Value`]s: with [`NoneTape`] it computes ([`Plain`]), with [`SharedTape`] it
/// also records ([`Reverse`]).
#[derive(Debug, Clone)]
pub struct Taped<E: Scalar, D: Kernels<E>, T> {
    device: D,
    tape: T,
    element: PhantomData<E>,
}

/// Values only.
pub type Plain<E, D> = Taped<E, D, NoneTape>;

/// Values, recorded for reverse-mode differentiation.
pub type Reverse<E, D> = Taped<E, D, SharedTape<E, D>>;

impl<E: Scalar, D: Kernels<E>, T> Taped<E, D, T> {
    /// The handle variables are recorded with.
    pub(crate) fn tape(&self) -> &T {
        &self.tape
    }
}

impl<E: Scalar, D: Kernels<E>> Plain<E, D> {
    /// An evaluation on `device`.
    #[must_use]
    pub fn new(device: D) -> Self {
        Self {
            device,
            tape: NoneTape,
            element: PhantomData,
        }
    }
}

impl<E: Scalar, D: Kernels<E>> Reverse<E, D> {
    /// A recorded evaluation on `device`, with a tape of its own.
    #[must_use]
    pub fn new(device: D) -> Self {
        Self::on(device, SharedTape::new())
    }

    /// One of several recorded evaluations at the same point.
    pub(crate) fn keeping(device: D, kept: &Kept<E>) -> Self {
        Self::on(device, SharedTape::keeping(kept))
    }

    fn on(device: D, tape: SharedTape<E, D>) -> Self {
        Self {
            device,
            tape,
            element: PhantomData,
        }
    }

    /// Runs the tape backward from a scalar and gives the gradients of everything recorded.
    ///
    /// # Errors
    ///
    /// The device's own error.
    pub(crate) fn backward(
        &self,
        from: Value<Rank0, E, D, SharedTape<E, D>>,
    ) -> Result<Gradients<E, D>, D::Err> {
        // A scalar that depends on no variable has no tape, and every gradient is zero.
        let tape = if from.tape.records() {
            self.tape.take()
        } else {
            OwnedTape::default()
        };
        let start = match from.body {
            Body::Tensor(tensor) => tensor,
            Body::Numbers { place, .. } => {
                if let Some((adjoints, place)) = from.tape.adjoints().zip(place) {
                    *adjoints.borrow_mut().at(place) = Some(Buffer::copy_of(&[E::ONE]));
                }
                // dfdx goes back from a tensor of its own.
                ZerosTensor::<E>::zeros(&self.device)
            }
        };
        start.put_tape(tape).try_backward()
    }
}

/// A value whose derivative is asked for.
pub trait Variables: Algebra {
    /// Makes a variable of a tensor.
    fn variable<S: Shape>(&self, x: Data<Self, S>) -> Self::Of<S>;
}

impl<E: Scalar, D: Kernels<E>, T: TapeHandle<E, D>> Variables for Taped<E, D, T> {
    fn variable<S: Shape>(&self, x: Data<Self, S>) -> Self::Of<S> {
        D::hold(x, self.tape.clone())
    }
}

impl<E: Scalar, D: Kernels<E>, T: TapeHandle<E, D>> Algebra for Taped<E, D, T> {
    type Elem = E;
    type Device = D;
    type Of<S: Shape> = Value<S, E, D, T>;

    fn device(&self) -> &D {
        &self.device
    }

    fn constant<S: Shape>(&self, x: Data<Self, S>) -> Self::Of<S> {
        D::hold(x, T::default())
    }

    fn data<S: Shape>(&self, numbers: &[E], shape: S) -> Self::Of<S> {
        let (n, expected) = (numbers.len(), shape.num_elements());
        assert_eq!(n, expected, "numbers of a shape");
        D::leaf(&self.device, numbers, shape, T::default())
    }

    fn primal<S: Shape>(x: &Self::Of<S>) -> Data<Self, S> {
        x.tensor()
    }

    fn shape<S: Shape>(x: &Self::Of<S>) -> S {
        x.shape
    }

    fn zeros_like<S: Shape>(x: &Self::Of<S>) -> Self::Of<S> {
        D::zeros_like_value(x)
    }

    fn scale<S: Shape>(x: Self::Of<S>, c: f64) -> Self::Of<S> {
        D::unary(x, Unary::Scale(c))
    }
    fn shift<S: Shape>(x: Self::Of<S>, c: f64) -> Self::Of<S> {
        D::unary(x, Unary::Shift(c))
    }
    fn exp<S: Shape>(x: Self::Of<S>) -> Self::Of<S> {
        D::unary(x, Unary::Exp)
    }
    fn ln<S: Shape>(x: Self::Of<S>) -> Self::Of<S> {
        D::unary(x, Unary::Ln)
    }
    fn recip<S: Shape>(x: Self::Of<S>) -> Self::Of<S> {
        D::unary(x, Unary::Recip)
    }
    fn sqrt<S: Shape>(x: Self::Of<S>) -> Self::Of<S> {
        D::unary(x, Unary::Sqrt)
    }
    fn square<S: Shape>(x: Self::Of<S>) -> Self::Of<S> {
        D::unary(x, Unary::Square)
    }
    fn tanh<S: Shape>(x: Self::Of<S>) -> Self::Of<S> {
        D::unary(x, Unary::Activate(Activation::Tanh))
    }
    fn sigmoid<S: Shape>(x: Self::Of<S>) -> Self::Of<S> {
        D::unary(x, Unary::Activate(Activation::Sigmoid))
    }
    fn relu<S: Shape>(x: Self::Of<S>) -> Self::Of<S> {
        D::unary(x, Unary::Activate(Activation::Relu))
    }
    fn clamp<S: Shape>(x: Self::Of<S>, low: f64, high: f64) -> Self::Of<S> {
        D::unary(x, Unary::Clamp(low, high))
    }
    fn choose<S: Shape>(mask: Tensor<S, bool, D>, x: Self::Of<S>, y: Self::Of<S>) -> Self::Of<S> {
        if x.same(&y) { x } else { D::choose(mask, x, y) }
    }
    fn minimum<S: Shape>(x: Self::Of<S>, y: Self::Of<S>) -> Self::Of<S> {
        if x.same(&y) { x } else { D::minimum(x, y) }
    }
    fn sum<S: Shape>(x: Self::Of<S>) -> Self::Of<Rank0> {
        D::sum(x)
    }

    fn matmul<N: Dim, K: Dim, M: Dim>(
        x: Self::Of<(N, K)>,
        y: Self::Of<(K, M)>,
    ) -> Self::Of<(N, M)> {
        D::matmul(x, y)
    }
    fn matmul_transposed<N: Dim, K: Dim, M: Dim>(
        x: Self::Of<(N, K)>,
        y: Self::Of<(M, K)>,
    ) -> Self::Of<(N, M)> {
        D::matmul_transposed(x, y)
    }
    fn repeat_rows<N: Dim, M: Dim>(x: Self::Of<(M,)>, n: N) -> Self::Of<(N, M)> {
        D::repeat_rows(x, n)
    }
    fn repeat_columns<N: Dim, M: Dim>(x: Self::Of<(N,)>, m: M) -> Self::Of<(N, M)> {
        D::repeat_columns(x, m)
    }
    fn sum_columns<N: Dim, M: Dim>(x: Self::Of<(N, M)>) -> Self::Of<(N,)> {
        D::sum_columns(x)
    }
    fn rows<M: Dim>(x: Self::Of<(usize, M)>, start: usize, n: usize) -> Self::Of<(usize, M)> {
        D::rows(x, start, n)
    }
    fn columns<N: Dim>(x: Self::Of<(N, usize)>, start: usize, m: usize) -> Self::Of<(N, usize)> {
        D::columns(x, start, m)
    }
    fn stack_rows<M: Dim>(blocks: Vec<Self::Of<(usize, M)>>) -> Self::Of<(usize, M)> {
        D::stack_rows(blocks)
    }
    fn pick<N: Dim, M: Dim>(x: Self::Of<(N, M)>, index: &[usize]) -> Self::Of<(N,)> {
        D::pick(x, index)
    }
    fn reshape<S: Shape, R: Shape>(x: Self::Of<S>, shape: R) -> Self::Of<R> {
        D::reshape(x, shape)
    }

    fn dense<N: Dim, I: Dim, O: Dim>(
        x: Self::Of<(N, I)>,
        weight: Self::Of<(I, O)>,
        bias: Self::Of<(O,)>,
        activation: Activation,
    ) -> Self::Of<(N, O)> {
        D::dense(x, weight, bias, activation)
    }
    fn dense_tangent<N: Dim, I: Dim, O: Dim>(
        x: Self::Of<(N, I)>,
        dx: Option<Self::Of<(N, I)>>,
        weight: Self::Of<(I, O)>,
        direction: (Self::Of<(I, O)>, Self::Of<(O,)>),
        output: Self::Of<(N, O)>,
        activation: Activation,
    ) -> Self::Of<(N, O)> {
        D::dense_tangent(x, dx, weight, direction, output, activation)
    }
    fn log_softmax<N: Dim, M: Dim>(x: Self::Of<(N, M)>) -> Self::Of<(N, M)> {
        D::log_softmax(x)
    }
    fn log_softmax_dual<N: Dim, M: Dim>(
        x: Self::Of<(N, M)>,
        dx: Self::Of<(N, M)>,
    ) -> [Self::Of<(N, M)>; 2] {
        D::log_softmax_dual(x, dx)
    }
    fn gaussian<N: Dim, M: Dim>(
        mean: Self::Of<(N, M)>,
        log_std: Self::Of<(N, M)>,
        term: GaussianTerm<Self::Of<(N, M)>>,
    ) -> Self::Of<(N,)> {
        D::gaussian(mean, log_std, term)
    }
    fn gaussian_dual<N: Dim, M: Dim>(
        p: [Self::Of<(N, M)>; 2],
        direction: [Self::Of<(N, M)>; 2],
        term: GaussianTerm<Self::Of<(N, M)>>,
    ) -> [Self::Of<(N,)>; 2] {
        D::gaussian_dual(p, direction, term)
    }
    fn gru(
        p: RecurrenceOf<Self>,
        candidate_bias: Self::Of<(usize,)>,
        reset: &[bool],
    ) -> Self::Of<(usize, usize)> {
        D::gru(p, candidate_bias, reset)
    }
    fn gru_dual(
        p: (RecurrenceOf<Self>, Self::Of<(usize,)>),
        direction: (RecurrenceTangentOf<Self>, Self::Of<(usize,)>),
        reset: &[bool],
    ) -> (Self::Of<(usize, usize)>, Self::Of<(usize, usize)>) {
        D::gru_dual(p, direction, reset)
    }
    fn lstm(
        p: RecurrenceOf<Self>,
        cell: Self::Of<(usize, usize)>,
        reset: &[bool],
    ) -> (Self::Of<(usize, usize)>, Self::Of<(usize, usize)>) {
        D::lstm(p, cell, reset)
    }
    fn lstm_dual(
        p: (RecurrenceOf<Self>, Self::Of<(usize, usize)>),
        direction: (RecurrenceTangentOf<Self>, Self::Of<(usize, usize)>),
        reset: &[bool],
    ) -> [(Self::Of<(usize, usize)>, Self::Of<(usize, usize)>); 2] {
        D::lstm_dual(p, direction, reset)
    }
    fn episodic_lstm(
        p: RecurrenceOf<Self>,
        cell: Self::Of<(usize, usize)>,
        memory: Self::Of<(usize, usize)>,
        reset: &[bool],
    ) -> (Self::Of<(usize, usize)>, Self::Of<(usize, usize)>) {
        D::episodic_lstm(p, cell, memory, reset)
    }
    fn unfold(x: Self::Of<(usize, usize)>, windows: &Windows) -> Self::Of<(usize, usize)> {
        D::unfold(x, windows)
    }
    fn convolution(
        x: Self::Of<(usize, usize)>,
        windows: &Windows,
        weight: Self::Of<(usize, usize)>,
        bias: Self::Of<(usize,)>,
        activation: Activation,
    ) -> Self::Of<(usize, usize)> {
        D::convolution(x, windows, weight, bias, activation)
    }
    fn convolution_dual(
        p: (
            Self::Of<(usize, usize)>,
            Self::Of<(usize, usize)>,
            Self::Of<(usize,)>,
        ),
        direction: (
            Option<Self::Of<(usize, usize)>>,
            Self::Of<(usize, usize)>,
            Self::Of<(usize,)>,
        ),
        windows: &Windows,
        activation: Activation,
    ) -> [Self::Of<(usize, usize)>; 2] {
        D::convolution_dual(p, direction, windows, activation)
    }
    fn layer_norm<N: Dim, M: Dim>(
        x: Self::Of<(N, M)>,
        gain: Self::Of<(M,)>,
        bias: Self::Of<(M,)>,
        epsilon: f64,
    ) -> Self::Of<(N, M)> {
        D::layer_norm(x, gain, bias, epsilon)
    }
    fn layer_norm_dual<N: Dim, M: Dim>(
        p: (Self::Of<(N, M)>, Self::Of<(M,)>, Self::Of<(M,)>),
        direction: (Self::Of<(N, M)>, Self::Of<(M,)>, Self::Of<(M,)>),
        epsilon: f64,
    ) -> [Self::Of<(N, M)>; 2] {
        D::layer_norm_dual(p, direction, epsilon)
    }
    fn causal_attention(
        query: Self::Of<(usize, usize)>,
        key: Self::Of<(usize, usize)>,
        value: Self::Of<(usize, usize)>,
        n_lanes: usize,
        reset: &[bool],
    ) -> Self::Of<(usize, usize)> {
        D::causal_attention(query, key, value, n_lanes, reset)
    }
    fn causal_attention_dual(
        p: [Self::Of<(usize, usize)>; 3],
        direction: [Self::Of<(usize, usize)>; 3],
        n_lanes: usize,
        reset: &[bool],
    ) -> [Self::Of<(usize, usize)>; 2] {
        D::causal_attention_dual(p, direction, n_lanes, reset)
    }
}
