//! What a device must be able to do beyond dfdx's own operations.
//!
//! Every method has a body made of dfdx operations, which is what a GPU runs; the CPU replaces them
//! by fused loops.

pub(crate) mod activation;
pub(crate) mod buffer;
#[cfg(not(feature = "dfdx-kernels"))]
mod cpu;
pub(crate) mod function;
pub(crate) mod narrow;
pub(crate) mod product;
mod reduce;
pub(crate) mod shared;
mod slope;
pub(crate) mod tile;

use dfdx::prelude::*;

use self::function::{Binary, Unary};
use crate::algebra::{Activation, GaussianTerm, RecurrenceOf, RecurrenceTangentOf};
use crate::taped::Taped;
use crate::value::Value;
use crate::{Scalar, TapeHandle, Windows, composed};

/// A matrix of run-time sizes.
pub(crate) type Rows<E, D, T> = Value<(usize, usize), E, D, T>;

/// A vector of run-time size.
pub(crate) type Row<E, D, T> = Value<(usize,), E, D, T>;

/// A dfdx device with the operations of [`Algebra`](crate::Algebra). Implemented for `Cpu` and,
/// with feature `cuda`, for `Cuda`; nothing else needs to implement it.
#[expect(
    missing_docs,
    reason = "each method is documented where users call it: in `Algebra`"
)]
pub trait Kernels<E: Scalar>: Device<E> + Storage<bool> + TensorFromVec<bool> {
    /// The calling thread's handle of the device. Threads share none: dfdx moves the one cuBLAS handle
    /// of a `Cuda` from stream to stream, and clones have the same one.
    ///
    /// # Panics
    ///
    /// When there is no GPU. Whoever has a `Cuda` has one.
    fn of_this_thread() -> Self;

    /// A value of a tensor: a variable, or data where the handle records nothing.
    fn hold<S: Shape, T: TapeHandle<E, Self>>(
        x: Tensor<S, E, Self>,
        tape: T,
    ) -> Value<S, E, Self, T> {
        // Views become rows, which is what operations read.
        let x = x.contiguous();
        // Data taken from a taped value get an identity of their own, or their gradient would land
        // in that value's.
        let data = T::OWNS_TAPE && !tape.records();
        let x = if data { x * E::ONE } else { x };
        Value::new(x.put_tape(tape))
    }

    /// A variable with the numbers of a slice.
    fn leaf<S: Shape, T: TapeHandle<E, Self>>(
        device: &Self,
        numbers: &[E],
        shape: S,
        tape: T,
    ) -> Value<S, E, Self, T> {
        let x = TensorFromVec::<E>::tensor_from_vec(device, numbers.to_vec(), shape);
        Value::new(x.put_tape(tape))
    }

    fn zeros_like_value<S: Shape, T: TapeHandle<E, Self>>(
        x: &Value<S, E, Self, T>,
    ) -> Value<S, E, Self, T> {
        let zeros = ZerosTensor::<E>::zeros_like(x.tensor().device(), &x.shape);
        Value::new(zeros.put_tape(T::default()))
    }

    fn unary<S: Shape, T: TapeHandle<E, Self>>(
        x: Value<S, E, Self, T>,
        f: Unary,
    ) -> Value<S, E, Self, T> {
        let x = x.into_tensor();
        Value::new(match f {
            Unary::Scale(c) => x * E::real(c),
            Unary::Shift(c) => x + E::real(c),
            Unary::Exp => x.exp(),
            Unary::Ln => x.ln(),
            Unary::Recip => x.recip(),
            Unary::Sqrt => x.sqrt(),
            Unary::Square => x.square(),
            Unary::Activate(Activation::Identity) => x,
            Unary::Activate(Activation::Tanh) => x.tanh(),
            Unary::Activate(Activation::Relu) => x.relu(),
            Unary::Activate(Activation::Sigmoid) => x.sigmoid(),
            Unary::Clamp(low, high) => x.clamp(low, high),
        })
    }

