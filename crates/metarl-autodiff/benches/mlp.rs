//! What derivatives cost on the CPU, in `f32`: a policy of 2-100-100-2 tanh units at several batch
//! sizes, and a GRU of 64 units over 10 steps of 64 lanes.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use dfdx::prelude::{Const, Cpu, Rank0};
use metarl_autodiff::{
    Activation, Algebra, Differentiable, Error, Gru, Layout, Mlp, Network, Objective, OnDevice,
};
use metarl_core::{Purpose, Seed};

const N_STEPS: usize = 10;
const N_LANES: usize = 64;
const N_UNITS: usize = 64;

/// Numbers in `[−1, 1]` that do not repeat.
fn wave(n: usize) -> Vec<f32> {
    (0..n).map(|i| (0.7 * i as f32).sin()).collect()
}

fn first_parameters(network: &impl Network) -> Vec<f32> {
    let mut rng = Seed::new(0).stream(Purpose::Initialization, 0, 0, 0);
    Layout::of(network).initialize(&mut rng)
}

/// Mean square of an [`Mlp`]'s outputs.
struct MeanSquare {
    network: Mlp<2, 2>,
    observation: Vec<f32>,
}

impl Objective<f32, Cpu> for MeanSquare {
    type Network = Mlp<2, 2>;

    fn network(&self) -> &Mlp<2, 2> {
        &self.network
    }

    fn loss<A: Algebra<Elem = f32, Device = Cpu>>(
        &self,
        algebra: &A,
        parameters: <Mlp<2, 2> as Network>::Bound<A>,
    ) -> Result<A::Of<Rank0>, Error> {
        let shape = (self.observation.len() / 2, Const::<2>);
        let y = parameters.forward(algebra.data(&self.observation, shape));
        Ok(A::mean(A::square(y)))
    }
}

fn mlp(c: &mut Criterion) {
    let mut group = c.benchmark_group("mlp 2-100-100-2 tanh");
    for n_rows in [1, 32, 256, 2000] {
        let network = Mlp {
            hidden: vec![100, 100],
            activation: Activation::Tanh,
            output_gain: 1.0,
        };
        let theta = first_parameters(&network);
        let objective = MeanSquare {
            network,
            observation: wave(2 * n_rows),
        };
        let loss = OnDevice::new(objective, Cpu::default());
        group.throughput(Throughput::Elements(n_rows as u64));
        group.bench_function(BenchmarkId::new("forward", n_rows), |b| {
            b.iter(|| loss.value(black_box(&theta)));
        });
        group.bench_function(BenchmarkId::new("forward and backward", n_rows), |b| {
            b.iter(|| loss.gradient(black_box(&theta)));
        });
        group.bench_function(BenchmarkId::new("Hessian-vector product", n_rows), |b| {
            b.iter(|| loss.hessian_vector_product(black_box(&theta), &theta));
        });
    }
    group.finish();
}

/// Mean square of a [`Gru`]'s states; every third lane starts anew in the middle.
struct StateSquare(Gru);

impl Objective<f32, Cpu> for StateSquare {
    type Network = Gru;

    fn network(&self) -> &Gru {
        &self.0
    }

    fn loss<A: Algebra<Elem = f32, Device = Cpu>>(
        &self,
        algebra: &A,
        parameters: <Gru as Network>::Bound<A>,
    ) -> Result<A::Of<Rank0>, Error> {
        let n_rows = N_STEPS * N_LANES;
        let data = |rows: usize, width: usize| algebra.data(&wave(rows * width), (rows, width));
        let middle = N_STEPS / 2 * N_LANES..(N_STEPS / 2 + 1) * N_LANES;
        let reset: Vec<bool> = (0..n_rows)
            .map(|row| middle.contains(&row) && row % 3 == 0)
            .collect();
        let states = parameters.forward(data(n_rows, N_UNITS), data(N_LANES, N_UNITS), &reset);
        Ok(A::mean(A::square(states)))
    }
}

fn gru(c: &mut Criterion) {
    let network = Gru {
        inputs: N_UNITS,
        hidden: N_UNITS,
        longest_memory: 2,
    };
    let theta = first_parameters(&network);
    let loss = OnDevice::new(StateSquare(network), Cpu::default());
    let mut group = c.benchmark_group("gru 64-64, 10 steps, 64 lanes");
    group.throughput(Throughput::Elements((N_STEPS * N_LANES) as u64));
    group.bench_function("forward", |b| b.iter(|| loss.value(black_box(&theta))));
    group.bench_function("forward and backward", |b| {
        b.iter(|| loss.gradient(black_box(&theta)));
    });
    group.bench_function("Hessian-vector product", |b| {
        b.iter(|| loss.hessian_vector_product(black_box(&theta), &theta));
    });
    group.finish();
}

criterion_group!(benches, mlp, gru);
criterion_main!(benches);
