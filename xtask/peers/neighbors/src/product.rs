//! Distances by a matrix product, as tensor libraries find neighbors.

use std::collections::BinaryHeap;
use std::hint::black_box;

use crate::{N_QUERIES, Outcome, Work, Worker};

/// Keys multiplied at a time: their products stay in the cache.
const CHUNK: usize = 1024;

/// ```text
/// ‖q − x‖² = ‖q‖² + ‖x‖² − 2 q·x
/// ```
pub struct Search {
    work: Work,
    /// Queries at a time.
    batch: usize,
    squares: Vec<f32>,
    products: Vec<f32>,
    turn: usize,
}

impl Search {
    pub fn new(work: Work, batch: usize) -> Self {
        let keys = work.keys.chunks_exact(work.dimension);
        Self {
            squares: keys.map(|key| key.iter().map(|x| x * x).sum()).collect(),
            products: vec![0.0; CHUNK * batch],
            work,
            batch,
            turn: 0,
        }
    }
}

impl Worker for Search {
    fn step(&mut self) -> Outcome<usize> {
        let Work {
            dimension,
            n_keys,
            k,
            ..
        } = self.work;
        let batch = self.batch;
        self.turn = (self.turn + batch) % (N_QUERIES - batch);
        let queries = &self.work.queries[self.turn * dimension..][..batch * dimension];
        let mut nearest = vec![BinaryHeap::<u64>::with_capacity(k + 1); batch];
        for first in (0..n_keys).step_by(CHUNK) {
            let n = CHUNK.min(n_keys - first);
            // SAFETY: the products of `n` keys with all queries fit, and both sides are whole rows.
            unsafe {
                gemm::gemm(
                    n,
                    batch,
                    dimension,
                    self.products.as_mut_ptr(),
                    CHUNK as isize,
                    1,
                    false,
                    self.work.keys[first * dimension..].as_ptr(),
                    1,
                    dimension as isize,
                    queries.as_ptr(),
                    dimension as isize,
                    1,
                    0.0,
                    -2.0,
                    false,
                    false,
                    false,
                    gemm::Parallelism::None,
                );
            }
            for (products, nearest) in self.products.chunks_exact(CHUNK).zip(&mut nearest) {
                let limit = |nearest: &BinaryHeap<u64>| match nearest.peek() {
                    Some(entry) if nearest.len() == k => ordered_back((entry >> 32) as u32),
                    _ => f32::INFINITY,
                };
                let mut farthest = limit(nearest);
                let squares = &self.squares[first..first + n];
                for (i, (product, square)) in products.iter().zip(squares).enumerate() {
                    let distance = product + square;
                    if distance < farthest {
                        nearest.push(u64::from(ordered(distance)) << 32 | (first + i) as u64);
                        if nearest.len() > k {
                            nearest.pop();
                        }
                        farthest = limit(nearest);
                    }
                }
            }
        }
        black_box(nearest);
        Ok(batch)
    }
}

/// Bits that order as the numbers do.
fn ordered(x: f32) -> u32 {
    let bits = x.to_bits();
    if bits >> 31 == 0 {
        bits | 1 << 31
    } else {
        !bits
    }
}

fn ordered_back(bits: u32) -> f32 {
    f32::from_bits(if bits >> 31 == 1 {
        bits & !(1 << 31)
    } else {
        !bits
    })
}
