//! Operations linear in their arguments: each backward is the transpose of its forward.

use dfdx::prelude::*;

use super::node::{Input, Slot, add, close, open};
use crate::kernels::buffer::Buffer;
use crate::kernels::product::{Matrix, product};
use crate::value::Value;
use crate::{Scalar, TapeHandle};

pub(super) fn matmul<E: Scalar, T: TapeHandle<E, Cpu>, N: Dim, K: Dim, M: Dim>(
    x: Value<(N, K), E, Cpu, T>,
    y: Value<(K, M), E, Cpu, T>,
) -> Value<(N, M), E, Cpu, T> {
    let ((n_dim, k_dim), (k2, m_dim)) = (x.shape, y.shape);
    assert_eq!(k_dim.size(), k2.size(), "inner sizes of a matrix product");
    let (n, k, m) = (n_dim.size(), k_dim.size(), m_dim.size());
    let (x, tape) = open(x);
    let (y, y_tape) = open(y);
    let mut out = Buffer::stale(n * m);
    let (lhs, rhs) = (Matrix::new(&x.numbers, n, k), Matrix::new(&y.numbers, k, m));
    product(&mut out, lhs, rhs, false);
    close(
        tape.merge(y_tape),
        out,
        (n_dim, m_dim),
        move |_, g, adjoints| {
            let g = Matrix::new(&g, n, m);
            if let Some(to) = x.slot(adjoints) {
                to.add_product(g, Matrix::new(&y.numbers, k, m).t());
            }
            if let Some(to) = y.slot(adjoints) {
                to.add_product(Matrix::new(&x.numbers, n, k).t(), g);
            }
        },
    )
}

pub(super) fn matmul_transposed<E: Scalar, T: TapeHandle<E, Cpu>, N: Dim, K: Dim, M: Dim>(
    x: Value<(N, K), E, Cpu, T>,
    y: Value<(M, K), E, Cpu, T>,
) -> Value<(N, M), E, Cpu, T> {
    let ((n_dim, k_dim), (m_dim, k2)) = (x.shape, y.shape);
    assert_eq!(k_dim.size(), k2.size(), "inner sizes of a matrix product");
    let (n, k, m) = (n_dim.size(), k_dim.size(), m_dim.size());
    let (x, tape) = open(x);
    let (y, y_tape) = open(y);
    let mut out = Buffer::stale(n * m);
    let (lhs, rhs) = (Matrix::new(&x.numbers, n, k), Matrix::new(&y.numbers, m, k));
    product(&mut out, lhs, rhs.t(), false);
    close(
        tape.merge(y_tape),
        out,
        (n_dim, m_dim),
        move |_, g, adjoints| {
            let g = Matrix::new(&g, n, m);
            if let Some(to) = x.slot(adjoints) {
                to.add_product(g, Matrix::new(&y.numbers, m, k));
            }
            if let Some(to) = y.slot(adjoints) {
                to.add_product(g.t(), Matrix::new(&x.numbers, n, k));
            }
        },
    )
}

