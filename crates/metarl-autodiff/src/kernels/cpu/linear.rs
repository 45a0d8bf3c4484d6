//! Operations linear in their arguments: each backward is the transpose of its forward.

use dfdx::prelude::*;

use super::{Input, Matrix, accumulate, add, add_rows, close, open, product};
use crate::value::Value;
use crate::{Scalar, TapeHandle};

pub(super) fn matmul<E: Scalar, T: TapeHandle<E, Cpu>, N: Dim, K: Dim, M: Dim>(
    x: Value<(N, K), E, Cpu, T>,
    y: Value<(K, M), E, Cpu, T>,
) -> Value<(N, M), E, Cpu, T> {
    let ((n, k), (k2, m)) = (*x.tensor.shape(), *y.tensor.shape());
    assert_eq!(k.size(), k2.size(), "inner sizes of a matrix product");
    let sizes = (n.size(), k.size(), m.size());
    let (x, x_in, tape) = open(x);
    let (y, y_in, y_tape) = open(y);
    let tape = tape.merge(y_tape);
    let device = x_in.tensor.device().clone();
    let out = product(
        sizes.0,
        sizes.2,
        Matrix::new(&x, sizes.0, sizes.1),
        Matrix::new(&y, sizes.1, sizes.2),
    );
    close(&device, tape, out, (n, m), move |_, g, gradients| {
        let (n, k, m) = sizes;
        let g = Matrix::new(&g, n, m);
        if let Some(to) = x_in.gradient(gradients)? {
            accumulate(to, g, Matrix::new(&y, k, m).t());
        }
        if let Some(to) = y_in.gradient(gradients)? {
            accumulate(to, Matrix::new(&x, n, k).t(), g);
        }
        Ok(())
    })
}

/// An operation of one argument, given by its forward and its transpose, which adds to a gradient.
fn map<E: Scalar, T: TapeHandle<E, Cpu>, S: Shape, R: Shape>(
    x: Value<S, E, Cpu, T>,
    shape: R,
    forward: impl FnOnce(&[E], &mut Vec<E>),
    transpose: impl FnOnce(&[E], &mut [E]) + 'static,
) -> Value<R, E, Cpu, T> {
    let (x, input, tape) = open(x);
    let device = input.tensor.device().clone();
    let mut out = Vec::with_capacity(shape.num_elements());
    forward(&x, &mut out);
    close(&device, tape, out, shape, move |_, g, gradients| {
        if let Some(to) = input.gradient(gradients)? {
            transpose(&g, to);
        }
        Ok(())
    })
}

pub(super) fn repeat_rows<E: Scalar, T: TapeHandle<E, Cpu>, N: Dim, M: Dim>(
    x: Value<(M,), E, Cpu, T>,
    n: N,
) -> Value<(N, M), E, Cpu, T> {
    let m = x.tensor.shape().0;
    map(
        x,
        (n, m),
        move |x, out| (0..n.size()).for_each(|_| out.extend_from_slice(x)),
        |g, to| add_rows(to, g),
    )
}

pub(super) fn repeat_columns<E: Scalar, T: TapeHandle<E, Cpu>, N: Dim, M: Dim>(
    x: Value<(N,), E, Cpu, T>,
    m: M,
) -> Value<(N, M), E, Cpu, T> {
    let n = x.tensor.shape().0;
    map(
        x,
        (n, m),
        move |x, out| {
            for x in x {
                out.extend(std::iter::repeat_n(*x, m.size()));
            }
        },
        move |g, to| {
            for (to, g) in to.iter_mut().zip(g.chunks_exact(m.size())) {
                *to += sum(g);
            }
        },
    )
}

pub(super) fn sum_columns<E: Scalar, T: TapeHandle<E, Cpu>, N: Dim, M: Dim>(
    x: Value<(N, M), E, Cpu, T>,
) -> Value<(N,), E, Cpu, T> {
    let (n, m) = *x.tensor.shape();
    map(
        x,
        (n,),
        move |x, out| out.extend(x.chunks_exact(m.size()).map(sum)),
        move |g, to| {
            for (to, g) in to.chunks_exact_mut(m.size()).zip(g) {
                to.iter_mut().for_each(|to| *to += *g);
            }
        },
    )
}

pub(super) fn rows<E: Scalar, T: TapeHandle<E, Cpu>, M: Dim>(
    x: Value<(usize, M), E, Cpu, T>,
    start: usize,
    n: usize,
) -> Value<(usize, M), E, Cpu, T> {
    let m = x.tensor.shape().1;
    let range = start * m.size()..(start + n) * m.size();
    let place = range.clone();
    map(
        x,
        (n, m),
        move |x, out| out.extend_from_slice(&x[range]),
        move |g, to| add(&mut to[place], g),
    )
}

pub(super) fn columns<E: Scalar, T: TapeHandle<E, Cpu>, N: Dim>(
    x: Value<(N, usize), E, Cpu, T>,
    start: usize,
    m: usize,
) -> Value<(N, usize), E, Cpu, T> {
    let (n, width) = *x.tensor.shape();
    let range = start..start + m;
    let place = range.clone();
    map(
        x,
        (n, m),
        move |x, out| {
            for row in x.chunks_exact(width) {
                out.extend_from_slice(&row[range.clone()]);
            }
        },
        move |g, to| {
            for (to, g) in to.chunks_exact_mut(width).zip(g.chunks_exact(m)) {
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
    let device = first.tensor.device().clone();
    let m = first.tensor.shape().1;
    let mut tape = T::default();
    let mut out = Vec::new();
    let mut inputs: Vec<Input<(usize, M), E>> = Vec::with_capacity(blocks.len());
    for block in blocks {
        let (numbers, input, block_tape) = open(block);
        tape = tape.merge(block_tape);
        out.extend_from_slice(&numbers);
        inputs.push(input);
    }
    let shape = (inputs.iter().map(|i| i.tensor.shape().0).sum(), m);
    close(&device, tape, out, shape, move |_, g, gradients| {
        let mut rest = g.as_slice();
        for input in inputs {
            let (own, others) = rest.split_at(input.tensor.shape().num_elements());
            rest = others;
            if let Some(to) = input.gradient(gradients)? {
                add(to, own);
            }
        }
        Ok(())
    })
}

pub(super) fn pick<E: Scalar, T: TapeHandle<E, Cpu>, N: Dim, M: Dim>(
    x: Value<(N, M), E, Cpu, T>,
    index: &[usize],
) -> Value<(N,), E, Cpu, T> {
    let (n, m) = *x.tensor.shape();
    assert_eq!(index.len(), n.size(), "one index a row");
    let (width, index) = (m.size(), index.to_vec());
    let place = index.clone();
    map(
        x,
        (n,),
        move |x, out| out.extend(x.chunks_exact(width).zip(&index).map(|(row, i)| row[*i])),
        move |g, to| {
            for ((to, g), i) in to.chunks_exact_mut(width).zip(g).zip(&place) {
                to[*i] += *g;
            }
        },
    )
}

fn sum<E: Scalar>(x: &[E]) -> E {
    x.iter().fold(E::real(0.0), |sum, x| sum + *x)
}
