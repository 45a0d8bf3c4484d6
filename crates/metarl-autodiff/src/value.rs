//! Tensors that can be used twice, and the algebra over them: values and first derivatives.

use std::marker::PhantomData;
use std::ops::{Add, Mul, Neg, Sub};
use std::sync::atomic::{AtomicU64, Ordering};

use dfdx::prelude::*;

use crate::algebra::{Activation, Data, RecurrenceOf};
use crate::{Algebra, Kernels, Scalar, SharedTape, TapeHandle};

/// A dfdx tensor with a tape handle. Unlike a bare tensor it may be both operands of an operation.
#[derive(Debug, Clone)]
pub struct Value<S: Shape, E: Scalar, D: Storage<E>, T> {
    pub(crate) tensor: Tensor<S, E, D, T>,
    /// Tells whether two values are the same tensor; dfdx keeps its own identity private.
    id: u64,
}

impl<S: Shape, E: Scalar, D: Storage<E>, T> Value<S, E, D, T> {
    pub(crate) fn new(tensor: Tensor<S, E, D, T>) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self {
            tensor,
            id: NEXT.fetch_add(1, Ordering::Relaxed),
        }
    }

    /// The tensor inside.
    pub fn tensor(&self) -> &Tensor<S, E, D, T> {
        &self.tensor
    }
}

impl<E: Scalar, D: Storage<E>, T> Value<Rank0, E, D, T> {
    /// The number a scalar value holds.
    pub(crate) fn number(&self) -> E {
        self.tensor.as_vec()[0]
    }
}

impl<S: Shape, E: Scalar, D: Kernels<E>, T: TapeHandle<E, D>> Value<S, E, D, T> {
    fn same(&self, other: &Self) -> bool {
        self.id == other.id
    }

    /// A value dfdx takes for another tensor.
    fn renamed(self) -> Self {
        Self::new(self.tensor * E::ONE)
    }
}

impl<S: Shape, E: Scalar, D: Kernels<E>, T: TapeHandle<E, D>> Add for Value<S, E, D, T> {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        if self.same(&other) {
            Self::new(self.tensor * (E::ONE + E::ONE))
        } else {
            Self::new(self.tensor + other.tensor)
        }
    }
}

impl<S: Shape, E: Scalar, D: Kernels<E>, T: TapeHandle<E, D>> Sub for Value<S, E, D, T> {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        let other = if self.same(&other) {
            other.renamed()
        } else {
            other
        };
        Self::new(self.tensor - other.tensor)
    }
}

impl<S: Shape, E: Scalar, D: Kernels<E>, T: TapeHandle<E, D>> Mul for Value<S, E, D, T> {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        if self.same(&other) {
            Self::new(self.tensor.square())
        } else {
            Self::new(self.tensor * other.tensor)
        }
    }
}

impl<S: Shape, E: Scalar, D: Kernels<E>, T: TapeHandle<E, D>> Neg for Value<S, E, D, T> {
    type Output = Self;
    fn neg(self) -> Self {
        Self::new(-self.tensor)
    }
}

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
        Self {
            device,
            tape: SharedTape::new(),
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
        let (tensor, handle) = from.tensor.split_tape();
        // A scalar that depends on no variable has no tape, and every gradient is zero.
        let tape = if handle.records() {
            self.tape.take()
        } else {
            OwnedTape::default()
        };
        tensor.put_tape(tape).try_backward()
    }
}

/// A value whose derivative is asked for.
pub trait Variables: Algebra {
    /// Makes a variable of a tensor.
    fn variable<S: Shape>(&self, x: Data<Self, S>) -> Self::Of<S>;
}

impl<E: Scalar, D: Kernels<E>, T: TapeHandle<E, D>> Variables for Taped<E, D, T> {
    fn variable<S: Shape>(&self, x: Data<Self, S>) -> Self::Of<S> {
        Value::new(x.put_tape(self.tape.clone()))
    }
}

fn scalar<E: Scalar>(x: f64) -> E {
    E::real(x)
}