/// An operation of one argument, given by its forward and its transpose, which adds to a gradient.
fn map<E: Scalar, T: TapeHandle<E, Cpu>, S: Shape, R: Shape>(
    x: Value<S, E, Cpu, T>,
    shape: R,
    forward: impl FnOnce(&[E], &mut [E]),
    transpose: impl FnOnce(&[E], Slot<'_, E>) + 'static,
) -> Value<R, E, Cpu, T> {
    let (x, tape) = open(x);
    let mut out = Buffer::stale(shape.num_elements());
    forward(&x.numbers, &mut out);
    close(tape, out, shape, move |_, g, adjoints| {
        if let Some(to) = x.slot(adjoints) {
            transpose(&g, to);
        }
    })
}

pub(super) fn repeat_rows<E: Scalar, T: TapeHandle<E, Cpu>, N: Dim, M: Dim>(
    x: Value<(M,), E, Cpu, T>,
    n: N,
) -> Value<(N, M), E, Cpu, T> {
    let m = x.shape.0;
    map(
        x,
        (n, m),
        |x, out| {
            for out in out.chunks_exact_mut(x.len()) {
                out.copy_from_slice(x);
            }
        },
        |g, to| to.add_rows(g),
    )
}

pub(super) fn repeat_columns<E: Scalar, T: TapeHandle<E, Cpu>, N: Dim, M: Dim>(
    x: Value<(N,), E, Cpu, T>,
    m: M,
) -> Value<(N, M), E, Cpu, T> {
    let n = x.shape.0;
    map(
        x,
        (n, m),
        move |x, out| {
            for (row, x) in out.chunks_exact_mut(m.size()).zip(x) {
                row.fill(*x);
            }
        },
        move |g, mut to| {
            for (to, g) in to.entries().iter_mut().zip(g.chunks_exact(m.size())) {
                *to += total(g);
            }
        },
    )
}

pub(super) fn sum_columns<E: Scalar, T: TapeHandle<E, Cpu>, N: Dim, M: Dim>(
    x: Value<(N, M), E, Cpu, T>,
) -> Value<(N,), E, Cpu, T> {
    let (n, m) = x.shape;
    map(
        x,
        (n,),
        move |x, out| {
            for (out, row) in out.iter_mut().zip(x.chunks_exact(m.size())) {
                *out = total(row);
            }
        },
        move |g, mut to| {
            for (to, g) in to.entries().chunks_exact_mut(m.size()).zip(g) {
                to.iter_mut().for_each(|to| *to += *g);
            }
        },
    )
}

pub(super) fn sum<E: Scalar, T: TapeHandle<E, Cpu>, S: Shape>(
    x: Value<S, E, Cpu, T>,
) -> Value<Rank0, E, Cpu, T> {
    map(
        x,
        (),
        |x, out| out[0] = total(x),
        |g, mut to| to.entries().iter_mut().for_each(|to| *to += g[0]),
    )
}

pub(super) fn rows<E: Scalar, T: TapeHandle<E, Cpu>, M: Dim>(
    x: Value<(usize, M), E, Cpu, T>,
    start: usize,
    n: usize,
) -> Value<(usize, M), E, Cpu, T> {
    let m = x.shape.1;
    let range = start * m.size()..(start + n) * m.size();
    let place = range.clone();
    map(
        x,
        (n, m),
        move |x, out| out.copy_from_slice(&x[range]),
        move |g, mut to| add(&mut to.entries()[place], g),
    )
}

pub(super) fn columns<E: Scalar, T: TapeHandle<E, Cpu>, N: Dim>(
    x: Value<(N, usize), E, Cpu, T>,
    start: usize,
    m: usize,
) -> Value<(N, usize), E, Cpu, T> {
    let (n, width) = x.shape;
    let range = start..start + m;
    let place = range.clone();
    map(
        x,
        (n, m),
        move |x, out| {
            for (out, row) in out.chunks_exact_mut(m).zip(x.chunks_exact(width)) {
                out.copy_from_slice(&row[range.clone()]);
            }
        },
        move |g, mut to| {
            let rows = to.entries().chunks_exact_mut(width);
            for (to, g) in rows.zip(g.chunks_exact(m)) {
                add(&mut to[place.clone()], g);
            }
        },
    )
}

pub(super) fn stack_rows<E: Scalar, T: TapeHandle<E, Cpu>, M: Dim>(
    blocks: Vec<Value<(usize, M), E, Cpu, T>>,
) -> Value<(usize, M), E, Cpu, T> {
    let Some(first) = blocks.first() else {
        unreachable!("a sequence has at least one step");
    };
    let m = first.shape.1;
    let n = blocks.iter().map(|block| block.shape.0).sum();
    let mut tape = T::default();
    let mut inputs: Vec<Input<E>> = Vec::with_capacity(blocks.len());
    for block in blocks {
        let (input, block_tape) = open(block);
        tape = tape.merge(block_tape);
        inputs.push(input);
    }
    let mut out = Buffer::stale(n * m.size());
    let mut rest = &mut *out;
    for input in &inputs {
        let (own, others) = rest.split_at_mut(input.numbers.len());
        rest = others;
        own.copy_from_slice(&input.numbers);
    }
    close(tape, out, (n, m), move |_, g, adjoints| {
        let mut rest = &*g;
        for input in inputs {
            let (own, others) = rest.split_at(input.numbers.len());
            rest = others;
            if let Some(to) = input.slot(adjoints) {
                to.add(own);
            }
        }
    })
}

pub(super) fn pick<E: Scalar, T: TapeHandle<E, Cpu>, N: Dim, M: Dim>(
    x: Value<(N, M), E, Cpu, T>,
    index: &[usize],
) -> Value<(N,), E, Cpu, T> {
    let (n, m) = x.shape;
    assert_eq!(index.len(), n.size(), "one index a row");
    let width = m.size();
    let place = Buffer::copy_of(index);
    map(
        x,
        (n,),
        move |x, out| {
            for ((out, row), i) in out.iter_mut().zip(x.chunks_exact(width)).zip(index) {
                *out = row[*i];
            }
        },
        move |g, mut to| {
            let rows = to.entries().chunks_exact_mut(width);
            for ((to, g), i) in rows.zip(g).zip(&*place) {
                to[*i] += *g;
            }
        },
    )
}

/// In 16 partial sums, the same ones on every instruction set.
fn total<E: Scalar>(x: &[E]) -> E {
    let zero = E::real(0.0);
    let mut sums = [zero; 16];
    let mut blocks = x.chunks_exact(16);
    for block in &mut blocks {
        add(&mut sums, block);
    }
    let all = sums.iter().take(x.len()).chain(blocks.remainder());
    all.fold(zero, |sum, x| sum + *x)
}
