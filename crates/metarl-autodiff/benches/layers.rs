//! What derivatives of layers cost on the CPU, in `f32`, at the sizes agents use them in. Inputs are
//! parameters too, as they are between layers; only boards are data.

use std::cell::OnceCell;
use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use dfdx::prelude::{Const, Cpu, Rank0};
use metarl_autodiff::{
    Activation, Algebra, Binder, Categorical, CausalAttention, CausalConv, Conv2d,
    DiagonalGaussian, Differentiable, Gru, Image, ImageLayout, Initialization, LayerNorm, Layout,
    Lstm, LstmState, Network, Objective, OnDevice,
};
use metarl_core::{Purpose, Seed};

/// Numbers in `[−1, 1]` that do not repeat.
fn wave(n: usize) -> Vec<f32> {
    (0..n).map(|i| (0.7 * i as f32).sin()).collect()
}

/// A layer that is applied to rows.
trait Layer: Network {
    /// Rows in, rows out.
    fn forward<A: Algebra<Elem = f32, Device = Cpu>>(
        &self,
        algebra: &A,
        bound: Self::Bound<A>,
        x: A::Of<(usize, usize)>,
    ) -> A::Of<(usize, usize)>;
}

/// Mean square of a layer's outputs, times numbers that do not repeat.
struct MeanSquare<L> {
    network: WithInput<L>,
    /// The input where it is data.
    input: Option<Vec<f32>>,
    weight: OnceCell<Vec<f32>>,
}

/// A layer and rows it is applied to.
struct WithInput<L> {
    shape: (usize, usize),
    layer: L,
}

impl<L: Layer> Network for WithInput<L> {
    type Bound<A: Algebra> = (A::Of<(usize, usize)>, L::Bound<A>);

    fn bind<A: Algebra, B: Binder<A>>(&self, binder: &mut B) -> Self::Bound<A> {
        let start = Initialization::Glorot {
            gain: 1.0,
            blocks: 1,
        };
        let x = binder.leaf("x", self.shape, start);
        (x, binder.part("layer", &self.layer))
    }
}

impl<L: Layer> Objective<f32, Cpu> for MeanSquare<L> {
    type Network = WithInput<L>;

    fn network(&self) -> &Self::Network {
        &self.network
    }

    fn loss<A: Algebra<Elem = f32, Device = Cpu>>(
        &self,
        algebra: &A,
        (x, bound): (A::Of<(usize, usize)>, L::Bound<A>),
    ) -> Result<A::Of<Rank0>, metarl_autodiff::Error> {
        let x = match &self.input {
            Some(input) => algebra.data(input, self.network.shape),
            None => x,
        };
        let y = self.network.layer.forward(algebra, bound, x);
        let shape = A::shape(&y);
        let weight = self.weight.get_or_init(|| wave(shape.0 * shape.1));
        let weight = algebra.data(weight, shape);
        Ok(A::mean(A::square(y * weight)))
    }
}

fn derivatives<L: Layer>(
    c: &mut Criterion,
    name: &str,
    layer: L,
    shape: (usize, usize),
    input_is_data: bool,
) {
    let network = WithInput { shape, layer };
    let mut rng = Seed::new(0).stream(Purpose::Initialization, 0, 0, 0);
    let theta: Vec<f32> = Layout::of(&network).initialize(&mut rng);
    let objective = MeanSquare {
        network,
        input: input_is_data.then(|| wave(shape.0 * shape.1)),
        weight: OnceCell::new(),
    };
    let loss = OnDevice::new(objective, Cpu::default());
    let n = shape.0;
    let mut group = c.benchmark_group(name);
    group.throughput(Throughput::Elements(n as u64));
    group.bench_function(BenchmarkId::new("value", n), |b| {
        b.iter(|| loss.value(black_box(&theta)));
    });
    group.bench_function(BenchmarkId::new("gradient", n), |b| {
        b.iter(|| loss.gradient(black_box(&theta)));
    });
    group.bench_function(BenchmarkId::new("Hessian-vector product", n), |b| {
        b.iter(|| loss.hessian_vector_product(black_box(&theta), &theta));
    });
    group.finish();
}

