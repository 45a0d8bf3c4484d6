//! What look-ups and changes cost among 10 000 keys of 64 numbers near a curved surface, as those of a
//! network are.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use metarl_memory::{FlatScan, KdTree, Keys, NearestNeighbors, Search};

const DIMENSION: usize = 64;
const N_KEYS: usize = 10_000;
const N_NEIGHBORS: usize = 50;
const BATCH: usize = 32;

/// Rows that depend on three numbers, which do not repeat.
fn rows(n_rows: usize, first: usize) -> Vec<f32> {
    let row = |i: usize| {
        let latent = [0.618, 0.755, 0.414].map(|step: f32| (i as f32 * step).fract());
        (0..DIMENSION).map(move |j| {
            let phase = 0.1 * j as f32;
            let [x, y, z] = latent;
            (4.0 * x + phase).sin() + (3.0 * y - phase).cos() + z * phase.sin()
        })
    };
    (first..first + n_rows).flat_map(row).collect()
}

fn look_ups(criterion: &mut Criterion) {
    let keys = Keys::from_rows(DIMENSION, N_KEYS, &rows(N_KEYS, 0)).expect("room");
    let tree = KdTree::from_keys(keys.clone()).expect("room");
    let scan = FlatScan::from_keys(keys).expect("room");
    let queries = rows(BATCH, N_KEYS);
    let mut search = Search::default();
    let mut group = criterion.benchmark_group("nearest");
    group.throughput(Throughput::Elements(BATCH as u64));
    group.bench_function("tree", |bencher| {
        bencher.iter(|| {
            for query in queries.chunks_exact(DIMENSION) {
                let found = tree.nearest(query, N_NEIGHBORS, &mut search);
                black_box(found.expect("a query"));
            }
        });
    });
    group.bench_function("scan", |bencher| {
        bencher.iter(|| {
            for query in queries.chunks_exact(DIMENSION) {
                let found = scan.nearest(query, N_NEIGHBORS, &mut search);
                black_box(found.expect("a query"));
            }
        });
    });
    group.bench_function("scan, batch of 32", |bencher| {
        bencher.iter(|| {
            let found = scan.nearest_batch(&queries, N_NEIGHBORS, &mut search);
            black_box(found.expect("queries").len())
        });
    });
    group.finish();
}

fn changes(criterion: &mut Criterion) {
    let rows = rows(N_KEYS, 0);
    let keys = Keys::from_rows(DIMENSION, N_KEYS, &rows).expect("room");
    let mut tree = KdTree::from_keys(keys).expect("room");
    let row = |i: usize| &rows[i % N_KEYS * DIMENSION..][..DIMENSION];
    let mut turn = 0;
    let mut group = criterion.benchmark_group("change");
    group.throughput(Throughput::Elements(1));
    group.bench_function("replace the oldest", |bencher| {
        bencher.iter(|| {
            tree.remove(turn % N_KEYS).expect("a key");
            tree.insert(turn % N_KEYS, row(7 * turn)).expect("room");
            turn += 1;
        });
    });
    group.bench_function("move a key", |bencher| {
        bencher.iter(|| {
            let slot = 31 * turn % N_KEYS;
            let mut key = tree.keys().get(slot).expect("a key").to_vec();
            key[turn % DIMENSION] += 1e-3;
            tree.update(slot, &key).expect("a key");
            turn += 1;
        });
    });
    group.finish();
}

criterion_group!(benches, look_ups, changes);
criterion_main!(benches);