    /// dfdx asserts that two operands are not the same tensor.
    fn binary<S: Shape, T: TapeHandle<E, Self>>(
        x: Value<S, E, Self, T>,
        y: Value<S, E, Self, T>,
        f: Binary,
    ) -> Value<S, E, Self, T> {
        let same = x.same(&y);
        let (x, y) = (x.into_tensor(), y.into_tensor());
        Value::new(match (f, same) {
            (Binary::Add, true) => x * (E::ONE + E::ONE),
            (Binary::Add, false) => x + y,
            (Binary::Sub, true) => x - y * E::ONE,
            (Binary::Sub, false) => x - y,
            (Binary::Mul, true) => x.square(),
            (Binary::Mul, false) => x * y,
        })
    }

    /// `x` and `y` are not the same.
    fn choose<S: Shape, T: TapeHandle<E, Self>>(
        mask: Tensor<S, bool, Self>,
        x: Value<S, E, Self, T>,
        y: Value<S, E, Self, T>,
    ) -> Value<S, E, Self, T> {
        Value::new(mask.choose(x.into_tensor(), y.into_tensor()))
    }

    /// `x` and `y` are not the same.
    fn minimum<S: Shape, T: TapeHandle<E, Self>>(
        x: Value<S, E, Self, T>,
        y: Value<S, E, Self, T>,
    ) -> Value<S, E, Self, T> {
        let mask = x.tensor().le(&y.tensor());
        Self::choose(mask, x, y)
    }

    fn sum<S: Shape, T: TapeHandle<E, Self>>(x: Value<S, E, Self, T>) -> Value<Rank0, E, Self, T> {
        Value::new(x.into_tensor().sum())
    }

    fn reshape<S: Shape, R: Shape, T: TapeHandle<E, Self>>(
        x: Value<S, E, Self, T>,
        shape: R,
    ) -> Value<R, E, Self, T> {
        let reshaped = x.clone().into_tensor().reshape_like(&shape);
        Value::same_as(reshaped, &x)
    }

    fn matmul<T: TapeHandle<E, Self>, N: Dim, K: Dim, M: Dim>(
        x: Value<(N, K), E, Self, T>,
        y: Value<(K, M), E, Self, T>,
    ) -> Value<(N, M), E, Self, T> {
        let same = x.same(&y);
        let (x, y) = (x.into_tensor(), y.into_tensor());
        Value::new(x.matmul(if same { y * E::ONE } else { y }))
    }

    fn matmul_transposed<T: TapeHandle<E, Self>, N: Dim, K: Dim, M: Dim>(
        x: Value<(N, K), E, Self, T>,
        y: Value<(M, K), E, Self, T>,
    ) -> Value<(N, M), E, Self, T> {
        let same = x.same(&y);
        let (x, y) = (x.into_tensor(), y.into_tensor());
        let y = if same { y * E::ONE } else { y };
        Value::new(x.matmul(y.permute::<(K, M), Axes2<1, 0>>()))
    }

    fn repeat_rows<T: TapeHandle<E, Self>, N: Dim, M: Dim>(
        x: Value<(M,), E, Self, T>,
        n: N,
    ) -> Value<(N, M), E, Self, T> {
        let m = x.shape.0;
        Value::new(x.into_tensor().broadcast_like::<(N, M), Axis<0>>(&(n, m)))
    }

    fn repeat_columns<T: TapeHandle<E, Self>, N: Dim, M: Dim>(
        x: Value<(N,), E, Self, T>,
        m: M,
    ) -> Value<(N, M), E, Self, T> {
        let n = x.shape.0;
        Value::new(x.into_tensor().broadcast_like::<(N, M), Axis<1>>(&(n, m)))
    }

    fn sum_columns<T: TapeHandle<E, Self>, N: Dim, M: Dim>(
        x: Value<(N, M), E, Self, T>,
    ) -> Value<(N,), E, Self, T> {
        Value::new(x.into_tensor().sum::<(N,), Axis<1>>())
    }

    fn rows<T: TapeHandle<E, Self>, M: Dim>(
        x: Value<(usize, M), E, Self, T>,
        start: usize,
        n: usize,
    ) -> Value<(usize, M), E, Self, T> {
        let m = x.shape.1;
        let part = x.into_tensor().slice((start..start + n, 0..m.size()));
        Value::new(part.reshape_like(&(n, m)))
    }

