//! Operations that treat every element alike.

use dfdx::prelude::*;

use super::node::{Input, close, open};
use crate::kernels::buffer::Buffer;
use crate::kernels::function::{Binary, Unary};
use crate::value::{Body, Value};
use crate::{Scalar, TapeHandle};

pub(super) fn unary<S: Shape, E: Scalar, T: TapeHandle<E, Cpu>>(
    x: Value<S, E, Cpu, T>,
    f: Unary,
) -> Value<S, E, Cpu, T> {
    let shape = x.shape;
    let (x, tape) = open(x);
    let y = f.of(&x.numbers);
    close(tape, y, shape, move |y, mut g, adjoints| {
        if let Some(to) = x.slot(adjoints) {
            f.multiply_slope(&mut g, &x.numbers, y);
            to.give(g);
        }
    })
}

pub(super) fn binary<S: Shape, E: Scalar, T: TapeHandle<E, Cpu>>(
    x: Value<S, E, Cpu, T>,
    y: Value<S, E, Cpu, T>,
    f: Binary,
) -> Value<S, E, Cpu, T> {
    let shape = x.shape;
    assert_eq!(shape, y.shape, "shapes of an operation's two arguments");
    let (x, tape) = open(x);
    let (y, y_tape) = open(y);
    let out = f.of(&x.numbers, &y.numbers);
    close(tape.merge(y_tape), out, shape, move |_, g, adjoints| {
        // The second argument's part first: the first one's may take the gradient over.
        if let Some(to) = y.slot(adjoints) {
            match f {
                Binary::Add => to.add(&g),
                Binary::Sub => to.give(Unary::Scale(-1.0).of(&g)),
                Binary::Mul => to.give(f.of(&g, &x.numbers)),
            }
        }
        if let Some(to) = x.slot(adjoints) {
            match f {
                Binary::Add | Binary::Sub => to.give(g),
                Binary::Mul => to.give(f.of(&g, &y.numbers)),
            }
        }
    })
}

/// The smaller of two numbers, the first where they are equal.
pub(super) fn minimum<S: Shape, E: Scalar, T: TapeHandle<E, Cpu>>(
    x: Value<S, E, Cpu, T>,
    y: Value<S, E, Cpu, T>,
) -> Value<S, E, Cpu, T> {
    let shape = x.shape;
    let (x, y) = (open(x), open(y));
    let mut mask = Buffer::stale(x.0.numbers.len());
    for ((mask, x), y) in mask.iter_mut().zip(&*x.0.numbers).zip(&*y.0.numbers) {
        *mask = x <= y;
    }
    select(mask, shape, x, y)
}

pub(super) fn choose<S: Shape, E: Scalar, T: TapeHandle<E, Cpu>>(
    mask: &Tensor<S, bool, Cpu>,
    x: Value<S, E, Cpu, T>,
    y: Value<S, E, Cpu, T>,
) -> Value<S, E, Cpu, T> {
    let mut flags = Buffer::stale(x.shape.num_elements());
    mask.copy_into(&mut flags);
    let shape = x.shape;
    select(flags, shape, open(x), open(y))
}

/// `x` where the mask is true, else `y`.
fn select<S: Shape, E: Scalar, T: TapeHandle<E, Cpu>>(
    mask: Buffer<bool>,
    shape: S,
    (x, tape): (Input<E>, T),
    (y, y_tape): (Input<E>, T),
) -> Value<S, E, Cpu, T> {
    let mut out = Buffer::copy_of(&x.numbers);
    replace(&mut out, &mask, false, |i| y.numbers[i]);
    close(tape.merge(y_tape), out, shape, move |_, mut g, adjoints| {
        let zero = |_| E::real(0.0);
        if let Some(to) = y.slot(adjoints) {
            let mut part = Buffer::copy_of(&g);
            replace(&mut part, &mask, true, zero);
            to.give(part);
        }
        if let Some(to) = x.slot(adjoints) {
            replace(&mut g, &mask, false, zero);
            to.give(g);
        }
    })
}

/// Replaces the elements where the mask says `which`.
fn replace<E: Scalar>(x: &mut [E], mask: &[bool], which: bool, with: impl Fn(usize) -> E) {
    for (i, (x, mask)) in x.iter_mut().zip(mask).enumerate() {
        if *mask == which {
            *x = with(i);
        }
    }
}

/// The same numbers under another shape.
pub(super) fn reshape<S: Shape, R: Shape, E: Scalar, T: TapeHandle<E, Cpu>>(
    x: Value<S, E, Cpu, T>,
    shape: R,
) -> Value<R, E, Cpu, T> {
    assert_eq!(
        x.shape.num_elements(),
        shape.num_elements(),
        "elements of a reshaped value"
    );
    // Its place in the gradients stays, too.
    let body = match x.body {
        Body::Numbers { place, numbers } => Body::Numbers { place, numbers },
        Body::Tensor(_) => unreachable!("on the CPU every value is made of numbers"),
    };
    Value::of_body(body, shape, x.tape)
}
