//! Every operation of the algebra: value, gradient, directional derivative, curvature.

use dfdx::prelude::{Rank0, Tensor};
use metarl_autodiff::{
    Activation, Algebra, Binder, Error, Image, ImageLayout, Initialization, Kernels, Network,
    Objective, Windows,
};
use proptest::prelude::*;

use crate::device::TestDevice;
use crate::reference;
use crate::support::{check, constant, numbers, weigh};

/// Two matrices of one shape.
#[derive(Debug, Clone)]
struct Pair {
    n: usize,
    m: usize,
}

impl Network for Pair {
    type Bound<A: Algebra> = (A::Of<(usize, usize)>, A::Of<(usize, usize)>);

    fn bind<A: Algebra, B: Binder<A>>(&self, binder: &mut B) -> Self::Bound<A> {
        let (shape, start) = ((self.n, self.m), Initialization::Constant(0.0));
        (
            binder.leaf("x", shape, start),
            binder.leaf("y", shape, start),
        )
    }
}

#[derive(Debug, Clone)]
enum Op {
    Add,
    AddSelf,
    AddData(Vec<f64>),
    Sub,
    SubSelf,
    SubFromData(Vec<f64>),
    Mul,
    MulSelf,
    MulData(Vec<f64>),
    Neg,
    Scale(f64),
    Shift(f64),
    Exp,
    Ln,
    Recip,
    Sqrt,
    Square,
    Activate(Activation),
    Clamp(f64, f64),
    Choose(Vec<bool>),
    ChooseSelf(Vec<bool>),
    ChooseData(Vec<bool>),
    Minimum,
    MinimumSelf,
    Sum,
    SumScalar,
    Mean,
    Matmul,
    MatmulSelf,
    MatmulData(Vec<f64>),
    MatmulTransposed,
    MatmulTransposedSelf,
    MatmulTransposedData(Vec<f64>),
    RepeatRows(usize),
    RepeatColumns(usize),
    SumColumns,
    Rows(usize, usize),
    Columns(usize, usize),
    StackRows(Vec<f64>),
    StackSelf,
    StackColumns(Vec<f64>),
    Unfold,
    Pick(Vec<usize>),
    Reshape,
    ReshapeTwice,
    LogSoftmax,
    Dense(Vec<f64>),
}

/// `weigh(op(x, y))` and a point and direction to look at it.
#[derive(Debug, Clone)]
struct Case {
    op: Op,
    network: Pair,
    x: Vec<f64>,
    y: Vec<f64>,
    direction: Vec<f64>,
    weight: Vec<f64>,
}

fn mask<A: Algebra>(
    like: &A::Of<(usize, usize)>,
    mask: &[bool],
) -> Tensor<(usize, usize), bool, A::Device> {
    <A::Device as Kernels<A::Elem>>::mask(&A::primal(like), mask)
}

impl Objective<f64, TestDevice> for Case {
    type Network = Pair;

    fn network(&self) -> &Pair {
        &self.network
    }