    fn columns<T: TapeHandle<E, Self>, N: Dim>(
        x: Value<(N, usize), E, Self, T>,
        start: usize,
        m: usize,
    ) -> Value<(N, usize), E, Self, T> {
        let n = x.shape.0;
        let part = x.into_tensor().slice((0..n.size(), start..start + m));
        Value::new(part.reshape_like(&(n, m)))
    }

    fn stack_rows<T: TapeHandle<E, Self>, M: Dim>(
        blocks: Vec<Value<(usize, M), E, Self, T>>,
    ) -> Value<(usize, M), E, Self, T> {
        let mut blocks = blocks;
        // Neighbors are joined in rounds, so that every number is copied a few times only.
        while blocks.len() > 1 {
            let mut unpaired = blocks.into_iter();
            blocks = Vec::with_capacity(unpaired.len().div_ceil(2));
            while let Some(above) = unpaired.next() {
                blocks.push(match unpaired.next() {
                    Some(below) => join_rows(above, below),
                    None => above,
                });
            }
        }
        let Some(stacked) = blocks.pop() else {
            unreachable!("a sequence has at least one step");
        };
        stacked
    }

    fn pick<T: TapeHandle<E, Self>, N: Dim, M: Dim>(
        x: Value<(N, M), E, Self, T>,
        index: &[usize],
    ) -> Value<(N,), E, Self, T> {
        let n = x.shape.0;
        let device = x.tensor().device().clone();
        let index = TensorFromVec::<usize>::tensor_from_vec(&device, index.to_vec(), (n,));
        Value::new(x.into_tensor().select(index))
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
        // dfdx's own begins another tape half-way, which a shared one does not hear of.
        let m = x.shape.1;
        let largest = Self::hold(x.tensor().max::<(N,), Axis<1>>(), T::default());
        let centered = x - Self::repeat_columns(largest, m);
        let sum = Self::sum_columns(Self::unary(centered.clone(), Unary::Exp));
        centered - Self::repeat_columns(Self::unary(sum, Unary::Ln), m)
    }

    fn log_softmax_dual<T: TapeHandle<E, Self>, N: Dim, M: Dim>(
        x: Value<(N, M), E, Self, T>,
        dx: Value<(N, M), E, Self, T>,
    ) -> [Value<(N, M), E, Self, T>; 2] {
        composed::log_softmax_dual::<Taped<E, Self, T>, N, M>(x, dx)
    }

    fn gaussian<T: TapeHandle<E, Self>, N: Dim, M: Dim>(
        mean: Value<(N, M), E, Self, T>,
        log_std: Value<(N, M), E, Self, T>,
        term: GaussianTerm<Value<(N, M), E, Self, T>>,
    ) -> Value<(N,), E, Self, T> {
        composed::gaussian::<Taped<E, Self, T>, N, M>(mean, log_std, term)
    }

    fn gaussian_dual<T: TapeHandle<E, Self>, N: Dim, M: Dim>(
        p: [Value<(N, M), E, Self, T>; 2],
        direction: [Value<(N, M), E, Self, T>; 2],
        term: GaussianTerm<Value<(N, M), E, Self, T>>,
    ) -> [Value<(N,), E, Self, T>; 2] {
        composed::gaussian_dual::<Taped<E, Self, T>, N, M>(p, direction, term)
    }

