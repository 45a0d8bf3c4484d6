//! Causal attention together with its derivative along a direction: blocks of queries as in the value
//! alone, and no matrix of all pairs of steps in memory either.

use dfdx::prelude::*;
use multiversion::multiversion;

use super::attention::{
    Attention, BLOCK, Stretch, gather, inverse_root, scatter, softmax, weights,
};
use super::node::{Input, close_all, open};
use crate::kernels::buffer::Buffer;
use crate::kernels::product::{Matrix, product};
use crate::kernels::reduce::dot;
use crate::sequence::stretches;
use crate::value::Value;
use crate::{Scalar, TapeHandle};

type Rows<E, T> = Value<(usize, usize), E, Cpu, T>;

/// With scores `S = Q Kᵀ / √d` and weights `P`, and means over a row weighed by `P`:
///
/// ```text
/// Ṡ = (Q̇ Kᵀ + Q K̇ᵀ) / √d    T = Ṡ − mean Ṡ    Ẏ = (P ⊙ T) V + P V̇
/// ```
///
/// Backward, from `G = Ȳ` and `R = Ẏ̄`:
///
/// ```text
/// E = R Vᵀ    D = P ⊙ (E − mean E)
/// F = G Vᵀ + R V̇ᵀ + (E − mean E) ⊙ T    C = P ⊙ (F − mean F)
/// V̄ += Pᵀ G + (P ⊙ T)ᵀ R    Q̄ += (C K + D K̇) / √d    K̄ += (Cᵀ Q + Dᵀ Q̇) / √d
/// V̇̄ += Pᵀ R                 Q̇̄ += D K / √d            K̇̄ += Dᵀ Q / √d
/// ```
pub(super) fn causal_attention_dual<E: Scalar, T: TapeHandle<E, Cpu>>(
    point: [Rows<E, T>; 3],
    direction: [Rows<E, T>; 3],
    n_lanes: usize,
    reset: &[bool],
) -> [Rows<E, T>; 2] {
    let [(n_queries, d), (n_keys, key_width), (n_values, e)] = point.each_ref().map(|x| x.shape);
    assert_eq!(d, key_width, "width of queries and keys");
    let n_rows = reset.len();
    assert_eq!((n_keys, n_values), (n_rows, n_rows), "one reset flag a key");
    assert!(n_queries <= n_keys, "{n_queries} queries of {n_keys} keys");
    let mut tape = T::default();
    let [point, direction] = [point, direction].map(|triple| {
        triple.map(|x| {
            let (x, x_tape) = open(x);
            tape = std::mem::take(&mut tape).merge(x_tape);
            x
        })
    });

    let before = n_keys - n_queries;
    let stretches: Vec<Stretch> = stretches(n_lanes, reset)
        .into_iter()
        .map(|keys| Stretch::new(keys, before))
        .collect();
    let mut y = Buffer::stale(n_queries * e);
    let mut dy = Buffer::stale(n_queries * e);
    let mut normalizers = Vec::with_capacity(stretches.len());
    for stretch in &stretches {
        let ([read, read_tangent], normalizer) =
            Pair::new(stretch, [&point, &direction], (d, e)).read();
        scatter(&read, &stretch.queries, e, &mut y);
        scatter(&read_tangent, &stretch.queries, e, &mut dy);
        normalizers.push(normalizer);
    }
    close_all(
        tape,
        [y, dy],
        (n_queries, e),
        move |[y, _], given, adjoints| {
            let [g, r] = given.map(|given| given.unwrap_or_else(|| Buffer::zeros(y.len())));
            let sizes = [n_queries * d, n_keys * d, n_keys * e];
            let mut found = [sizes, sizes].map(|sizes| sizes.map(Buffer::zeros));
            for (stretch, normalizer) in stretches.iter().zip(&normalizers) {
                let [g, r, y] = [&*g, &*r, y].map(|x| gather(x, &stretch.queries, e));
                let own = Pair::new(stretch, [&point, &direction], (d, e)).pull_back(
                    normalizer,
                    [&g, &r],
                    &y,
                );
                for (found, own) in found.iter_mut().zip(&own) {
                    scatter(&own[0], &stretch.queries, d, &mut found[0]);
                    scatter(&own[1], &stretch.keys, d, &mut found[1]);
                    scatter(&own[2], &stretch.keys, e, &mut found[2]);
                }
            }
            let inputs = point.iter().chain(&direction);
            for (input, own) in inputs.zip(found.into_iter().flatten()) {
                input.give(own, adjoints);
            }
        },
    )
}