    fn loss<A: Algebra<Elem = f64, Device = TestDevice>>(
        &self,
        algebra: &A,
        (x, y): (A::Of<(usize, usize)>, A::Of<(usize, usize)>),
    ) -> Result<A::Of<Rank0>, Error> {
        let Pair { n, m } = self.network;
        let len = n * m;
        let scalar = |x| A::reshape(x, (1, 1));
        let data = |numbers: &[f64]| constant(algebra, numbers, (n, m));
        let out = match &self.op {
            Op::Add => x + y,
            Op::AddSelf => x.clone() + x,
            Op::AddData(d) => x + data(d),
            Op::Sub => x - y,
            Op::SubSelf => x.clone() - x,
            Op::SubFromData(d) => data(d) - x,
            Op::Mul => x * y,
            Op::MulSelf => x.clone() * x,
            Op::MulData(d) => data(d) * x,
            Op::Neg => -x,
            Op::Scale(c) => A::scale(x, *c),
            Op::Shift(c) => A::shift(x, *c),
            Op::Exp => A::exp(x),
            Op::Ln => A::ln(x),
            Op::Recip => A::recip(x),
            Op::Sqrt => A::sqrt(x),
            Op::Square => A::square(x),
            Op::Activate(activation) => A::activate(x, *activation),
            Op::Clamp(low, high) => A::clamp(x, *low, *high),
            Op::Choose(which) => A::choose(mask::<A>(&x, which), x, y),
            Op::ChooseSelf(which) => A::choose(mask::<A>(&x, which), x.clone(), x),
            Op::ChooseData(which) => A::choose(mask::<A>(&x, which), x, data(&vec![0.5; len])),
            Op::Minimum => A::minimum(x, y),
            Op::MinimumSelf => A::minimum(x.clone(), x),
            Op::Sum => scalar(A::sum(x)),
            Op::SumScalar => scalar(A::sum(A::sum(x))),
            Op::Mean => scalar(A::mean(x)),
            Op::Matmul => A::matmul(x, A::reshape(y, (m, n))),
            Op::MatmulSelf => A::matmul(x.clone(), A::reshape(x, (m, n))),
            Op::MatmulData(d) => A::matmul(A::reshape(data(d), (m, n)), x),
            Op::MatmulTransposed => A::matmul_transposed(A::rows(x, 0, n - n / 2), y),
            Op::MatmulTransposedSelf => A::matmul_transposed(x.clone(), x),
            Op::MatmulTransposedData(d) => A::matmul_transposed(data(d), x),
            Op::RepeatRows(k) => A::repeat_rows(A::reshape(x, (len,)), *k),
            Op::RepeatColumns(k) => A::repeat_columns(A::reshape(x, (len,)), *k),
            Op::SumColumns => A::reshape(A::sum_columns(x), (n, 1)),
            Op::Rows(start, k) => A::rows(x, *start, *k),
            Op::Columns(start, k) => A::columns(x, *start, *k),
            Op::StackRows(d) => A::stack_rows(vec![x.clone(), data(d), y, x]),
            Op::StackSelf => A::stack_rows(vec![x.clone(), x.clone(), x]),
            Op::StackColumns(d) => {
                A::stack_columns(vec![x.clone(), data(d), A::columns(y, 0, 1), x])
            }
            Op::Unfold => A::unfold(x, &self.windows()),
            Op::Pick(index) => A::reshape(A::pick(x, index), (n, 1)),
            Op::Reshape => A::reshape(x, (m, n)),
            Op::ReshapeTwice => A::reshape(x.clone(), (m, n)) * A::reshape(x, (m, n)),
            Op::LogSoftmax => A::log_softmax(x),
            // Weights that are computed, not parameters.
            Op::Dense(d) => {
                let weight = A::reshape(A::square(x) * y.clone(), (m, n));
                let bias = A::sum_columns(A::exp(y));
                A::dense(data(d), weight, bias, Activation::Tanh)
            }
        };
        Ok(weigh(
            algebra,
            out,
            &self.weight[..self.apply(&self.x, &self.y).len()],
        ))
    }
}

impl Case {
    /// Squares of 3 × 3 on an image one pixel high, with a pixel of padding around.
    fn windows(&self) -> Windows {
        let image = Image {
            height: 1,
            width: self.network.m,
            channels: 1,
            layout: ImageLayout::ChannelsLast,
        };
        Windows::over_image(image, 3, 1, 1)
    }

