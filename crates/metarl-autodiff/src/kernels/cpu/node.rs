//! What every operation is made of: arguments taken apart, a result with its way back.

use dfdx::prelude::*;

use crate::adjoints::{Adjoint, Adjoints, Place};
use crate::kernels::buffer::Buffer;
use crate::kernels::product::{Matrix, product};
use crate::kernels::shared::Shared;
use crate::kernels::slope::{add_rows, combine};
use crate::linearization::Once;
use crate::value::{Body, Value};
use crate::{Scalar, TapeHandle};

thread_local! {
    /// Clones of one device that all threads share would have them wait for each other's reference
    /// counts.
    static DEVICE: Cpu = Cpu::default();
}

pub(super) fn device() -> Cpu {
    DEVICE.with(Clone::clone)
}

/// An argument of an operation: its numbers, and where its gradient goes, unless it is data.
pub(super) struct Input<E: Scalar> {
    pub(super) numbers: Shared<E>,
    place: Option<Place>,
}

impl<E: Scalar> Input<E> {
    /// Where to add this argument's gradient, or nothing where it is data.
    pub(super) fn slot<'a>(&self, adjoints: &'a mut Adjoints<E>) -> Option<Slot<'a, E>> {
        self.place.map(|place| Slot {
            adjoint: adjoints.at(place),
            n: self.numbers.len(),
        })
    }

    /// Adds to this argument's gradient numbers that nobody needs afterwards.
    pub(super) fn give(&self, gradient: Buffer<E>, adjoints: &mut Adjoints<E>) {
        if let Some(to) = self.slot(adjoints) {
            to.give(gradient);
        }
    }
}

/// A gradient to add to. The first to come writes, so there is nothing to clear before.
pub(super) struct Slot<'a, E: Scalar> {
    adjoint: &'a mut Adjoint<E>,
    n: usize,
}

impl<E: Scalar> Slot<'_, E> {
    /// Adds the numbers.
    pub(super) fn add(mut self, from: &[E]) {
        match self.room() {
            (to, true) => to.copy_from_slice(from),
            (to, false) => add(to, from),
        }
    }

    /// Adds numbers that nobody needs afterwards.
    pub(super) fn give(self, from: Buffer<E>) {
        match self.adjoint {
            Some(to) => add(to, &from),
            none => *none = Some(from),
        }
    }

    /// Adds `lhs rhs`.
    pub(super) fn add_product(mut self, lhs: Matrix<'_, E>, rhs: Matrix<'_, E>) {
        let (to, fresh) = self.room();
        product(to, lhs, rhs, !fresh);
    }

    /// Adds `lhs rhs`, which is the same for every direction: where it is the first to come, as it is
    /// unless a value is used twice, it is computed once for all of them.
    pub(super) fn add_product_once(self, lhs: Matrix<'_, E>, rhs: Matrix<'_, E>, once: &Once<E>) {
        if self.adjoint.is_some() || !once.is_kept() {
            return self.add_product(lhs, rhs);
        }
        let kept = once.numbers(|| {
            let mut out = Buffer::stale(self.n);
            product(&mut out, lhs, rhs, false);
            out
        });
        self.add(&kept);
    }

    /// Adds each row of a matrix.
    pub(super) fn add_rows(mut self, matrix: &[E]) {
        add_rows(self.entries(), matrix);
    }

    /// The numbers so far, to be added to.
    pub(super) fn entries(&mut self) -> &mut [E] {
        let (to, fresh) = self.room();
        if fresh {
            to.fill(E::real(0.0));
        }
        to
    }

    /// Where to add, and whether to write instead: the caller does it to all of them, at once.
    pub(super) fn room(&mut self) -> (&mut [E], bool) {
        let fresh = self.adjoint.is_none();
        let to = self.adjoint.get_or_insert_with(|| Buffer::stale(self.n));
        (to, fresh)
    }
}

/// Takes a value apart.
pub(super) fn open<S: Shape, E: Scalar, T: TapeHandle<E, Cpu>>(
    x: Value<S, E, Cpu, T>,
) -> (Input<E>, T) {
    let Body::Numbers { place, numbers } = x.body else {
        unreachable!("on the CPU every value is made of numbers");
    };
    (Input { numbers, place }, x.tape)
}

/// A value, which has a place in the gradients where the tape records.
pub(super) fn node<S: Shape, E: Scalar, T: TapeHandle<E, Cpu>>(
    numbers: impl Into<Shared<E>>,
    shape: S,
    tape: T,
) -> Value<S, E, Cpu, T> {
    let numbers = numbers.into();
    debug_assert_eq!(numbers.len(), shape.num_elements(), "numbers of a shape");
    let place = tape
        .adjoints()
        .map(|adjoints| adjoints.borrow_mut().place());
    Value::of_body(Body::Numbers { place, numbers }, shape, tape)
}

/// Makes the result and, if the tape records, its way back. `backward` is handed the result's
/// numbers and its gradient, which nothing needs afterwards; it is not called where that is zero.
pub(super) fn close<S: Shape, E: Scalar, T: TapeHandle<E, Cpu>>(
    tape: T,
    numbers: impl Into<Shared<E>>,
    shape: S,
    backward: impl FnOnce(&[E], Buffer<E>, &mut Adjoints<E>) + 'static,
) -> Value<S, E, Cpu, T> {
    let mut value = node(numbers, shape, tape);
    if let Body::Numbers {
        place: Some(place),
        numbers,
    } = &value.body
    {
        let (place, numbers) = (*place, numbers.clone());
        record(&mut value.tape, move |adjoints| {
            if let Some(gradient) = adjoints.take(place) {
                backward(&numbers, gradient, adjoints);
            }
        });
    }
    value
}

/// [`close`] for several results of one shape with one way back, which is handed the results' numbers
/// and those gradients that are not zero; it is not called where all of them are.
pub(super) fn close_all<S: Shape, E: Scalar, T: TapeHandle<E, Cpu>, const N: usize>(
    mut tape: T,
    numbers: [Buffer<E>; N],
    shape: S,
    backward: impl FnOnce([&[E]; N], [Option<Buffer<E>>; N], &mut Adjoints<E>) + 'static,
) -> [Value<S, E, Cpu, T>; N] {
    let values = numbers.map(|numbers| node(numbers, shape, tape.clone()));
    if tape.records() {
        let results = values.each_ref().map(|value| open(value.clone()).0);
        record(&mut tape, move |adjoints| {
            let take = |result: &Input<E>| adjoints.take(result.place?);
            let given = results.each_ref().map(take);
            if given.iter().any(Option::is_some) {
                let numbers = results.each_ref().map(|result| &*result.numbers);
                backward(numbers, given, adjoints);
            }
        });
    }
    values
}

/// Puts a step of the way back on the tape, if it records.
fn record<E: Scalar, T: TapeHandle<E, Cpu>>(
    tape: &mut T,
    step: impl FnOnce(&mut Adjoints<E>) + 'static,
) {
    if let Some(adjoints) = tape.adjoints() {
        let adjoints = adjoints.clone();
        tape.add_backward_op(move |_| {
            step(&mut adjoints.borrow_mut());
            Ok(())
        });
    }
}

pub(super) fn add<E: Scalar>(to: &mut [E], from: &[E]) {
    combine(to, from, |to, from| to + from);
}
