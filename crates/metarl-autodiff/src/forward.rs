//! Values that carry their derivative along one direction: forward mode over any other algebra.

use std::ops::{Add, Mul, Neg, Sub};

use dfdx::prelude::*;

use crate::algebra::{
    Activation, Data, GaussianTerm, Recurrence, RecurrenceOf, RecurrenceTangentOf,
};
use crate::taped::Variables;
use crate::{Algebra, Reverse, Scalar, Windows, composed};

/// `x + ε ẋ` with `ε² = 0`. A constant has no tangent, so products with data cost nothing extra.
#[derive(Debug, Clone)]
pub struct Dual<P: Algebra, S: Shape> {
    /// The value.
    pub primal: P::Of<S>,
    /// Its derivative along the direction; `None` is zero.
    pub tangent: Option<P::Of<S>>,
}

impl<P: Algebra, S: Shape> Dual<P, S> {
    fn new(primal: P::Of<S>, tangent: Option<P::Of<S>>) -> Self {
        Self { primal, tangent }
    }
}

impl<P: Algebra, S: Shape> Add for Dual<P, S> {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        let tangent = sum::<P, S>(self.tangent, other.tangent);
        Self::new(self.primal + other.primal, tangent)
    }
}

impl<P: Algebra, S: Shape> Sub for Dual<P, S> {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        let tangent = match (self.tangent, other.tangent) {
            (Some(dx), Some(dy)) => Some(dx - dy),
            (dx, None) => dx,
            (None, Some(dy)) => Some(-dy),
        };
        Self::new(self.primal - other.primal, tangent)
    }
}

impl<P: Algebra, S: Shape> Mul for Dual<P, S> {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        let left = self.tangent.map(|dx| dx * other.primal.clone());
        let right = other.tangent.map(|dy| dy * self.primal.clone());
        Self::new(self.primal * other.primal, sum::<P, S>(left, right))
    }
}

impl<P: Algebra, S: Shape> Neg for Dual<P, S> {
    type Output = Self;
    fn neg(self) -> Self {
        Self::new(-self.primal, self.tangent.map(|dx| -dx))
    }
}

fn sum<P: Algebra, S: Shape>(x: Option<P::Of<S>>, y: Option<P::Of<S>>) -> Option<P::Of<S>> {
    match (x, y) {
        (Some(x), Some(y)) => Some(x + y),
        (x, None) => x,
        (None, y) => y,
    }
}

/// The algebra of [`Dual`]s over the algebra `P`.
#[derive(Debug, Clone)]
pub struct Forward<P>(P);

/// Gradients of directional derivatives: `∇(∇L · v) = H v`, exactly.
pub type ReverseOverForward<E, D> = Forward<Reverse<E, D>>;

impl<P: Variables> Forward<P> {
    /// Forward mode over `inner`.
    pub fn new(inner: P) -> Self {
        Self(inner)
    }

    /// The algebra underneath.
    pub fn inner(&self) -> &P {
        &self.0
    }

    /// A variable that moves along `direction`, or stands still.
    pub fn variable<S: Shape>(&self, x: Data<P, S>, direction: Option<Data<P, S>>) -> Dual<P, S> {
        Dual::new(self.0.variable(x), direction.map(|dx| self.0.constant(dx)))
    }
}

/// `y = f(x)`, `ẏ = f'(x) ẋ`, where the slope is computed only if there is a tangent.
fn chain<P: Algebra, S: Shape>(
    x: Dual<P, S>,
    f: impl FnOnce(P::Of<S>) -> P::Of<S>,
    slope: impl FnOnce(P::Of<S>, P::Of<S>) -> P::Of<S>,
) -> Dual<P, S> {
    let y = f(x.primal.clone());
    let tangent = x.tangent.map(|dx| dx * slope(x.primal, y.clone()));
    Dual::new(y, tangent)
}

/// An operation linear in its one argument.
fn linear<P: Algebra, S: Shape, R: Shape>(
    x: Dual<P, S>,
    f: impl Fn(P::Of<S>) -> P::Of<R>,
) -> Dual<P, R> {
    Dual::new(f(x.primal), x.tangent.map(f))
}

impl<P: Algebra> Algebra for Forward<P> {
    type Elem = P::Elem;
    type Device = P::Device;
    type Of<S: Shape> = Dual<P, S>;

    fn device(&self) -> &P::Device {
        self.0.device()
    }

    fn constant<S: Shape>(&self, x: Data<Self, S>) -> Self::Of<S> {
        Dual::new(self.0.constant(x), None)
    }

    fn data<S: Shape>(&self, numbers: &[Self::Elem], shape: S) -> Self::Of<S> {
        Dual::new(self.0.data(numbers, shape), None)
    }