    /// The operation as a loop.
    fn apply(&self, x: &[f64], y: &[f64]) -> Vec<f64> {
        let Pair { n, m } = self.network;
        let map = |f: &dyn Fn(f64) -> f64| x.iter().map(|x| f(*x)).collect::<Vec<_>>();
        let zip = |y: &[f64], f: &dyn Fn(f64, f64) -> f64| -> Vec<f64> {
            x.iter().zip(y).map(|(x, y)| f(*x, *y)).collect()
        };
        let choose = |which: &[bool], y: &[f64]| -> Vec<f64> {
            (0..n * m)
                .map(|i| if which[i] { x[i] } else { y[i] })
                .collect()
        };
        let sum: f64 = x.iter().sum();
        match &self.op {
            Op::Add => zip(y, &|x, y| x + y),
            Op::AddSelf => map(&|x| 2.0 * x),
            Op::AddData(d) => zip(d, &|x, d| x + d),
            Op::Sub => zip(y, &|x, y| x - y),
            Op::SubSelf => map(&|_| 0.0),
            Op::SubFromData(d) => zip(d, &|x, d| d - x),
            Op::Mul => zip(y, &|x, y| x * y),
            Op::MulSelf | Op::Square => map(&|x| x * x),
            Op::MulData(d) => zip(d, &|x, d| d * x),
            Op::Neg => map(&|x| -x),
            Op::Scale(c) => map(&|x| c * x),
            Op::Shift(c) => map(&|x| c + x),
            Op::Exp => map(&f64::exp),
            Op::Ln => map(&f64::ln),
            Op::Recip => map(&|x| 1.0 / x),
            Op::Sqrt => map(&f64::sqrt),
            Op::Activate(activation) => map(&|x| reference::activate(x, *activation)),
            Op::Clamp(low, high) => map(&|x| x.max(*low).min(*high)),
            Op::Choose(which) => choose(which, y),
            Op::ChooseData(which) => choose(which, &vec![0.5; n * m]),
            Op::Minimum => zip(y, &f64::min),
            Op::ChooseSelf(_) | Op::MinimumSelf | Op::Reshape => x.to_vec(),
            Op::Sum | Op::SumScalar => vec![sum],
            Op::Mean => vec![sum / (n * m) as f64],
            Op::Matmul => reference::matmul(x, y, (n, m, n)),
            Op::MatmulSelf => reference::matmul(x, x, (n, m, n)),
            Op::MatmulData(d) => reference::matmul(d, x, (m, n, m)),
            Op::MatmulTransposed => {
                reference::matmul_transposed(&x[..(n - n / 2) * m], y, (n - n / 2, m, n))
            }
            Op::MatmulTransposedSelf => reference::matmul_transposed(x, x, (n, m, n)),
            Op::MatmulTransposedData(d) => reference::matmul_transposed(d, x, (n, m, n)),
            Op::RepeatRows(k) => x.repeat(*k),
            Op::RepeatColumns(k) => x.iter().flat_map(|x| vec![*x; *k]).collect(),
            Op::SumColumns => x.chunks(m).map(|row| row.iter().sum()).collect(),
            Op::Rows(start, k) => x[start * m..(start + k) * m].to_vec(),
            Op::Columns(start, k) => x
                .chunks(m)
                .flat_map(|row| row[*start..start + k].to_vec())
                .collect(),
            Op::StackRows(d) => [x, d, y, x].concat(),
            Op::StackSelf => x.repeat(3),
            Op::StackColumns(d) => (0..n)
                .flat_map(|row| {
                    let own = row * m..(row + 1) * m;
                    let first = std::slice::from_ref(&y[row * m]);
                    [&x[own.clone()], &d[own.clone()], first, &x[own]].concat()
                })
                .collect(),
            // Three of a padded row, the middle one of three rows of pixels.
            Op::Unfold => x
                .chunks(m)
                .flat_map(|row| (0..m).map(move |position| (row, position)))
                .flat_map(|(row, position)| {
                    let pixel =
                        move |k: usize| (position + k).checked_sub(1).and_then(|k| row.get(k));
                    let seen = (0..3).map(move |k| pixel(k).copied().unwrap_or(0.0));
                    [0.0; 3].into_iter().chain(seen).chain([0.0; 3])
                })
                .collect(),
            Op::Pick(index) => (0..n).map(|row| x[row * m + index[row]]).collect(),
            Op::ReshapeTwice => map(&|x| x * x),
            Op::LogSoftmax => reference::log_softmax(x, m),
            Op::Dense(d) => {
                let weight = zip(y, &|x, y| x * x * y);
                let bias: Vec<f64> = y
                    .chunks(m)
                    .map(|row| row.iter().map(|y| y.exp()).sum())
                    .collect();
                reference::dense(d, &weight, &bias, Activation::Tanh)
            }
        }
    }

    fn check(self) {
        let n = self.x.len();
        let point = [self.x.clone(), self.y.clone()].concat();
        let reference = |point: &[f64]| {
            let y = self.apply(&point[..n], &point[n..]);
            reference::weigh(&y, &self.weight[..y.len()])
        };
        check(self.clone(), reference, &point, &self.direction);
    }
}

/// Elements of `x` from one strategy, `y` from another, an operation that may depend on the sizes.
fn case<O: Strategy<Value = Op>>(
    element: impl Strategy<Value = f64> + Clone,
    op: impl Fn(usize, usize) -> O + Clone,
) -> impl Strategy<Value = Case> {
    (1..5_usize, 1..5_usize).prop_flat_map(move |(n, m)| {
        let x = prop::collection::vec(element.clone(), n * m);
        // Never equal to `x`, where a minimum has its kink.
        let gap = prop::collection::vec(away_from(0.0, 0.01), n * m);
        (op(n, m), x, gap, numbers(2 * n * m), numbers(9 * 16)).prop_map(
            move |(op, x, gap, direction, weight)| Case {
                op,
                network: Pair { n, m },
                y: x.iter().zip(gap).map(|(x, gap)| x + gap).collect(),
                x,
                direction,
                weight,
            },
        )
    })
}

fn any_real() -> impl Strategy<Value = f64> + Clone {
    -2.0..2.0
}

fn positive() -> impl Strategy<Value = f64> + Clone {
    0.2..3.0
}

/// Numbers of order one at least `gap` from a kink.
fn away_from(kink: f64, gap: f64) -> impl Strategy<Value = f64> + Clone {
    prop_oneof![-2.0..-gap, gap..2.0].prop_map(move |x| kink + x)
}