const N_LANES: usize = 64;

impl Layer for Lstm {
    fn forward<A: Algebra<Elem = f32, Device = Cpu>>(
        &self,
        algebra: &A,
        lstm: Self::Bound<A>,
        x: A::Of<(usize, usize)>,
    ) -> A::Of<(usize, usize)> {
        let reset = resets(A::shape(&x).0);
        let (hidden, cell) = (
            first_state(algebra, self.hidden),
            first_state(algebra, self.hidden),
        );
        lstm.forward(x, LstmState { hidden, cell }, &reset).hidden
    }
}

impl Layer for Gru {
    fn forward<A: Algebra<Elem = f32, Device = Cpu>>(
        &self,
        algebra: &A,
        gru: Self::Bound<A>,
        x: A::Of<(usize, usize)>,
    ) -> A::Of<(usize, usize)> {
        let reset = resets(A::shape(&x).0);
        gru.forward(x, first_state(algebra, self.hidden), &reset)
    }
}

fn first_state<A: Algebra<Elem = f32, Device = Cpu>>(
    algebra: &A,
    hidden: usize,
) -> A::Of<(usize, usize)> {
    algebra.data(&vec![0.0; N_LANES * hidden], (N_LANES, hidden))
}

/// Every lane starts anew now and then, at steps of its own.
fn resets(n_rows: usize) -> Vec<bool> {
    let row = 0..n_rows;
    row.map(|row| (row / N_LANES + row % N_LANES) % 37 == 36)
        .collect()
}

fn recurrence(c: &mut Criterion) {
    let (n_steps, inputs) = (100, 16);
    let shape = (n_steps * N_LANES, inputs);
    for hidden in [48, 64] {
        let longest_memory = n_steps;
        let name = format!("LSTM of {hidden}, 64 lanes");
        let lstm = Lstm {
            inputs,
            hidden,
            longest_memory,
        };
        derivatives(c, &name, lstm, shape, true);
        let name = format!("GRU of {hidden}, 64 lanes");
        let gru = Gru {
            inputs,
            hidden,
            longest_memory,
        };
        derivatives(c, &name, gru, shape, true);
    }
}

impl Layer for Conv2d {
    fn forward<A: Algebra<Elem = f32, Device = Cpu>>(
        &self,
        _: &A,
        conv: Self::Bound<A>,
        x: A::Of<(usize, usize)>,
    ) -> A::Of<(usize, usize)> {
        conv.forward(x)
    }
}

fn convolution(c: &mut Criterion) {
    for (channels, input_is_data) in [(4, true), (6, true), (6, false)] {
        let image = Image {
            height: 10,
            width: 10,
            channels,
            layout: ImageLayout::ChannelsFirst,
        };
        let conv = Conv2d {
            image,
            filters: 16,
            kernel: 3,
            stride: 1,
            padding: 0,
            activation: Activation::Relu,
            gain: 1.0,
        };
        let kind = if input_is_data { "boards" } else { "features" };
        let name = format!("16 filters of 3 × 3 on {kind} of 10 × 10 × {channels}");
        derivatives(c, &name, conv, (32, image.n_numbers()), input_is_data);
    }
}

impl Layer for CausalConv {
    fn forward<A: Algebra<Elem = f32, Device = Cpu>>(
        &self,
        _: &A,
        conv: Self::Bound<A>,
        x: A::Of<(usize, usize)>,
    ) -> A::Of<(usize, usize)> {
        let reset = resets(A::shape(&x).0);
        conv.forward(x, N_LANES, &reset)
    }
}