    fn primal<S: Shape>(x: &Self::Of<S>) -> Data<Self, S> {
        P::primal(&x.primal)
    }

    fn shape<S: Shape>(x: &Self::Of<S>) -> S {
        P::shape(&x.primal)
    }

    fn zeros_like<S: Shape>(x: &Self::Of<S>) -> Self::Of<S> {
        Dual::new(P::zeros_like(&x.primal), None)
    }

    fn scale<S: Shape>(x: Self::Of<S>, c: f64) -> Self::Of<S> {
        linear(x, |x| P::scale(x, c))
    }
    fn shift<S: Shape>(x: Self::Of<S>, c: f64) -> Self::Of<S> {
        Dual::new(P::shift(x.primal, c), x.tangent)
    }
    fn exp<S: Shape>(x: Self::Of<S>) -> Self::Of<S> {
        chain(x, P::exp, |_, y| y)
    }
    fn ln<S: Shape>(x: Self::Of<S>) -> Self::Of<S> {
        chain(x, P::ln, |x, _| P::recip(x))
    }
    fn recip<S: Shape>(x: Self::Of<S>) -> Self::Of<S> {
        chain(x, P::recip, |_, y| -P::square(y))
    }
    fn sqrt<S: Shape>(x: Self::Of<S>) -> Self::Of<S> {
        chain(x, P::sqrt, |_, y| P::scale(P::recip(y), 0.5))
    }
    fn square<S: Shape>(x: Self::Of<S>) -> Self::Of<S> {
        chain(x, P::square, |x, _| P::scale(x, 2.0))
    }
    fn tanh<S: Shape>(x: Self::Of<S>) -> Self::Of<S> {
        chain(x, P::tanh, |_, y| P::shift(-P::square(y), 1.0))
    }
    fn sigmoid<S: Shape>(x: Self::Of<S>) -> Self::Of<S> {
        chain(x, P::sigmoid, |_, y| y.clone() - P::square(y))
    }
    fn relu<S: Shape>(x: Self::Of<S>) -> Self::Of<S> {
        let zero = P::Elem::real(0.0);
        gate(x, P::relu, |x| x.gt(zero))
    }
    fn clamp<S: Shape>(x: Self::Of<S>, low: f64, high: f64) -> Self::Of<S> {
        let bounds = (P::Elem::real(low), P::Elem::real(high));
        let clamp = |x| P::clamp(x, low, high);
        gate(x, clamp, |x| bool_and(&x.ge(bounds.0), &x.le(bounds.1)))
    }
    fn choose<S: Shape>(
        mask: Tensor<S, bool, P::Device>,
        x: Self::Of<S>,
        y: Self::Of<S>,
    ) -> Self::Of<S> {
        let tangent = match (x.tangent, y.tangent) {
            (None, None) => None,
            (dx, dy) => {
                let dx = dx.unwrap_or_else(|| P::zeros_like(&x.primal));
                let dy = dy.unwrap_or_else(|| P::zeros_like(&y.primal));
                Some(P::choose(mask.clone(), dx, dy))
            }
        };
        Dual::new(P::choose(mask, x.primal, y.primal), tangent)
    }
    fn sum<S: Shape>(x: Self::Of<S>) -> Self::Of<Rank0> {
        linear(x, P::sum)
    }

