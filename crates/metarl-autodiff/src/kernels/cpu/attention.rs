//! Causal attention: a block of queries at a time against the keys it sees, so that no matrix of all
//! pairs of steps is ever in memory. Backward computes the weights again from their normalizer.

use dfdx::prelude::*;
use multiversion::multiversion;

use super::node::{close, open};
use crate::kernels::buffer::Buffer;
use crate::kernels::product::{Matrix, product};
use crate::kernels::reduce::{dot, max, sum};
use crate::sequence::stretches;
use crate::value::Value;
use crate::{Scalar, TapeHandle};

/// Queries in one product.
pub(super) const BLOCK: usize = 64;

/// See [`Algebra::causal_attention`](crate::Algebra::causal_attention) for the equation. Backward,
/// with weights `P` and `D = P ⊙ (ȳ Vᵀ − rowsum(ȳ ⊙ y)) / √d`: `V̄ += Pᵀ ȳ`, `Q̄ += D K`,
/// `K̄ += Dᵀ Q`.
pub(super) fn causal_attention<E: Scalar, T: TapeHandle<E, Cpu>>(
    query: Value<(usize, usize), E, Cpu, T>,
    key: Value<(usize, usize), E, Cpu, T>,
    value: Value<(usize, usize), E, Cpu, T>,
    n_lanes: usize,
    reset: &[bool],
) -> Value<(usize, usize), E, Cpu, T> {
    let ((n_queries, d), (n_keys, key_width)) = (query.shape, key.shape);
    let (n_values, e) = value.shape;
    assert_eq!(d, key_width, "width of queries and keys");
    let n_rows = reset.len();
    assert_eq!((n_keys, n_values), (n_rows, n_rows), "one reset flag a key");
    assert!(n_queries <= n_keys, "{n_queries} queries of {n_keys} keys");
    let (q, tape) = open(query);
    let (k, k_tape) = open(key);
    let (v, v_tape) = open(value);
    let tape = tape.merge(k_tape).merge(v_tape);

    let before = n_keys - n_queries;
    let stretches: Vec<Stretch> = stretches(n_lanes, reset)
        .into_iter()
        .map(|keys| Stretch::new(keys, before))
        .collect();
    let mut y = Buffer::stale(n_queries * e);
    let mut normalizers = Vec::with_capacity(stretches.len());
    for stretch in &stretches {
        let attention = Attention::new(stretch, (&q.numbers, d), &k.numbers, (&v.numbers, e));
        let (read, normalizer) = attention.read();
        scatter(&read, &stretch.queries, e, &mut y);
        normalizers.push(normalizer);
    }
    close(tape, y, (n_queries, e), move |y, g, adjoints| {
        let zeros = |like: &[E]| Buffer::zeros(like.len());
        let (mut dq, mut dk, mut dv) = (zeros(&q.numbers), zeros(&k.numbers), zeros(&v.numbers));
        for (stretch, normalizer) in stretches.iter().zip(&normalizers) {
            let attention = Attention::new(stretch, (&q.numbers, d), &k.numbers, (&v.numbers, e));
            let g = gather(&g, &stretch.queries, e);
            let y = gather(y, &stretch.queries, e);
            let own = attention.pull_back(normalizer, &g, &y);
            scatter(&own.0, &stretch.queries, d, &mut dq);
            scatter(&own.1, &stretch.keys, d, &mut dk);
            scatter(&own.2, &stretch.keys, e, &mut dv);
        }
        for (input, own) in [(q, dq), (k, dk), (v, dv)] {
            input.give(own, adjoints);
        }
    })
}

/// The rows of one lane from one start to the next.
pub(super) struct Stretch {
    pub(super) keys: Vec<usize>,
    pub(super) queries: Vec<usize>,
}

impl Stretch {
    /// Queries have no rows for the `before` first rows of keys.
    pub(super) fn new(keys: Vec<usize>, before: usize) -> Self {
        let queries = keys.iter().filter_map(|row| row.checked_sub(before));
        Self {
            queries: queries.collect(),
            keys,
        }
    }
}

/// The numbers of one stretch, step by step.
pub(super) struct Attention<E: Scalar> {
    /// Queries over `√d`.
    pub(super) q: Buffer<E>,
    pub(super) k: Buffer<E>,
    pub(super) v: Buffer<E>,
    pub(super) d: usize,
    pub(super) e: usize,
    /// Steps before the first query.
    unasked: usize,
}

impl<E: Scalar> Attention<E> {
    pub(super) fn new(
        stretch: &Stretch,
        (q, d): (&[E], usize),
        k: &[E],
        (v, e): (&[E], usize),
    ) -> Self {
        let mut q = gather(q, &stretch.queries, d);
        let scale = inverse_root(d);
        q.iter_mut().for_each(|q| *q *= scale);
        Self {
            q,
            k: gather(k, &stretch.keys, d),
            v: gather(v, &stretch.keys, e),
            d,
            e,
            unasked: stretch.keys.len() - stretch.queries.len(),
        }
    }

    /// Blocks of queries: their numbers, and how many keys the first and the last of them see.
    pub(super) fn blocks(&self) -> impl Iterator<Item = (Matrix<'_, E>, usize, usize)> {
        let blocks = self.q.chunks(BLOCK * self.d).enumerate();
        blocks.map(|(block, q)| {
            let n = q.len() / self.d;
            let first = self.unasked + block * BLOCK + 1;
            (Matrix::new(q, n, self.d), first, first + n - 1)
        })
    }