fn causal_convolution(c: &mut Criterion) {
    for width in [32, 64] {
        let conv = CausalConv {
            inputs: width,
            outputs: width,
            kernel: 2,
            dilation: 4,
            activation: Activation::Tanh,
            gain: 1.0,
        };
        let name = format!("causal convolution of width {width}, 64 lanes");
        derivatives(c, &name, conv, (100 * N_LANES, width), false);
    }
}

impl Layer for CausalAttention {
    fn forward<A: Algebra<Elem = f32, Device = Cpu>>(
        &self,
        _: &A,
        attention: Self::Bound<A>,
        x: A::Of<(usize, usize)>,
    ) -> A::Of<(usize, usize)> {
        let reset = vec![false; A::shape(&x).0];
        attention.forward(x, 16, &reset)
    }
}

fn attention(c: &mut Criterion) {
    for (n_steps, width) in [(50, 32), (100, 32), (100, 64)] {
        let layer = CausalAttention {
            inputs: width,
            key: width,
            value: width,
        };
        let name = format!("causal attention of width {width}, 16 lanes, {n_steps} steps");
        derivatives(c, &name, layer, (n_steps * 16, width), false);
    }
}

impl Layer for LayerNorm<usize> {
    fn forward<A: Algebra<Elem = f32, Device = Cpu>>(
        &self,
        _: &A,
        norm: Self::Bound<A>,
        x: A::Of<(usize, usize)>,
    ) -> A::Of<(usize, usize)> {
        norm.forward(x)
    }
}

fn layer_norm(c: &mut Criterion) {
    for columns in [64, 128] {
        let norm = LayerNorm {
            columns,
            epsilon: 1e-5,
        };
        let name = format!("layer normalization of {columns} columns");
        derivatives(c, &name, norm, (2000, columns), false);
    }
}

/// Logarithms of the probabilities of actions and of their mean, from outputs of a network.
struct CategoricalHead;

impl Network for CategoricalHead {
    type Bound<A: Algebra> = ();

    fn bind<A: Algebra, B: Binder<A>>(&self, _: &mut B) {}
}

impl Layer for CategoricalHead {
    fn forward<A: Algebra<Elem = f32, Device = Cpu>>(
        &self,
        _: &A,
        (): (),
        x: A::Of<(usize, usize)>,
    ) -> A::Of<(usize, usize)> {
        let (n, _) = A::shape(&x);
        let policy = Categorical::<A, usize, 5>::from_logits(A::reshape(x, (n, Const::<5>)));
        let action: Vec<usize> = (0..n).map(|i| i * i % 5).collect();
        A::reshape(policy.log_prob(&action) + policy.entropy(), (n, 1))
    }
}

/// The same of Gaussian coordinates.
struct GaussianHead;

impl Network for GaussianHead {
    type Bound<A: Algebra> = A::Of<(Const<2>,)>;

    fn bind<A: Algebra, B: Binder<A>>(&self, binder: &mut B) -> Self::Bound<A> {
        let start = Initialization::Constant(0.0);
        binder.leaf("log_std", (Const::<2>,), start)
    }
}

impl Layer for GaussianHead {
    fn forward<A: Algebra<Elem = f32, Device = Cpu>>(
        &self,
        algebra: &A,
        log_std: Self::Bound<A>,
        x: A::Of<(usize, usize)>,
    ) -> A::Of<(usize, usize)> {
        let (n, _) = A::shape(&x);
        let shape = (n, Const::<2>);
        let action = wave(2 * n);
        let policy = DiagonalGaussian::<A, usize, 2>::new(A::reshape(x, shape), log_std);
        let log_prob = policy.log_prob(algebra, action.as_chunks().0);
        A::reshape(log_prob + policy.entropy(), (n, 1))
    }
}

fn heads(c: &mut Criterion) {
    derivatives(c, "categorical head", CategoricalHead, (2000, 5), false);
    derivatives(c, "Gaussian head", GaussianHead, (2000, 2), false);
}

criterion_group!(
    benches,
    recurrence,
    convolution,
    causal_convolution,
    attention,
    layer_norm,
    heads
);
criterion_main!(benches);