impl<E: Scalar, D: Kernels<E>, T: TapeHandle<E, D>> Algebra for Taped<E, D, T> {
    type Elem = E;
    type Device = D;
    type Of<S: Shape> = Value<S, E, D, T>;

    fn device(&self) -> &D {
        &self.device
    }

    fn constant<S: Shape>(&self, x: Data<Self, S>) -> Self::Of<S> {
        // Views become rows, which fused kernels read; and a number taken from a taped value gets an
        // identity of its own, or its gradient would land in that value's.
        let x = x.contiguous();
        let x = if T::OWNS_TAPE { x * E::ONE } else { x };
        Value::new(x.put_tape(T::default()))
    }

    fn primal<S: Shape>(x: &Self::Of<S>) -> Data<Self, S> {
        x.tensor.retaped()
    }

    fn shape<S: Shape>(x: &Self::Of<S>) -> S {
        *x.tensor.shape()
    }

    fn zeros_like<S: Shape>(x: &Self::Of<S>) -> Self::Of<S> {
        let zeros = ZerosTensor::<E>::zeros_like(x.tensor.device(), x.tensor.shape());
        Value::new(zeros.put_tape(T::default()))
    }

    fn scale<S: Shape>(x: Self::Of<S>, c: f64) -> Self::Of<S> {
        Value::new(x.tensor * scalar::<E>(c))
    }
    fn shift<S: Shape>(x: Self::Of<S>, c: f64) -> Self::Of<S> {
        Value::new(x.tensor + scalar::<E>(c))
    }
    fn exp<S: Shape>(x: Self::Of<S>) -> Self::Of<S> {
        Value::new(x.tensor.exp())
    }
    fn ln<S: Shape>(x: Self::Of<S>) -> Self::Of<S> {
        Value::new(x.tensor.ln())
    }
    fn recip<S: Shape>(x: Self::Of<S>) -> Self::Of<S> {
        Value::new(x.tensor.recip())
    }
    fn sqrt<S: Shape>(x: Self::Of<S>) -> Self::Of<S> {
        Value::new(x.tensor.sqrt())
    }
    fn square<S: Shape>(x: Self::Of<S>) -> Self::Of<S> {
        Value::new(x.tensor.square())
    }
    fn tanh<S: Shape>(x: Self::Of<S>) -> Self::Of<S> {
        Value::new(x.tensor.tanh())
    }
    fn sigmoid<S: Shape>(x: Self::Of<S>) -> Self::Of<S> {
        Value::new(x.tensor.sigmoid())
    }
    fn relu<S: Shape>(x: Self::Of<S>) -> Self::Of<S> {
        Value::new(x.tensor.relu())
    }
    fn clamp<S: Shape>(x: Self::Of<S>, low: f64, high: f64) -> Self::Of<S> {
        Value::new(x.tensor.clamp(low, high))
    }
    fn choose<S: Shape>(mask: Tensor<S, bool, D>, x: Self::Of<S>, y: Self::Of<S>) -> Self::Of<S> {
        if x.same(&y) {
            x
        } else {
            Value::new(mask.choose(x.tensor, y.tensor))
        }
    }
    fn sum<S: Shape>(x: Self::Of<S>) -> Self::Of<Rank0> {
        Value::new(x.tensor.sum())
    }

    fn matmul<N: Dim, K: Dim, M: Dim>(
        x: Self::Of<(N, K)>,
        y: Self::Of<(K, M)>,
    ) -> Self::Of<(N, M)> {
        D::matmul(x, y)
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
        // To dfdx it is still the same tensor.
        Value {
            tensor: x.tensor.reshape_like(&shape),
            id: x.id,
        }
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
    fn gru(
        p: RecurrenceOf<Self>,
        candidate_bias: Self::Of<(usize,)>,
        reset: &[bool],
    ) -> Self::Of<(usize, usize)> {
        D::gru(p, candidate_bias, reset)
    }
    fn lstm(
        p: RecurrenceOf<Self>,
        cell: Self::Of<(usize, usize)>,
        reset: &[bool],
    ) -> (Self::Of<(usize, usize)>, Self::Of<(usize, usize)>) {
        D::lstm(p, cell, reset)
    }
}