    fn gru<T: TapeHandle<E, Self>>(
        p: RecurrenceOf<Taped<E, Self, T>>,
        candidate_bias: Value<(usize,), E, Self, T>,
        reset: &[bool],
    ) -> Value<(usize, usize), E, Self, T> {
        composed::gru::<Taped<E, Self, T>>(p, candidate_bias, reset)
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
        composed::gru_dual::<Taped<E, Self, T>>(p, direction, reset)
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

    fn lstm_dual<T: TapeHandle<E, Self>>(
        p: (RecurrenceOf<Taped<E, Self, T>>, Rows<E, Self, T>),
        direction: (RecurrenceTangentOf<Taped<E, Self, T>>, Rows<E, Self, T>),
        reset: &[bool],
    ) -> [(Rows<E, Self, T>, Rows<E, Self, T>); 2] {
        composed::lstm_dual::<Taped<E, Self, T>>(p, direction, reset)
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
        composed::episodic_lstm::<Taped<E, Self, T>>(p, cell, memory, reset)
    }

    fn unfold<T: TapeHandle<E, Self>>(
        x: Value<(usize, usize), E, Self, T>,
        windows: &Windows,
    ) -> Value<(usize, usize), E, Self, T> {
        let (n, m) = x.shape;
        let device = x.tensor().device().clone();
        // Padding is read from a zero behind the last number.
        let zero = ZerosTensor::<E>::zeros_like(&device, &(1,)).put_tape(T::default());
        let numbers = (x.into_tensor().reshape_like(&(n * m,)), zero).concat_along(Axis::<0>);
        let places = windows.places(n);
        let index = places.iter().map(|place| place.unwrap_or(n * m)).collect();
        let index = TensorFromVec::<usize>::tensor_from_vec(&device, index, (places.len(),));
        let unfolded: Tensor<(usize,), E, Self, T> = numbers.gather(index);
        Value::new(unfolded.reshape_like(&(n * windows.n_positions(), windows.width())))
    }

    fn convolution<T: TapeHandle<E, Self>>(
        x: Value<(usize, usize), E, Self, T>,
        windows: &Windows,
        weight: Value<(usize, usize), E, Self, T>,
        bias: Value<(usize,), E, Self, T>,
        activation: Activation,
    ) -> Value<(usize, usize), E, Self, T> {
        composed::convolution::<Taped<E, Self, T>>(x, windows, weight, bias, activation)
    }

    fn convolution_dual<T: TapeHandle<E, Self>>(
        p: (Rows<E, Self, T>, Rows<E, Self, T>, Row<E, Self, T>),
        direction: (Option<Rows<E, Self, T>>, Rows<E, Self, T>, Row<E, Self, T>),
        windows: &Windows,
        activation: Activation,
    ) -> [Rows<E, Self, T>; 2] {
        composed::convolution_dual::<Taped<E, Self, T>>(p, direction, windows, activation)
    }

    fn layer_norm<T: TapeHandle<E, Self>, N: Dim, M: Dim>(
        x: Value<(N, M), E, Self, T>,
        gain: Value<(M,), E, Self, T>,
        bias: Value<(M,), E, Self, T>,
        epsilon: f64,
    ) -> Value<(N, M), E, Self, T> {
        composed::layer_norm::<Taped<E, Self, T>, N, M>(x, gain, bias, epsilon)
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
        composed::layer_norm_dual::<Taped<E, Self, T>, N, M>(p, direction, epsilon)
    }

    fn causal_attention<T: TapeHandle<E, Self>>(
        query: Value<(usize, usize), E, Self, T>,
        key: Value<(usize, usize), E, Self, T>,
        value: Value<(usize, usize), E, Self, T>,
        n_lanes: usize,
        reset: &[bool],
    ) -> Value<(usize, usize), E, Self, T> {
        composed::causal_attention::<Taped<E, Self, T>>(query, key, value, n_lanes, reset)
    }

    fn causal_attention_dual<T: TapeHandle<E, Self>>(
        p: [Rows<E, Self, T>; 3],
        direction: [Rows<E, Self, T>; 3],
        n_lanes: usize,
        reset: &[bool],
    ) -> [Rows<E, Self, T>; 2] {
        composed::causal_attention_dual::<Taped<E, Self, T>>(p, direction, n_lanes, reset)
    }
}

#[cfg(feature = "dfdx-kernels")]
impl<E: Scalar> Kernels<E> for Cpu
where
    Self: Device<E>,
{
    fn of_this_thread() -> Self {
        Self::default()
    }
}

#[cfg(feature = "cuda")]
impl<E: Scalar> Kernels<E> for Cuda
where
    Self: Device<E> + Storage<bool> + TensorFromVec<bool>,
{
    fn of_this_thread() -> Self {
        match crate::cuda() {
            Ok(handle) => handle,
            Err(error) => panic!("whoever has a GPU can open it: {error}"),
        }
    }
}

fn join_rows<E: Scalar, D: Kernels<E>, T: TapeHandle<E, D>, M: Dim>(
    above: Value<(usize, M), E, D, T>,
    below: Value<(usize, M), E, D, T>,
) -> Value<(usize, M), E, D, T> {
    let same = above.same(&below);
    let (above, below) = (above.into_tensor(), below.into_tensor());
    let below = if same { below * E::ONE } else { below };
    Value::new((above, below).concat_along(Axis::<0>))
}
