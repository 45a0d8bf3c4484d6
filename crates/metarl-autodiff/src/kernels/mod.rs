//! What a device must be able to do beyond dfdx's own operations.
//!
//! Every method has a body made of dfdx operations, which is what a GPU runs; the CPU replaces them
//! by fused loops.

pub(crate) mod activation;
mod cpu;
pub(crate) mod product;

use dfdx::prelude::*;

use crate::algebra::{Activation, RecurrenceOf};
use crate::value::{Taped, Value};
use crate::{Scalar, TapeHandle, composed};

/// A dfdx device with the operations of [`Algebra`](crate::Algebra). Implemented for `Cpu` and,
/// with feature `cuda`, for `Cuda`; nothing else needs to implement it.
#[expect(
    missing_docs,
    reason = "each method is documented where users call it: in `Algebra`"
)]
pub trait Kernels<E: Scalar>: Device<E> + Storage<bool> + TensorFromVec<bool> {
    fn matmul<T: TapeHandle<E, Self>, N: Dim, K: Dim, M: Dim>(
        x: Value<(N, K), E, Self, T>,
        y: Value<(K, M), E, Self, T>,
    ) -> Value<(N, M), E, Self, T> {
        Value::new(x.tensor.matmul(y.tensor))
    }

    fn repeat_rows<T: TapeHandle<E, Self>, N: Dim, M: Dim>(
        x: Value<(M,), E, Self, T>,
        n: N,
    ) -> Value<(N, M), E, Self, T> {
        let m = x.tensor.shape().0;
        Value::new(x.tensor.broadcast_like::<(N, M), Axis<0>>(&(n, m)))
    }

    fn repeat_columns<T: TapeHandle<E, Self>, N: Dim, M: Dim>(
        x: Value<(N,), E, Self, T>,
        m: M,
    ) -> Value<(N, M), E, Self, T> {
        let n = x.tensor.shape().0;
        Value::new(x.tensor.broadcast_like::<(N, M), Axis<1>>(&(n, m)))
    }

    fn sum_columns<T: TapeHandle<E, Self>, N: Dim, M: Dim>(
        x: Value<(N, M), E, Self, T>,
    ) -> Value<(N,), E, Self, T> {
        Value::new(x.tensor.sum::<(N,), Axis<1>>())
    }

    fn rows<T: TapeHandle<E, Self>, M: Dim>(
        x: Value<(usize, M), E, Self, T>,
        start: usize,
        n: usize,
    ) -> Value<(usize, M), E, Self, T> {
        let m = x.tensor.shape().1;
        let part = x.tensor.slice((start..start + n, 0..m.size()));
        Value::new(part.reshape_like(&(n, m)))
    }

    fn columns<T: TapeHandle<E, Self>, N: Dim>(
        x: Value<(N, usize), E, Self, T>,
        start: usize,
        m: usize,
    ) -> Value<(N, usize), E, Self, T> {
        let n = x.tensor.shape().0;
        let part = x.tensor.slice((0..n.size(), start..start + m));
        Value::new(part.reshape_like(&(n, m)))
    }

    fn stack_rows<T: TapeHandle<E, Self>, M: Dim>(
        blocks: Vec<Value<(usize, M), E, Self, T>>,
    ) -> Value<(usize, M), E, Self, T> {
        let mut blocks = blocks.into_iter().map(|block| block.tensor);
        let Some(first) = blocks.next() else {
            unreachable!("a sequence has at least one step");
        };
        Value::new(blocks.fold(first, |above, below| (above, below).concat_along(Axis::<0>)))
    }

    fn pick<T: TapeHandle<E, Self>, N: Dim, M: Dim>(
        x: Value<(N, M), E, Self, T>,
        index: &[usize],
    ) -> Value<(N,), E, Self, T> {
        let n = x.tensor.shape().0;
        let device = x.tensor.device().clone();
        let index = TensorFromVec::<usize>::tensor_from_vec(&device, index.to_vec(), (n,));
        Value::new(x.tensor.select(index))
    }

    /// A mask of the shape and on the device of a tensor.
    fn mask<S: Shape>(like: &Tensor<S, E, Self>, mask: &[bool]) -> Tensor<S, bool, Self> {
        TensorFromVec::<bool>::tensor_from_vec(like.device(), mask.to_vec(), *like.shape())
    }

    fn dense<T: TapeHandle<E, Self>, N: Dim, I: Dim, O: Dim>(
        x: Value<(N, I), E, Self, T>,
        weight: Value<(I, O), E, Self, T>,
        bias: Value<(O,), E, Self, T>,
        activation: Activation,
    ) -> Value<(N, O), E, Self, T> {
        composed::dense::<Taped<E, Self, T>, N, I, O>(x, weight, bias, activation)
    }

    fn dense_tangent<T: TapeHandle<E, Self>, N: Dim, I: Dim, O: Dim>(
        x: Value<(N, I), E, Self, T>,
        dx: Option<Value<(N, I), E, Self, T>>,
        weight: Value<(I, O), E, Self, T>,
        direction: (Value<(I, O), E, Self, T>, Value<(O,), E, Self, T>),
        output: Value<(N, O), E, Self, T>,
        activation: Activation,
    ) -> Value<(N, O), E, Self, T> {
        composed::dense_tangent::<Taped<E, Self, T>, N, I, O>(
            x, dx, weight, direction, output, activation,
        )
    }

    fn log_softmax<T: TapeHandle<E, Self>, N: Dim, M: Dim>(
        x: Value<(N, M), E, Self, T>,
    ) -> Value<(N, M), E, Self, T> {
        Value::new(x.tensor.log_softmax::<Axis<1>>())
    }

    fn gru<T: TapeHandle<E, Self>>(
        p: RecurrenceOf<Taped<E, Self, T>>,
        candidate_bias: Value<(usize,), E, Self, T>,
        reset: &[bool],
    ) -> Value<(usize, usize), E, Self, T> {
        composed::gru::<Taped<E, Self, T>>(p, candidate_bias, reset)
    }

    fn lstm<T: TapeHandle<E, Self>>(
        p: RecurrenceOf<Taped<E, Self, T>>,
        cell: Value<(usize, usize), E, Self, T>,
        reset: &[bool],
    ) -> (
        Value<(usize, usize), E, Self, T>,
        Value<(usize, usize), E, Self, T>,
    ) {
        composed::lstm::<Taped<E, Self, T>>(p, cell, reset)
    }
}

#[cfg(feature = "cuda")]
impl<E: Scalar> Kernels<E> for Cuda where Self: Device<E> + Storage<bool> + TensorFromVec<bool> {}
