//! What every operation is made of: arguments taken apart, a result with its way back.

use std::sync::Arc;

use dfdx::prelude::*;

use crate::kernels::buffer::Buffer;
use crate::kernels::product::{Matrix, product};
use crate::kernels::slope::{add_rows, combine};
use crate::linearization::Once;
use crate::value::{Body, Value};
use crate::{Scalar, TapeHandle};

thread_local! {
    /// Where places are made: clones of one device that all threads share would have them wait for
    /// each other's reference counts.
    static DEVICE: Cpu = Cpu::default();
}

pub(super) fn device() -> Cpu {
    DEVICE.with(Clone::clone)
}

/// An argument of an operation: its numbers, and where its gradient goes.
pub(super) struct Input<E: Scalar> {
    pub(super) numbers: Arc<Buffer<E>>,
    place: Tensor<Rank0, E, Cpu>,
    wanted: bool,
}

impl<E: Scalar> Input<E> {
    /// The place to add this argument's gradient to, or nothing where it is data.
    pub(super) fn slot<'a>(
        &self,
        gradients: &'a mut Gradients<E, Cpu>,
    ) -> Result<Option<Slot<'a, E>>, CpuError> {
        if !self.wanted {
            return Ok(None);
        }
        let storage = &mut **gradients.get_or_alloc_mut(&self.place)?;
        Ok(Some(Slot {
            fresh: is_fresh(storage),
            storage,
            n: self.numbers.len(),
        }))
    }
}

/// Whether nobody has added to a gradient yet: dfdx makes it as long as the place, which is a single
/// zero, and storage of ours is longer. The one number that is not a zero starts a backward pass.
fn is_fresh<E: Scalar>(storage: &[E]) -> bool {
    matches!(storage, [] | [_]) && storage.iter().all(|x| *x == E::real(0.0))
}

/// A gradient to add to. The first to come writes, so there is nothing to clear before.
pub(super) struct Slot<'a, E: Scalar> {
    storage: &'a mut Vec<E>,
    n: usize,
    fresh: bool,
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
    pub(super) fn give(mut self, from: Buffer<E>) {
        if self.fresh {
            *self.storage = from.into_storage();
        } else {
            add(self.room().0, &from);
        }
    }

    /// Adds `lhs rhs`.
    pub(super) fn add_product(mut self, lhs: Matrix<'_, E>, rhs: Matrix<'_, E>) {
        let (to, fresh) = self.room();
        product(to, lhs, rhs, !fresh);
    }

    /// Adds `lhs rhs`, which is the same for every direction: where it is the first to come, as it is
    /// unless a value is used twice, it is computed once for all of them.
    pub(super) fn add_product_once(
        mut self,
        lhs: Matrix<'_, E>,
        rhs: Matrix<'_, E>,
        once: &Once<E>,
    ) {
        if !(self.fresh && once.is_kept()) {
            return self.add_product(lhs, rhs);
        }
        let kept = once.numbers(|| {
            let mut out = Buffer::stale(self.n);
            product(&mut out, lhs, rhs, false);
            out
        });
        self.room().0.copy_from_slice(&kept);
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
        let fresh = std::mem::replace(&mut self.fresh, false);
        if fresh {
            *self.storage = Buffer::stale(self.n).into_storage();
        }
        (&mut self.storage[..self.n], fresh)
    }
}

/// Takes a value apart.
pub(super) fn open<S: Shape, E: Scalar, T: TapeHandle<E, Cpu>>(
    x: Value<S, E, Cpu, T>,
) -> (Input<E>, T) {
    let Body::Numbers { place, numbers } = x.body else {
        unreachable!("on the CPU every value is made of numbers");
    };
    let wanted = x.tape.records();
    let input = Input {
        numbers,
        place,
        wanted,
    };
    (input, x.tape)
}

/// A value with a place of its own in the gradients.
pub(super) fn node<S: Shape, E: Scalar, T>(
    numbers: impl Into<Arc<Buffer<E>>>,
    shape: S,
    tape: T,
) -> Value<S, E, Cpu, T> {
    let numbers = numbers.into();
    debug_assert_eq!(numbers.len(), shape.num_elements(), "numbers of a shape");
    let place = DEVICE.with(|device| ZerosTensor::<E>::zeros(device));
    Value::of_body(Body::Numbers { place, numbers }, shape, tape)
}

/// Makes the result and, if the tape records, its way back. `backward` is handed the result's
/// numbers and its gradient, which nothing needs afterwards; it is not called where that is zero.
pub(super) fn close<S: Shape, E: Scalar, T: TapeHandle<E, Cpu>>(
    tape: T,
    numbers: impl Into<Arc<Buffer<E>>>,
    shape: S,
    backward: impl FnOnce(&[E], Buffer<E>, &mut Gradients<E, Cpu>) -> Result<(), CpuError> + 'static,
) -> Value<S, E, Cpu, T> {
    let mut value = node(numbers, shape, tape);
    if value.tape.records()
        && let Body::Numbers { place, numbers } = &value.body
    {
        let (place, numbers) = (place.clone(), numbers.clone());
        value.tape.add_backward_op(move |gradients| {
            match take(&place, numbers.len(), gradients)? {
                Some(gradient) => backward(&numbers, gradient, gradients),
                None => Ok(()),
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
    backward: impl FnOnce(
        [&[E]; N],
        [Option<Buffer<E>>; N],
        &mut Gradients<E, Cpu>,
    ) -> Result<(), CpuError>
    + 'static,
) -> [Value<S, E, Cpu, T>; N] {
    let values = numbers.map(|numbers| node(numbers, shape, tape.clone()));
    if tape.records() {
        let results = values.each_ref().map(|value| open(value.clone()).0);
        tape.add_backward_op(move |gradients| {
            let mut given = [const { None }; N];
            for (given, result) in given.iter_mut().zip(&results) {
                *given = take(&result.place, result.numbers.len(), gradients)?;
            }
            if given.iter().all(Option::is_none) {
                return Ok(());
            }
            let numbers = results.each_ref().map(|result| &**result.numbers);
            backward(numbers, given, gradients)
        });
    }
    values
}

/// Takes a finished gradient out of the store: nothing where it is zero, as all that would follow from
/// it is. Where a divergence is least, for one, half of its curvature's way back is.
pub(super) fn take<E: Scalar>(
    place: &Tensor<Rank0, E, Cpu>,
    n: usize,
    gradients: &mut Gradients<E, Cpu>,
) -> Result<Option<Buffer<E>>, CpuError> {
    let storage = gradients.get_or_alloc_mut(place)?;
    if is_fresh(storage) {
        return Ok(None);
    }
    let gradient = Buffer::of_storage(std::mem::take(&mut **storage), n);
    let zero = gradient.iter().all(|g| *g == E::real(0.0));
    Ok((!zero).then_some(gradient))
}

pub(super) fn add<E: Scalar>(to: &mut [E], from: &[E]) {
    combine(to, from, |to, from| to + from);
}
