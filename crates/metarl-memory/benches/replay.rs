//! A full replay of a million transitions: rows pushed, batches drawn, priorities changed.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use metarl_core::{Purpose, Rng, Seed, StepBatch};
use metarl_memory::{NStep, NStepBatch, Prioritized, Replay, SequenceBatch, Sequences, SumTree};
use rand::RngExt;

const N_TRANSITIONS: usize = 1_000_000;
const N_LANES: usize = 16;
const BATCH_SIZE: usize = 256;

type Observation = [f32; 8];

fn rng() -> Rng {
    Seed::new(1).stream(Purpose::Minibatch, 0, 0, 0)
}

/// Random numbers, and episodes of 200 steps on average.
fn row(rng: &mut Rng) -> ([Observation; N_LANES], StepBatch<Observation>) {
    let mut step = StepBatch::new(N_LANES, [0.0; 8]);
    step.reward.fill_with(|| rng.random());
    step.successor.fill_with(|| rng.random());
    step.terminated.fill_with(|| rng.random_ratio(1, 200));
    (rng.random(), step)
}

fn full() -> Replay<Observation, usize> {
    let capacity_bytes = N_TRANSITIONS * Replay::<Observation, usize>::TRANSITION_BYTES;
    let mut replay = Replay::new(N_LANES, capacity_bytes).expect("memory for a million");
    let mut rng = rng();
    for _ in 0..N_TRANSITIONS / N_LANES {
        let (observation, step) = row(&mut rng);
        let pushed = replay.push(&observation, &[0; N_LANES], &step);
        pushed.expect("finite rewards");
    }
    replay
}

fn uniform(criterion: &mut Criterion) {
    let mut replay = full();
    let mut rng = rng();
    let rows: Vec<_> = (0..64).map(|_| row(&mut rng)).collect();
    let mut group = criterion.benchmark_group("replay");

    group.throughput(Throughput::Elements(N_LANES as u64));
    let mut next = (0..rows.len()).cycle();
    group.bench_function("push", |bencher| {
        bencher.iter(|| {
            let (observation, step) = &rows[next.next().unwrap_or(0)];
            replay.push(observation, &[0; N_LANES], step)
        });
    });

    group.throughput(Throughput::Elements(BATCH_SIZE as u64));
    let mut indices = [0; BATCH_SIZE];
    let mut batch = NStepBatch::default();
    for n in [1, 5] {
        let n_step = NStep::new(n, 0.99).expect("parameters in range");
        group.bench_function(format!("uniform, n = {n}"), |bencher| {
            bencher.iter(|| {
                replay.draw(&mut rng, &mut indices)?;
                n_step.gather(&replay, &indices, &mut batch)
            });
        });
    }
    let sequences = Sequences::new(20, 60).expect("parameters in range");
    let mut batch = SequenceBatch::default();
    group.throughput(Throughput::Elements(16 * 80));
    group.bench_function("16 sequences of 80", |bencher| {
        bencher.iter(|| {
            replay.draw_starts(80, &mut rng, &mut indices[..16])?;
            sequences.gather(&replay, &indices[..16], &mut batch)
        });
    });
    group.finish();
}

fn prioritized(criterion: &mut Criterion) {
    let mut replay = full();
    let mut prioritized = Prioritized::new(&replay, 1, 0.6).expect("parameters in range");
    let mut rng = rng();
    let (mut indices, mut weights) = ([0; BATCH_SIZE], [0.0; BATCH_SIZE]);
    let mut priority = [0.0; BATCH_SIZE];
    for _ in 0..2 * N_TRANSITIONS / BATCH_SIZE {
        priority.fill_with(|| rng.random());
        let drawn = prioritized.draw(&replay, 0.4, &mut rng, &mut indices, &mut weights);
        drawn
            .and_then(|()| prioritized.update(&indices, &priority))
            .expect("a full replay");
    }
    let mut batch = NStepBatch::default();
    let n_step = NStep::new(1, 0.99).expect("parameters in range");
    let mut group = criterion.benchmark_group("prioritized");
    group.throughput(Throughput::Elements(BATCH_SIZE as u64));
    group.bench_function("draw", |bencher| {
        bencher.iter(|| prioritized.draw(&replay, 0.4, &mut rng, &mut indices, &mut weights));
    });
    group.bench_function("draw and gather", |bencher| {
        bencher.iter(|| {
            prioritized.draw(&replay, 0.4, &mut rng, &mut indices, &mut weights)?;
            n_step.gather(&replay, &indices, &mut batch)
        });
    });
    group.bench_function("update", |bencher| {
        bencher.iter(|| {
            replay.draw(&mut rng, &mut indices)?;
            prioritized.update(&indices, &priority)
        });
    });
    group.throughput(Throughput::Elements(N_LANES as u64));
    let (observation, step) = row(&mut rng);
    group.bench_function("push and follow", |bencher| {
        bencher.iter(|| {
            replay.push(&observation, &[0; N_LANES], &step)?;
            prioritized.draw(&replay, 0.4, &mut rng, &mut [], &mut [])
        });
    });
    group.finish();
}

fn sum_tree(criterion: &mut Criterion) {
    let mut rng = rng();
    let weights: Vec<f64> = (0..N_TRANSITIONS).map(|_| rng.random()).collect();
    let mut tree = SumTree::try_from(weights).expect("weights in range");
    let mut group = criterion.benchmark_group("sum tree");
    group.throughput(Throughput::Elements(1));
    group.bench_function("set", |bencher| {
        bencher.iter(|| tree.set(rng.random_range(0..N_TRANSITIONS), rng.random()));
    });
    let total = tree.total();
    group.bench_function("find", |bencher| {
        bencher.iter(|| black_box(tree.find(total * rng.random::<f64>())));
    });
    group.finish();
}

criterion_group!(benches, uniform, prioritized, sum_tree);
criterion_main!(benches);