/// The numbers of one stretch and their tangents.
struct Pair<E: Scalar> {
    still: Attention<E>,
    moving: Attention<E>,
}

impl<E: Scalar> Pair<E> {
    fn new(stretch: &Stretch, inputs: [&[Input<E>; 3]; 2], (d, e): (usize, usize)) -> Self {
        let [still, moving] = inputs
            .map(|[q, k, v]| Attention::new(stretch, (&q.numbers, d), &k.numbers, (&v.numbers, e)));
        Self { still, moving }
    }

    /// Blocks of queries and of their tangents, and how many keys the first and the last of them see.
    fn blocks(&self) -> impl Iterator<Item = (Matrix<'_, E>, Matrix<'_, E>, usize, usize)> {
        let tangents = self.moving.blocks().map(|(dq, _, _)| dq);
        let blocks = self.still.blocks().zip(tangents);
        blocks.map(|((q, first, seen), dq)| (q, dq, first, seen))
    }

    /// `Ṡ`, or with values for keys what is like it.
    fn score_tangent(&self, q: Matrix<'_, E>, dq: Matrix<'_, E>, seen: usize) -> Buffer<E> {
        let mut t = Buffer::stale(q.rows() * seen);
        product(&mut t, dq, self.still.keys(seen).t(), false);
        product(&mut t, q, self.moving.keys(seen).t(), true);
        t
    }

    /// What each query reads with its tangent, and the logarithm of its weights' normalizer.
    fn read(&self) -> ([Buffer<E>; 2], Vec<E>) {
        let (n, e) = (self.still.n_queries(), self.still.e);
        let (mut read, mut read_tangent) = (Buffer::stale(n * e), Buffer::stale(n * e));
        let mut normalizer = Vec::with_capacity(n);
        let outputs = read
            .chunks_mut(BLOCK * e)
            .zip(read_tangent.chunks_mut(BLOCK * e));
        for ((q, dq, first, seen), (read, read_tangent)) in self.blocks().zip(outputs) {
            let n = q.rows();
            let mut p = Buffer::stale(n * seen);
            product(&mut p, q, self.still.keys(seen).t(), false);
            softmax(&mut p, first, seen, &mut normalizer);
            let mut t = self.score_tangent(q, dq, seen);
            weigh(&mut t, &p, seen);
            let (p, t) = (Matrix::new(&p, n, seen), Matrix::new(&t, n, seen));
            product(read, p, self.still.values(seen), false);
            product(read_tangent, p, self.moving.values(seen), false);
            product(read_tangent, t, self.still.values(seen), true);
        }
        ([read, read_tangent], normalizer)
    }

