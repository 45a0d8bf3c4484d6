//! The operations a loss is written in, once.

use std::fmt::Debug;
use std::ops::{Add, Mul, Neg, Sub};

use dfdx::prelude::{Dim, Rank0, Shape, Tensor, TryLe};
use serde::{Deserialize, Serialize};

use crate::{Kernels, Scalar, Windows, composed};

/// An element-wise non-linearity between layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Activation {
    /// `x`
    Identity,
    /// `tanh x`
    Tanh,
    /// `max(x, 0)`
    Relu,
    /// `1 / (1 + e⁻ˣ)`
    Sigmoid,
}

/// A plain tensor of an algebra's element type and device: data, without derivative.
pub type Data<A, S> = Tensor<S, <A as Algebra>::Elem, <A as Algebra>::Device>;

/// What a normal distribution is asked, and numbers of its shape that it is held against. No gradient
/// flows to these.
#[doc(hidden)]
#[derive(Debug, Clone)]
pub enum GaussianTerm<V> {
    /// The log-density of an action.
    LogProb { action: V },
    /// The divergence from another distribution.
    Divergence { mean: V, log_std: V },
}

impl<V> GaussianTerm<V> {
    pub(crate) fn map<W>(self, f: impl Fn(V) -> W) -> GaussianTerm<W> {
        match self {
            Self::LogProb { action } => GaussianTerm::LogProb { action: f(action) },
            Self::Divergence { mean, log_std } => GaussianTerm::Divergence {
                mean: f(mean),
                log_std: f(log_std),
            },
        }
    }
}

/// Input, state, weights and resets of a recurrent layer over a whole sequence.
///
/// Rows are time-major: row `t · n_lanes + lane` is step `t` of that lane, `n_rows = n_steps ·
/// n_lanes`.
#[derive(Debug, Clone)]
pub struct Recurrence<X, H, Wi, Wh, B> {
    /// `(n_rows, inputs)`.
    pub input: X,
    /// State before the first step, `(n_lanes, hidden)`.
    pub state: H,
    /// Input weights `(inputs, gates · hidden)`.
    pub input_weight: Wi,
    /// Recurrent weights `(hidden, gates · hidden)`.
    pub recurrent_weight: Wh,
    /// Bias `(gates · hidden,)`.
    pub bias: B,
}

/// An [`Algebra`]'s [`Recurrence`].
pub type RecurrenceOf<A> = Recurrence<
    <A as Algebra>::Of<(usize, usize)>,
    <A as Algebra>::Of<(usize, usize)>,
    <A as Algebra>::Of<(usize, usize)>,
    <A as Algebra>::Of<(usize, usize)>,
    <A as Algebra>::Of<(usize,)>,
>;

/// The tangents of an [`Algebra`]'s [`Recurrence`]: an input that is data has none.
pub type RecurrenceTangentOf<A> = Recurrence<
    Option<<A as Algebra>::Of<(usize, usize)>>,
    <A as Algebra>::Of<(usize, usize)>,
    <A as Algebra>::Of<(usize, usize)>,
    <A as Algebra>::Of<(usize, usize)>,
    <A as Algebra>::Of<(usize,)>,
>;