    pub(super) fn keys(&self, seen: usize) -> Matrix<'_, E> {
        Matrix::new(&self.k[..seen * self.d], seen, self.d)
    }

    pub(super) fn values(&self, seen: usize) -> Matrix<'_, E> {
        Matrix::new(&self.v[..seen * self.e], seen, self.e)
    }

    pub(super) fn n_queries(&self) -> usize {
        self.q.len() / self.d
    }

    /// What each query reads, and the logarithm of its weights' normalizer.
    fn read(&self) -> (Buffer<E>, Vec<E>) {
        let mut read = Buffer::stale(self.n_queries() * self.e);
        let mut normalizer = Vec::with_capacity(self.n_queries());
        for ((q, first, seen), read) in self.blocks().zip(read.chunks_mut(BLOCK * self.e)) {
            let n = q.rows();
            let mut p = Buffer::stale(n * seen);
            product(&mut p, q, self.keys(seen).t(), false);
            softmax(&mut p, first, seen, &mut normalizer);
            product(read, Matrix::new(&p, n, seen), self.values(seen), false);
        }
        (read, normalizer)
    }

    /// Gradients of queries, keys and values from `g`, that of what was read, `y`.
    fn pull_back(&self, normalizer: &[E], g: &[E], y: &[E]) -> (Buffer<E>, Buffer<E>, Buffer<E>) {
        let mut dq = Buffer::stale(self.q.len());
        let mut dk = Buffer::zeros(self.k.len());
        let mut dv = Buffer::zeros(self.v.len());
        let per_block = (g.chunks(BLOCK * self.e))
            .zip(y.chunks(BLOCK * self.e))
            .zip(normalizer.chunks(BLOCK))
            .zip(dq.chunks_mut(BLOCK * self.d));
        for ((q, first, seen), (((g, y), normalizer), dq)) in self.blocks().zip(per_block) {
            let n = q.rows();
            let mut p = Buffer::stale(n * seen);
            product(&mut p, q, self.keys(seen).t(), false);
            weights(&mut p, first, seen, normalizer);
            let along: Vec<E> = (g.chunks_exact(self.e))
                .zip(y.chunks_exact(self.e))
                .map(|(g, y)| dot(g, y))
                .collect();
            let g = Matrix::new(g, n, self.e);
            let mut ds = Buffer::stale(n * seen);
            product(&mut ds, g, self.values(seen).t(), false);
            let own = &mut dv[..seen * self.e];
            product(own, Matrix::new(&p, n, seen).t(), g, true);
            score_gradients(&mut ds, seen, &p, &along);
            let ds = Matrix::new(&ds, n, seen);
            product(&mut dk[..seen * self.d], ds.t(), q, true);
            product(dq, ds, self.keys(seen), false);
        }
        let scale = inverse_root(self.d);
        dq.iter_mut().for_each(|dq| *dq *= scale);
        (dq, dk, dv)
    }
}

/// `1 / √d`
pub(super) fn inverse_root<E: Scalar>(d: usize) -> E {
    E::ONE / E::real(d as f64).sqrt()
}

/// Scores to weights, where row `i` sees its first `first + i` of `seen` columns.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2"))]
pub(super) fn softmax<E: Scalar>(
    scores: &mut [E],
    first: usize,
    seen: usize,
    normalizer: &mut Vec<E>,
) {
    for (i, row) in scores.chunks_exact_mut(seen).enumerate() {
        let (row, unseen) = row.split_at_mut(first + i);
        let largest = max(row);
        row.iter_mut().for_each(|s| *s -= largest);
        E::exp_slice(row);
        let total = sum(row);
        let per_total = E::ONE / total;
        row.iter_mut().for_each(|p| *p *= per_total);
        unseen.fill(E::real(0.0));
        normalizer.push(largest + total.ln());
    }
}

/// The same weights, from the normalizer.
pub(super) fn weights<E: Scalar>(scores: &mut [E], first: usize, seen: usize, normalizer: &[E]) {
    let rows = scores.chunks_exact_mut(seen).zip(normalizer).enumerate();
    for (i, (row, normalizer)) in rows {
        let (row, unseen) = row.split_at_mut(first + i);
        row.iter_mut().for_each(|s| *s -= *normalizer);
        E::exp_slice(row);
        unseen.fill(E::real(0.0));
    }
}

/// `ds ← p ⊙ (dp − ⟨g, y⟩)`, where `ds` begins as `dp`.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2"))]
fn score_gradients<E: Scalar>(ds: &mut [E], seen: usize, p: &[E], along: &[E]) {
    let rows = ds.chunks_exact_mut(seen).zip(p.chunks_exact(seen));
    for ((ds, p), along) in rows.zip(along) {
        for (ds, p) in ds.iter_mut().zip(p) {
            *ds = *p * (*ds - *along);
        }
    }
}

/// Some rows of a matrix.
pub(super) fn gather<E: Scalar>(x: &[E], rows: &[usize], width: usize) -> Buffer<E> {
    let mut out = Buffer::stale(rows.len() * width);
    for (out, row) in out.chunks_exact_mut(width).zip(rows) {
        out.copy_from_slice(&x[row * width..][..width]);
    }
    out
}

/// Puts rows back where [`gather`] took them.
pub(super) fn scatter<E: Scalar>(from: &[E], rows: &[usize], width: usize, to: &mut [E]) {
    for (from, row) in from.chunks_exact(width).zip(rows) {
        to[row * width..][..width].copy_from_slice(from);
    }
}