    /// Gradients of queries, keys and values, and of their tangents, from those of what was read, `y`,
    /// and of its tangent.
    fn pull_back(&self, normalizer: &[E], [g, r]: [&[E]; 2], y: &[E]) -> [[Buffer<E>; 3]; 2] {
        let (d, e) = (self.still.d, self.still.e);
        let zeros =
            |like: &Attention<E>| [&like.q, &like.k, &like.v].map(|x| Buffer::zeros(x.len()));
        let [
            [mut q_bar, mut k_bar, mut v_bar],
            [mut dq_bar, mut dk_bar, mut dv_bar],
        ] = [zeros(&self.still), zeros(&self.moving)];
        for (block, (q, dq, first, seen)) in self.blocks().enumerate() {
            let n = q.rows();
            let asked = block * BLOCK..block * BLOCK + n;
            let wide = asked.start * e..asked.end * e;
            let (g, r) = (Matrix::new(&g[wide.clone()], n, e), &r[wide.clone()]);
            let along: Vec<E> = (r.chunks_exact(e))
                .zip(y[wide].chunks_exact(e))
                .map(|(r, y)| dot(r, y))
                .collect();
            let r = Matrix::new(r, n, e);
            let (k, dk) = (self.still.keys(seen), self.moving.keys(seen));
            let (v, dv) = (self.still.values(seen), self.moving.values(seen));
            let mut p = Buffer::stale(n * seen);
            product(&mut p, q, k.t(), false);
            weights(&mut p, first, seen, &normalizer[asked.clone()]);
            let mut t = self.score_tangent(q, dq, seen);
            let mut of_t = Buffer::stale(n * seen);
            product(&mut of_t, r, v.t(), false);
            let mut of_s = Buffer::stale(n * seen);
            product(&mut of_s, g, v.t(), false);
            product(&mut of_s, r, dv.t(), true);
            score_gradients(seen, &p, &along, &mut t, &mut of_t, &mut of_s);
            let [p, t, of_t, of_s] = [&p, &t, &of_t, &of_s].map(|x| Matrix::new(x, n, seen));
            let (keys, values) = (..seen * d, ..seen * e);
            product(&mut v_bar[values], p.t(), g, true);
            product(&mut v_bar[values], t.t(), r, true);
            product(&mut dv_bar[values], p.t(), r, true);
            product(&mut k_bar[keys], of_s.t(), q, true);
            product(&mut k_bar[keys], of_t.t(), dq, true);
            product(&mut dk_bar[keys], of_t.t(), q, true);
            let narrow = asked.start * d..asked.end * d;
            product(&mut q_bar[narrow.clone()], of_s, k, false);
            product(&mut q_bar[narrow.clone()], of_t, dk, true);
            product(&mut dq_bar[narrow], of_t, k, false);
        }
        let scale = inverse_root(d);
        for q in [&mut q_bar, &mut dq_bar] {
            q.iter_mut().for_each(|q| *q *= scale);
        }
        [[q_bar, k_bar, v_bar], [dq_bar, dk_bar, dv_bar]]
    }
}

/// `t ← P ⊙ (t − mean t)`: how weights move with their scores.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2"))]
fn weigh<E: Scalar>(t: &mut [E], p: &[E], seen: usize) {
    for (t, p) in t.chunks_exact_mut(seen).zip(p.chunks_exact(seen)) {
        let mean = dot(p, t);
        for (t, p) in t.iter_mut().zip(p) {
            *t = *p * (*t - mean);
        }
    }
}

/// From `Ṡ`, `E` and `G Vᵀ + R V̇ᵀ`, with `along = mean E`, to `P ⊙ T`, `D` and `C`.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2"))]
fn score_gradients<E: Scalar>(
    seen: usize,
    p: &[E],
    along: &[E],
    t: &mut [E],
    of_t: &mut [E],
    of_s: &mut [E],
) {
    let rows = p
        .chunks_exact(seen)
        .zip(along)
        .zip(t.chunks_exact_mut(seen))
        .zip(of_t.chunks_exact_mut(seen))
        .zip(of_s.chunks_exact_mut(seen));
    for ((((p, along), t), of_t), of_s) in rows {
        let mean = dot(p, t);
        t.iter_mut().for_each(|t| *t -= mean);
        of_t.iter_mut().for_each(|of_t| *of_t -= *along);
        for ((of_s, of_t), t) in of_s.iter_mut().zip(&*of_t).zip(&*t) {
            *of_s += *of_t * *t;
        }
        let mean = dot(p, of_s);
        of_s.iter_mut().for_each(|of_s| *of_s -= mean);
        for x in [t, of_t, of_s] {
            x.iter_mut().zip(p).for_each(|(x, p)| *x *= *p);
        }
    }
}