    fn matmul<N: Dim, K: Dim, M: Dim>(
        x: Self::Of<(N, K)>,
        y: Self::Of<(K, M)>,
    ) -> Self::Of<(N, M)> {
        let left = x.tangent.map(|dx| P::matmul(dx, y.primal.clone()));
        let right = y.tangent.map(|dy| P::matmul(x.primal.clone(), dy));
        Dual::new(P::matmul(x.primal, y.primal), sum::<P, (N, M)>(left, right))
    }
    fn matmul_transposed<N: Dim, K: Dim, M: Dim>(
        x: Self::Of<(N, K)>,
        y: Self::Of<(M, K)>,
    ) -> Self::Of<(N, M)> {
        let left = x
            .tangent
            .map(|dx| P::matmul_transposed(dx, y.primal.clone()));
        let right = y
            .tangent
            .map(|dy| P::matmul_transposed(x.primal.clone(), dy));
        Dual::new(
            P::matmul_transposed(x.primal, y.primal),
            sum::<P, (N, M)>(left, right),
        )
    }
    fn repeat_rows<N: Dim, M: Dim>(x: Self::Of<(M,)>, n: N) -> Self::Of<(N, M)> {
        linear(x, |x| P::repeat_rows(x, n))
    }
    fn repeat_columns<N: Dim, M: Dim>(x: Self::Of<(N,)>, m: M) -> Self::Of<(N, M)> {
        linear(x, |x| P::repeat_columns(x, m))
    }
    fn sum_columns<N: Dim, M: Dim>(x: Self::Of<(N, M)>) -> Self::Of<(N,)> {
        linear(x, P::sum_columns)
    }
    fn rows<M: Dim>(x: Self::Of<(usize, M)>, start: usize, n: usize) -> Self::Of<(usize, M)> {
        linear(x, |x| P::rows(x, start, n))
    }
    fn columns<N: Dim>(x: Self::Of<(N, usize)>, start: usize, m: usize) -> Self::Of<(N, usize)> {
        linear(x, |x| P::columns(x, start, m))
    }
    fn stack_rows<M: Dim>(blocks: Vec<Self::Of<(usize, M)>>) -> Self::Of<(usize, M)> {
        let moving = blocks.iter().any(|block| block.tangent.is_some());
        let tangent = moving.then(|| {
            let tangents = blocks.iter().map(|block| match &block.tangent {
                Some(tangent) => tangent.clone(),
                None => P::zeros_like(&block.primal),
            });
            P::stack_rows(tangents.collect())
        });
        let primals = blocks.into_iter().map(|block| block.primal);
        Dual::new(P::stack_rows(primals.collect()), tangent)
    }
    fn pick<N: Dim, M: Dim>(x: Self::Of<(N, M)>, index: &[usize]) -> Self::Of<(N,)> {
        linear(x, |x| P::pick(x, index))
    }
    fn reshape<S: Shape, R: Shape>(x: Self::Of<S>, shape: R) -> Self::Of<R> {
        linear(x, |x| P::reshape(x, shape))
    }
    fn unfold(x: Self::Of<(usize, usize)>, windows: &Windows) -> Self::Of<(usize, usize)> {
        linear(x, |x| P::unfold(x, windows))
    }

    fn dense<N: Dim, I: Dim, O: Dim>(
        x: Self::Of<(N, I)>,
        weight: Self::Of<(I, O)>,
        bias: Self::Of<(O,)>,
        activation: Activation,
    ) -> Self::Of<(N, O)> {
        let y = P::dense(
            x.primal.clone(),
            weight.primal.clone(),
            bias.primal.clone(),
            activation,
        );
        let tangent = match (x.tangent, weight.tangent, bias.tangent) {
            (None, None, None) => None,
            (dx, dw, db) => {
                let dw = dw.unwrap_or_else(|| P::zeros_like(&weight.primal));
                let db = db.unwrap_or_else(|| P::zeros_like(&bias.primal));
                Some(P::dense_tangent(
                    x.primal,
                    dx,
                    weight.primal,
                    (dw, db),
                    y.clone(),
                    activation,
                ))
            }
        };
        Dual::new(y, tangent)
    }

    fn gru(
        p: RecurrenceOf<Self>,
        candidate_bias: Self::Of<(usize,)>,
        reset: &[bool],
    ) -> Self::Of<(usize, usize)> {
        let (primal, direction) = recurrence_parts(p, candidate_bias);
        let Some(direction) = direction else {
            return Dual::new(P::gru(primal.0, primal.1, reset), None);
        };
        let (states, tangents) = P::gru_dual(primal, direction, reset);
        Dual::new(states, Some(tangents))
    }

    fn lstm(
        p: RecurrenceOf<Self>,
        cell: Self::Of<(usize, usize)>,
        reset: &[bool],
    ) -> (Self::Of<(usize, usize)>, Self::Of<(usize, usize)>) {
        let (primal, direction) = recurrence_parts(p, cell);
        let Some(direction) = direction else {
            let (states, cells) = P::lstm(primal.0, primal.1, reset);
            return (Dual::new(states, None), Dual::new(cells, None));
        };
        let [(states, cells), tangents] = P::lstm_dual(primal, direction, reset);
        let states = Dual::new(states, Some(tangents.0));
        (states, Dual::new(cells, Some(tangents.1)))
    }

    fn log_softmax<N: Dim, M: Dim>(x: Self::Of<(N, M)>) -> Self::Of<(N, M)> {
        match x.tangent {
            None => Dual::new(P::log_softmax(x.primal), None),
            Some(dx) => both(P::log_softmax_dual(x.primal, dx)),
        }
    }

    fn gaussian<N: Dim, M: Dim>(
        mean: Self::Of<(N, M)>,
        log_std: Self::Of<(N, M)>,
        term: GaussianTerm<Self::Of<(N, M)>>,
    ) -> Self::Of<(N,)> {
        let term = term.map(|fixed| fixed.primal);
        if mean.tangent.is_none() && log_std.tangent.is_none() {
            return Dual::new(P::gaussian(mean.primal, log_std.primal, term), None);
        }
        let (mean, dmean) = composed::parts(mean);
        let (log_std, dlog_std) = composed::parts(log_std);
        both(P::gaussian_dual([mean, log_std], [dmean, dlog_std], term))
    }