/// One set of operations, several readings.
///
/// A loss written against this trait is evaluated as numbers by [`Plain`](crate::Plain), recorded
/// for its gradient by [`Reverse`](crate::Reverse), pushed forward along a direction by
/// [`Forward<Plain>`](crate::Forward), and differentiated twice by
/// [`ReverseOverForward`](crate::ReverseOverForward).
///
/// Values support `+`, `-`, `*` (element by element) and unary `-`; shapes are checked by the
/// compiler where they are `Const` and by an assertion where they are run-time sizes. Running out
/// of device memory panics, as a `Vec` does.
pub trait Algebra: Clone + Debug + 'static {
    /// `f32` or `f64`.
    type Elem: Scalar;
    /// Where tensors live.
    type Device: Kernels<Self::Elem>;
    /// A value of a shape, with whatever this reading carries along.
    type Of<S: Shape>: Clone
        + Debug
        + Add<Output = Self::Of<S>>
        + Sub<Output = Self::Of<S>>
        + Mul<Output = Self::Of<S>>
        + Neg<Output = Self::Of<S>>;

    /// The device constants are made on.
    fn device(&self) -> &Self::Device;

    /// Data: its derivative is zero.
    fn constant<S: Shape>(&self, x: Data<Self, S>) -> Self::Of<S>;

    /// Data from numbers, one row after another, copied into memory that is used again.
    ///
    /// # Panics
    ///
    /// When the shape has more or fewer elements.
    fn data<S: Shape>(&self, numbers: &[Self::Elem], shape: S) -> Self::Of<S>;

    /// The number behind a value, cut off from every derivative.
    fn primal<S: Shape>(x: &Self::Of<S>) -> Data<Self, S>;

    /// Shape of a value.
    fn shape<S: Shape>(x: &Self::Of<S>) -> S;

    /// Zeros of a value's shape: data. Unlike `0 x` they are zero where `x` is infinite or NaN.
    fn zeros_like<S: Shape>(x: &Self::Of<S>) -> Self::Of<S>;

    /// `c x`
    fn scale<S: Shape>(x: Self::Of<S>, c: f64) -> Self::Of<S>;
    /// `x + c`
    fn shift<S: Shape>(x: Self::Of<S>, c: f64) -> Self::Of<S>;
    /// `eˣ`
    fn exp<S: Shape>(x: Self::Of<S>) -> Self::Of<S>;
    /// `ln x`
    fn ln<S: Shape>(x: Self::Of<S>) -> Self::Of<S>;
    /// `1 / x`
    fn recip<S: Shape>(x: Self::Of<S>) -> Self::Of<S>;
    /// `√x`. The derivative at 0 is infinite: add an epsilon inside where 0 can occur.
    fn sqrt<S: Shape>(x: Self::Of<S>) -> Self::Of<S>;
    /// `x²`
    fn square<S: Shape>(x: Self::Of<S>) -> Self::Of<S>;
    /// `tanh x`
    fn tanh<S: Shape>(x: Self::Of<S>) -> Self::Of<S>;
    /// `1 / (1 + e⁻ˣ)`
    fn sigmoid<S: Shape>(x: Self::Of<S>) -> Self::Of<S>;
    /// `max(x, 0)`; the derivative at 0 is 0.
    fn relu<S: Shape>(x: Self::Of<S>) -> Self::Of<S>;
    /// `min(max(x, low), high)`; the derivative is 1 inside and at the bounds, 0 outside.
    fn clamp<S: Shape>(x: Self::Of<S>, low: f64, high: f64) -> Self::Of<S>;
    /// `x` where the mask is true, else `y`.
    fn choose<S: Shape>(
        mask: Tensor<S, bool, Self::Device>,
        x: Self::Of<S>,
        y: Self::Of<S>,
    ) -> Self::Of<S>;
    /// Sum of all elements.
    fn sum<S: Shape>(x: Self::Of<S>) -> Self::Of<Rank0>;

    /// Matrix product `(N, K) × (K, M)`.
    fn matmul<N: Dim, K: Dim, M: Dim>(x: Self::Of<(N, K)>, y: Self::Of<(K, M)>)
    -> Self::Of<(N, M)>;
    /// Product with a transposed matrix, `x yᵀ`: each row of `x` times each row of `y`,
    /// `(N, K) × (M, K) → (N, M)`.
    fn matmul_transposed<N: Dim, K: Dim, M: Dim>(
        x: Self::Of<(N, K)>,
        y: Self::Of<(M, K)>,
    ) -> Self::Of<(N, M)>;
    /// The same row `n` times: `(M,) → (N, M)`.
    fn repeat_rows<N: Dim, M: Dim>(x: Self::Of<(M,)>, n: N) -> Self::Of<(N, M)>;
    /// The same column `m` times: `(N,) → (N, M)`.
    fn repeat_columns<N: Dim, M: Dim>(x: Self::Of<(N,)>, m: M) -> Self::Of<(N, M)>;
    /// Sum of each row: `(N, M) → (N,)`.
    fn sum_columns<N: Dim, M: Dim>(x: Self::Of<(N, M)>) -> Self::Of<(N,)>;
    /// `n` rows from `start`: `(N, M) → (n, M)`.
    fn rows<M: Dim>(x: Self::Of<(usize, M)>, start: usize, n: usize) -> Self::Of<(usize, M)>;
    /// `m` columns from `start`: `(N, M) → (N, m)`.
    fn columns<N: Dim>(x: Self::Of<(N, usize)>, start: usize, m: usize) -> Self::Of<(N, usize)>;
    /// Puts blocks of rows under each other.
    fn stack_rows<M: Dim>(blocks: Vec<Self::Of<(usize, M)>>) -> Self::Of<(usize, M)>;
    /// One element of each row: `yₙ = xₙ,ᵢ₍ₙ₎`.
    fn pick<N: Dim, M: Dim>(x: Self::Of<(N, M)>, index: &[usize]) -> Self::Of<(N,)>;
    /// Gives run-time sizes a compile-time name, or forgets one; the number of elements and their
    /// order stay.
    fn reshape<S: Shape, R: Shape>(x: Self::Of<S>, shape: R) -> Self::Of<R>;
    /// The windows of every row, one under another: `(N, inputs) → (N · positions, width)`.
    fn unfold(x: Self::Of<(usize, usize)>, windows: &Windows) -> Self::Of<(usize, usize)>;

    /// Puts blocks of columns beside each other: `(N, m₀), (N, m₁), … → (N, Σ mₖ)`.
    fn stack_columns(blocks: Vec<Self::Of<(usize, usize)>>) -> Self::Of<(usize, usize)> {
        composed::stack_columns::<Self>(blocks)
    }

    /// The smaller of two, element by element; the first where they are equal.
    fn minimum<S: Shape>(x: Self::Of<S>, y: Self::Of<S>) -> Self::Of<S> {
        let mask = Self::primal(&x).le(&Self::primal(&y));
        Self::choose(mask, x, y)
    }

    /// Mean of all elements.
    fn mean<S: Shape>(x: Self::Of<S>) -> Self::Of<Rank0> {
        let n = Self::shape(&x).num_elements();
        Self::scale(Self::sum(x), 1.0 / n as f64)
    }

    /// Applies a non-linearity.
    fn activate<S: Shape>(x: Self::Of<S>, activation: Activation) -> Self::Of<S> {
        match activation {
            Activation::Identity => x,
            Activation::Tanh => Self::tanh(x),
            Activation::Relu => Self::relu(x),
            Activation::Sigmoid => Self::sigmoid(x),
        }
    }

    /// `φ(x W + b)`
    fn dense<N: Dim, I: Dim, O: Dim>(
        x: Self::Of<(N, I)>,
        weight: Self::Of<(I, O)>,
        bias: Self::Of<(O,)>,
        activation: Activation,
    ) -> Self::Of<(N, O)> {
        composed::dense::<Self, N, I, O>(x, weight, bias, activation)
    }

    /// Derivative of [`dense`](Algebra::dense) along `(dx, dW, db)`, where `output` is its value:
    /// `φ'(x W + b) ⊙ (dx W + x dW + db)`.
    #[doc(hidden)]
    fn dense_tangent<N: Dim, I: Dim, O: Dim>(
        x: Self::Of<(N, I)>,
        dx: Option<Self::Of<(N, I)>>,
        weight: Self::Of<(I, O)>,
        direction: (Self::Of<(I, O)>, Self::Of<(O,)>),
        output: Self::Of<(N, O)>,
        activation: Activation,
    ) -> Self::Of<(N, O)> {
        composed::dense_tangent::<Self, N, I, O>(x, dx, weight, direction, output, activation)
    }

    /// `xₙₖ − ln Σⱼ exp xₙⱼ`
    fn log_softmax<N: Dim, M: Dim>(x: Self::Of<(N, M)>) -> Self::Of<(N, M)>;

    /// [`log_softmax`](Algebra::log_softmax) and its derivative along a direction.
    #[doc(hidden)]
    fn log_softmax_dual<N: Dim, M: Dim>(
        x: Self::Of<(N, M)>,
        dx: Self::Of<(N, M)>,
    ) -> [Self::Of<(N, M)>; 2] {
        composed::log_softmax_dual::<Self, N, M>(x, dx)
    }

    /// What [`DiagonalGaussian`](crate::DiagonalGaussian) is asked, of means and logarithms of
    /// standard deviations.
    #[doc(hidden)]
    fn gaussian<N: Dim, M: Dim>(
        mean: Self::Of<(N, M)>,
        log_std: Self::Of<(N, M)>,
        term: GaussianTerm<Self::Of<(N, M)>>,
    ) -> Self::Of<(N,)> {
        composed::gaussian::<Self, N, M>(mean, log_std, term)
    }

    /// [`gaussian`](Algebra::gaussian) and its derivative along a direction, each of mean and logarithm
    /// of the standard deviation.
    #[doc(hidden)]
    fn gaussian_dual<N: Dim, M: Dim>(
        p: [Self::Of<(N, M)>; 2],
        direction: [Self::Of<(N, M)>; 2],
        term: GaussianTerm<Self::Of<(N, M)>>,
    ) -> [Self::Of<(N,)>; 2] {
        composed::gaussian_dual::<Self, N, M>(p, direction, term)
    }

    /// Gated recurrent unit over a sequence (Cho et al. 2014, with the reset gate after the
    /// recurrent product, as cuDNN has it). Gates lie in the order reset, update, candidate.
    ///
    /// ```text
    /// r = σ(x Wr + h Ur + br)    z = σ(x Wz + h Uz + bz)
    /// c = tanh(x Wc + bc + r ⊙ (h Uc + d))
    /// h' = (1 − z) ⊙ c + z ⊙ h
    /// ```
    ///
    /// `candidate_bias` is `d`, `(hidden,)`. Where `reset[row]`, `h` is zero before the step.
    /// Gives `h'` of every row.
    fn gru(
        p: RecurrenceOf<Self>,
        candidate_bias: Self::Of<(usize,)>,
        reset: &[bool],
    ) -> Self::Of<(usize, usize)> {
        composed::gru::<Self>(p, candidate_bias, reset)
    }

    /// [`gru`](Algebra::gru) and its derivative along a direction. Each pair has the candidate's bias.
    #[doc(hidden)]
    fn gru_dual(
        p: (RecurrenceOf<Self>, Self::Of<(usize,)>),
        direction: (RecurrenceTangentOf<Self>, Self::Of<(usize,)>),
        reset: &[bool],
    ) -> (Self::Of<(usize, usize)>, Self::Of<(usize, usize)>) {
        composed::gru_dual::<Self>(p, direction, reset)
    }

    /// Long short-term memory over a sequence (Hochreiter & Schmidhuber 1997, with the forget gate
    /// of Gers et al. 2000). Gates lie in the order input, forget, cell, output.
    ///
    /// ```text
    /// i, f, o = σ(x W + h U + b)    g = tanh(x Wg + h Ug + bg)
    /// c' = f ⊙ c + i ⊙ g            h' = o ⊙ tanh c'
    /// ```
    ///
    /// Where `reset[row]`, `h` and `c` are zero before the step. Gives `(h', c')` of every row.
    fn lstm(
        p: RecurrenceOf<Self>,
        cell: Self::Of<(usize, usize)>,
        reset: &[bool],
    ) -> (Self::Of<(usize, usize)>, Self::Of<(usize, usize)>) {
        composed::lstm::<Self>(p, cell, reset)
    }

    /// [`lstm`](Algebra::lstm) and its derivative along a direction. Each pair has the first cell, or
    /// is states and cells.
    #[doc(hidden)]
    fn lstm_dual(
        p: (RecurrenceOf<Self>, Self::Of<(usize, usize)>),
        direction: (RecurrenceTangentOf<Self>, Self::Of<(usize, usize)>),
        reset: &[bool],
    ) -> [(Self::Of<(usize, usize)>, Self::Of<(usize, usize)>); 2] {
        composed::lstm_dual::<Self>(p, direction, reset)
    }

    /// [`lstm`](Algebra::lstm) with memories let into its cell (Ritter et al. 2018). A fifth gate,
    /// after the others, is that of reinstatement.
    ///
    /// ```text
    /// i, f, o, r = σ(x W + h U + b)         g = tanh(x Wg + h Ug + bg)
    /// c' = f ⊙ c + i ⊙ g + r ⊙ m            h' = o ⊙ tanh c'
    /// ```
    ///
    /// `memory` is the `m` of every row, `(rows, hidden)`. Where `reset[row]`, `h` and `c` are zero
    /// before the step. Gives `(h', c')` of every row.
    fn episodic_lstm(
        p: RecurrenceOf<Self>,
        cell: Self::Of<(usize, usize)>,
        memory: Self::Of<(usize, usize)>,
        reset: &[bool],
    ) -> (Self::Of<(usize, usize)>, Self::Of<(usize, usize)>) {
        composed::episodic_lstm::<Self>(p, cell, memory, reset)
    }

    /// The same dense layer at every window of every row.
    ///
    /// ```text
    /// yₙ,ₚ = φ(windowₚ(xₙ) W + b)
    /// ```
    ///
    /// | argument | shape | meaning |
    /// |---|---|---|
    /// | `x` | `(N, inputs)` | images, or one row of all steps of sequences |
    /// | `windows` | | what each position sees: [`Windows::over_image`], [`Windows::over_past`] |
    /// | `weight` | `(width, O)` | a row for each number of a window |
    /// | `bias` | `(O,)` | |
    ///
    /// Gives `(N · positions, O)`: a row for each position. With images that is an image again,
    /// channels last. Gradients flow to `x`, `weight` and `bias`.
    fn convolution(
        x: Self::Of<(usize, usize)>,
        windows: &Windows,
        weight: Self::Of<(usize, usize)>,
        bias: Self::Of<(usize,)>,
        activation: Activation,
    ) -> Self::Of<(usize, usize)> {
        composed::convolution::<Self>(x, windows, weight, bias, activation)
    }

    /// [`convolution`](Algebra::convolution) and its derivative along a direction, each of input,
    /// weight and bias.
    #[doc(hidden)]
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
        composed::convolution_dual::<Self>(p, direction, windows, activation)
    }

    /// Normalizes each row (Ba et al. 2016, [arXiv:1607.06450](https://arxiv.org/abs/1607.06450),
    /// equation 4).
    ///
    /// ```text
    /// y = γ ⊙ (x − μ) / √(σ² + ε) + β        μ = mean x,  σ² = mean (x − μ)²
    /// ```
    ///
    /// `gain` is γ and `bias` is β, `(M,)` each. Gradients flow to all three arguments. `epsilon`
    /// must not be zero where a row may be constant: the derivative there would be infinite.
    fn layer_norm<N: Dim, M: Dim>(
        x: Self::Of<(N, M)>,
        gain: Self::Of<(M,)>,
        bias: Self::Of<(M,)>,
        epsilon: f64,
    ) -> Self::Of<(N, M)> {
        composed::layer_norm::<Self, N, M>(x, gain, bias, epsilon)
    }

    /// [`layer_norm`](Algebra::layer_norm) and its derivative along a direction, each of input, gain
    /// and bias.
    #[doc(hidden)]
    fn layer_norm_dual<N: Dim, M: Dim>(
        p: (Self::Of<(N, M)>, Self::Of<(M,)>, Self::Of<(M,)>),
        direction: (Self::Of<(N, M)>, Self::Of<(M,)>, Self::Of<(M,)>),
        epsilon: f64,
    ) -> [Self::Of<(N, M)>; 2] {
        composed::layer_norm_dual::<Self, N, M>(p, direction, epsilon)
    }

    /// What each step of a sequence reads from itself and the steps before it (Vaswani et al. 2017,
    /// [arXiv:1706.03762](https://arxiv.org/abs/1706.03762), equation 1).
    ///
    /// ```text
    /// yᵢ = Σ_{j ≤ i} pᵢⱼ vⱼ        pᵢ = softmax(qᵢ · kⱼ / √d)
    /// ```
    ///
    /// | argument | shape | meaning |
    /// |---|---|---|
    /// | `query` | `(n_queries, d)` | q of the last steps: all, or only those that are asked |
    /// | `key` | `(n_rows, d)` | k, rows time-major as in a [`Recurrence`] |
    /// | `value` | `(n_rows, e)` | v |
    /// | `reset` | `n_rows` | where a lane starts anew: no step before it is read |
    ///
    /// Gives `(n_queries, e)`. Gradients flow to query, key and value.
    fn causal_attention(
        query: Self::Of<(usize, usize)>,
        key: Self::Of<(usize, usize)>,
        value: Self::Of<(usize, usize)>,
        n_lanes: usize,
        reset: &[bool],
    ) -> Self::Of<(usize, usize)> {
        composed::causal_attention::<Self>(query, key, value, n_lanes, reset)
    }

    /// [`causal_attention`](Algebra::causal_attention) and its derivative along a direction, each of
    /// query, key and value.
    #[doc(hidden)]
    fn causal_attention_dual(
        p: [Self::Of<(usize, usize)>; 3],
        direction: [Self::Of<(usize, usize)>; 3],
        n_lanes: usize,
        reset: &[bool],
    ) -> [Self::Of<(usize, usize)>; 2] {
        composed::causal_attention_dual::<Self>(p, direction, n_lanes, reset)
    }
}