fn always(op: Op) -> impl Fn(usize, usize) -> Just<Op> + Clone {
    move |_, _| Just(op.clone())
}

fn with_data(op: fn(Vec<f64>) -> Op) -> impl Fn(usize, usize) -> BoxedStrategy<Op> + Clone {
    move |n, m| numbers(n * m).prop_map(op).boxed()
}

fn with_mask(op: fn(Vec<bool>) -> Op) -> impl Fn(usize, usize) -> BoxedStrategy<Op> + Clone {
    move |n, m| {
        prop::collection::vec(any::<bool>(), n * m)
            .prop_map(op)
            .boxed()
    }
}

/// A range inside `0..n`.
fn part(n: usize) -> impl Strategy<Value = (usize, usize)> {
    (0..n).prop_flat_map(move |start| (Just(start), 1..=n - start))
}

macro_rules! laws {
    ($($name:ident: $element:expr, $op:expr;)*) => {
        proptest! {
            #![proptest_config(ProptestConfig::with_cases(48))]
            $(#[test] fn $name(case in case($element, $op)) { case.check(); })*
        }
    };
}

laws! {
    add: any_real(), always(Op::Add);
    add_to_itself: any_real(), always(Op::AddSelf);
    add_data: any_real(), with_data(Op::AddData);
    sub: any_real(), always(Op::Sub);
    sub_from_itself: any_real(), always(Op::SubSelf);
    sub_from_data: any_real(), with_data(Op::SubFromData);
    mul: any_real(), always(Op::Mul);
    mul_by_itself: any_real(), always(Op::MulSelf);
    mul_by_data: any_real(), with_data(Op::MulData);
    neg: any_real(), always(Op::Neg);
    scale: any_real(), |_, _| any_real().prop_map(Op::Scale);
    shift: any_real(), |_, _| any_real().prop_map(Op::Shift);
    exp: any_real(), always(Op::Exp);
    ln: positive(), always(Op::Ln);
    recip: prop_oneof![-2.0..-0.3, 0.3..2.0], always(Op::Recip);
    sqrt: positive(), always(Op::Sqrt);
    square: any_real(), always(Op::Square);
    tanh: any_real(), always(Op::Activate(Activation::Tanh));
    sigmoid: any_real(), always(Op::Activate(Activation::Sigmoid));
    relu: away_from(0.0, 0.01), always(Op::Activate(Activation::Relu));
    identity: any_real(), always(Op::Activate(Activation::Identity));
    clamp: prop_oneof![-2.0..-0.51, -0.49..0.69, 0.71..2.0], always(Op::Clamp(-0.5, 0.7));
    choose: any_real(), with_mask(Op::Choose);
    choose_itself: any_real(), with_mask(Op::ChooseSelf);
    choose_data: any_real(), with_mask(Op::ChooseData);
    minimum: any_real(), always(Op::Minimum);
    minimum_of_itself: any_real(), always(Op::MinimumSelf);
    sum: any_real(), always(Op::Sum);
    sum_of_a_scalar: any_real(), always(Op::SumScalar);
    mean: any_real(), always(Op::Mean);
    matmul: any_real(), always(Op::Matmul);
    matmul_by_itself: any_real(), always(Op::MatmulSelf);
    matmul_data: any_real(), with_data(Op::MatmulData);
    matmul_transposed: any_real(), always(Op::MatmulTransposed);
    matmul_transposed_by_itself: any_real(), always(Op::MatmulTransposedSelf);
    matmul_transposed_data: any_real(), with_data(Op::MatmulTransposedData);
    repeat_rows: any_real(), |_, _| (1..4_usize).prop_map(Op::RepeatRows);
    repeat_columns: any_real(), |_, _| (1..4_usize).prop_map(Op::RepeatColumns);
    sum_columns: any_real(), always(Op::SumColumns);
    rows: any_real(), |n, _| part(n).prop_map(|(start, k)| Op::Rows(start, k));
    columns: any_real(), |_, m| part(m).prop_map(|(start, k)| Op::Columns(start, k));
    stack_rows: any_real(), with_data(Op::StackRows);
    stack_itself: any_real(), always(Op::StackSelf);
    stack_columns: any_real(), with_data(Op::StackColumns);
    unfold: any_real(), always(Op::Unfold);
    pick: any_real(), |n, m| prop::collection::vec(0..m, n).prop_map(Op::Pick);
    reshape: any_real(), always(Op::Reshape);
    reshape_twice: any_real(), always(Op::ReshapeTwice);
    log_softmax: any_real(), always(Op::LogSoftmax);
    dense_with_computed_weights: -1.0..1.0, with_data(Op::Dense);
}