    fn convolution(
        x: Self::Of<(usize, usize)>,
        windows: &Windows,
        weight: Self::Of<(usize, usize)>,
        bias: Self::Of<(usize,)>,
        activation: Activation,
    ) -> Self::Of<(usize, usize)> {
        if x.tangent.is_none() && weight.tangent.is_none() && bias.tangent.is_none() {
            let (x, weight, bias) = (x.primal, weight.primal, bias.primal);
            let y = P::convolution(x, windows, weight, bias, activation);
            return Dual::new(y, None);
        }
        let (weight, dw) = composed::parts(weight);
        let (bias, db) = composed::parts(bias);
        let direction = (x.tangent, dw, db);
        let p = (x.primal, weight, bias);
        both(P::convolution_dual(p, direction, windows, activation))
    }

    fn layer_norm<N: Dim, M: Dim>(
        x: Self::Of<(N, M)>,
        gain: Self::Of<(M,)>,
        bias: Self::Of<(M,)>,
        epsilon: f64,
    ) -> Self::Of<(N, M)> {
        if x.tangent.is_none() && gain.tangent.is_none() && bias.tangent.is_none() {
            let y = P::layer_norm(x.primal, gain.primal, bias.primal, epsilon);
            return Dual::new(y, None);
        }
        let (x, dx) = composed::parts(x);
        let (gain, dgain) = composed::parts(gain);
        let (bias, dbias) = composed::parts(bias);
        let direction = (dx, dgain, dbias);
        both(P::layer_norm_dual((x, gain, bias), direction, epsilon))
    }

    fn causal_attention(
        query: Self::Of<(usize, usize)>,
        key: Self::Of<(usize, usize)>,
        value: Self::Of<(usize, usize)>,
        n_lanes: usize,
        reset: &[bool],
    ) -> Self::Of<(usize, usize)> {
        if query.tangent.is_none() && key.tangent.is_none() && value.tangent.is_none() {
            let (query, key, value) = (query.primal, key.primal, value.primal);
            let y = P::causal_attention(query, key, value, n_lanes, reset);
            return Dual::new(y, None);
        }
        let (query, dquery) = composed::parts(query);
        let (key, dkey) = composed::parts(key);
        let (value, dvalue) = composed::parts(value);
        let (p, direction) = ([query, key, value], [dquery, dkey, dvalue]);
        both(P::causal_attention_dual(p, direction, n_lanes, reset))
    }
}

/// A value beside its tangent.
fn both<P: Algebra, S: Shape>([primal, tangent]: [P::Of<S>; 2]) -> Dual<P, S> {
    Dual::new(primal, Some(tangent))
}

/// A recurrence and its one other argument.
type Arguments<P, S> = (RecurrenceOf<P>, <P as Algebra>::Of<S>);
type Direction<P, S> = (RecurrenceTangentOf<P>, <P as Algebra>::Of<S>);

/// The arguments of a recurrent layer, and the direction they move along unless they stand still.
fn recurrence_parts<P: Algebra, S: Shape>(
    p: RecurrenceOf<Forward<P>>,
    other: Dual<P, S>,
) -> (Arguments<P, S>, Option<Direction<P, S>>) {
    let moves = p.input.tangent.is_some()
        || p.state.tangent.is_some()
        || p.input_weight.tangent.is_some()
        || p.recurrent_weight.tangent.is_some()
        || p.bias.tangent.is_some()
        || other.tangent.is_some();
    let (state, dstate) = composed::parts(p.state);
    let (input_weight, dinput_weight) = composed::parts(p.input_weight);
    let (recurrent_weight, drecurrent_weight) = composed::parts(p.recurrent_weight);
    let (bias, dbias) = composed::parts(p.bias);
    let (other, dother) = composed::parts(other);
    let primal = Recurrence {
        input: p.input.primal,
        state,
        input_weight,
        recurrent_weight,
        bias,
    };
    let direction = Recurrence {
        input: p.input.tangent,
        state: dstate,
        input_weight: dinput_weight,
        recurrent_weight: drecurrent_weight,
        bias: dbias,
    };
    ((primal, other), moves.then_some((direction, dother)))
}

/// A function whose slope is 1 where the mask holds and 0 elsewhere.
fn gate<P: Algebra, S: Shape>(
    x: Dual<P, S>,
    f: impl FnOnce(P::Of<S>) -> P::Of<S>,
    mask: impl FnOnce(Data<P, S>) -> Tensor<S, bool, P::Device>,
) -> Dual<P, S> {
    let tangent = x.tangent.map(|dx| {
        let mask = mask(P::primal(&x.primal));
        let zero = P::zeros_like(&dx);
        P::choose(mask, dx, zero)
    });
    Dual::new(f(x.primal), tangent)
}
