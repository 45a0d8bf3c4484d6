//! What derivatives of layers cost on the CPU, in `f32`: MinAtar's convolution, causal attention and
//! layer normalization.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use dfdx::prelude::{Cpu, Rank0, TensorFromVec};
use metarl_autodiff::{
    Activation, Algebra, Binder, Conv2d, Conv2dParameters, Differentiable, Error, Image,
    ImageLayout, Initialization, LayerNorm, LayerNormParameters, Layout, Network, Objective,
    OnDevice,
};
use metarl_core::{Purpose, Seed};

/// Numbers in `[−1, 1]` that do not repeat.
fn wave(n: usize) -> Vec<f32> {
    (0..n).map(|i| (0.7 * i as f32).sin()).collect()
}

fn constant<A: Algebra<Elem = f32, Device = Cpu>>(
    algebra: &A,
    numbers: &[f32],
    n_rows: usize,
) -> A::Of<(usize, usize)> {
    let shape = (n_rows, numbers.len() / n_rows);
    algebra.constant(algebra.device().tensor_from_vec(numbers.to_vec(), shape))
}

/// Mean square of a [`Conv2d`]'s outputs.
struct Convolved {
    network: Conv2d,
    boards: Vec<f32>,
}

impl Objective<f32, Cpu> for Convolved {
    type Network = Conv2d;

    fn network(&self) -> &Conv2d {
        &self.network
    }

    fn loss<A: Algebra<Elem = f32, Device = Cpu>>(
        &self,
        algebra: &A,
        conv: Conv2dParameters<A>,
    ) -> Result<A::Of<Rank0>, Error> {
        let n = self.boards.len() / self.network.image.n_numbers();
        let y = conv.forward(constant(algebra, &self.boards, n));
        Ok(A::mean(A::square(y)))
    }
}

/// Queries, keys and values as parameters.
struct Heads {
    n_rows: usize,
    width: usize,
}

impl Network for Heads {
    type Bound<A: Algebra> = [A::Of<(usize, usize)>; 3];

    fn bind<A: Algebra, B: Binder<A>>(&self, binder: &mut B) -> Self::Bound<A> {
        let start = Initialization::Glorot {
            gain: 1.0,
            blocks: 1,
        };
        ["query", "key", "value"].map(|name| binder.leaf(name, (self.n_rows, self.width), start))
    }
}

/// Mean square of what is read.
struct Read {
    network: Heads,
    n_lanes: usize,
}

impl Objective<f32, Cpu> for Read {
    type Network = Heads;

    fn network(&self) -> &Heads {
        &self.network
    }

    fn loss<A: Algebra<Elem = f32, Device = Cpu>>(
        &self,
        _: &A,
        [query, key, value]: [A::Of<(usize, usize)>; 3],
    ) -> Result<A::Of<Rank0>, Error> {
        let reset = vec![false; self.network.n_rows];
        let y = A::causal_attention(query, key, value, self.n_lanes, &reset);
        Ok(A::mean(A::square(y)))
    }
}

/// Rows as a parameter, then a [`LayerNorm`].
struct Rows {
    n_rows: usize,
    norm: LayerNorm<usize>,
}

impl Network for Rows {
    type Bound<A: Algebra> = (A::Of<(usize, usize)>, LayerNormParameters<A, usize>);

    fn bind<A: Algebra, B: Binder<A>>(&self, binder: &mut B) -> Self::Bound<A> {
        let start = Initialization::Glorot {
            gain: 1.0,
            blocks: 1,
        };
        let x = binder.leaf("x", (self.n_rows, self.norm.columns), start);
        (x, binder.part("norm", &self.norm))
    }
}

/// Mean square of normalized rows times a constant.
struct Normalized {
    network: Rows,
    weight: Vec<f32>,
}

impl Objective<f32, Cpu> for Normalized {
    type Network = Rows;

    fn network(&self) -> &Rows {
        &self.network
    }

    fn loss<A: Algebra<Elem = f32, Device = Cpu>>(
        &self,
        algebra: &A,
        (x, norm): (A::Of<(usize, usize)>, LayerNormParameters<A, usize>),
    ) -> Result<A::Of<Rank0>, Error> {
        let weight = constant(algebra, &self.weight, self.network.n_rows);
        Ok(A::mean(A::square(norm.forward(x) * weight)))
    }
}

fn derivatives<O: Objective<f32, Cpu>>(c: &mut Criterion, name: &str, n: usize, objective: O) {
    let mut rng = Seed::new(0).stream(Purpose::Initialization, 0, 0, 0);
    let theta: Vec<f32> = Layout::of(objective.network()).initialize(&mut rng);
    let loss = OnDevice::new(objective, Cpu::default());
    let mut group = c.benchmark_group(name);
    group.throughput(Throughput::Elements(n as u64));
    group.bench_function(BenchmarkId::new("forward", n), |b| {
        b.iter(|| loss.value(black_box(&theta)));
    });
    group.bench_function(BenchmarkId::new("forward and backward", n), |b| {
        b.iter(|| loss.gradient(black_box(&theta)));
    });
    group.bench_function(BenchmarkId::new("Hessian-vector product", n), |b| {
        b.iter(|| loss.hessian_vector_product(black_box(&theta), &theta));
    });
    group.finish();
}

fn convolution(c: &mut Criterion) {
    for channels in [4, 10] {
        for n in [32, 256] {
            let image = Image {
                height: 10,
                width: 10,
                channels,
                layout: ImageLayout::ChannelsFirst,
            };
            let network = Conv2d {
                image,
                filters: 16,
                kernel: 3,
                stride: 1,
                padding: 0,
                activation: Activation::Relu,
                gain: 1.0,
            };
            let boards = wave(n * image.n_numbers());
            let name = format!("16 filters of 3 × 3 on 10 × 10 × {channels}");
            derivatives(c, &name, n, Convolved { network, boards });
        }
    }
}

fn attention(c: &mut Criterion) {
    for n_steps in [100, 1000] {
        let (n_lanes, width) = (16, 32);
        let network = Heads {
            n_rows: n_steps * n_lanes,
            width,
        };
        let name = format!("causal attention of width 32, 16 lanes, {n_steps} steps");
        let n = n_steps * n_lanes;
        derivatives(c, &name, n, Read { network, n_lanes });
    }
}

fn layer_norm(c: &mut Criterion) {
    let (n_rows, width) = (2000, 128);
    let norm = LayerNorm {
        columns: width,
        epsilon: 1e-5,
    };
    let objective = Normalized {
        network: Rows { n_rows, norm },
        weight: wave(n_rows * width),
    };
    derivatives(c, "layer normalization of 128 columns", n_rows, objective);
}

criterion_group!(benches, convolution, attention, layer_norm);
criterion_main!(benches);
