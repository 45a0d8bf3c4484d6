//! A tape that is a handle: many values may write to it, so a value can be used twice.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

use dfdx::prelude::*;

use crate::Scalar;
use crate::adjoints::Adjoints;
use crate::linearization::{Kept, Once};

/// What an evaluation writes its backward operations to: [`SharedTape`], or [`NoneTape`] when no
/// gradient is wanted.
pub trait TapeHandle<E: Scalar, D: Storage<E>>:
    Tape<E, D> + Merge<Self> + Clone + std::fmt::Debug + 'static
{
    /// Whether operations are recorded. A constant's handle records nothing, so no work is spent
    /// on the gradient of data.
    fn records(&self) -> bool;

    /// The handle of a direction: what is computed with it differs from one direction to the next.
    #[must_use]
    fn of_direction() -> Self {
        Self::default()
    }

    /// Where the backward pass adds up, if operations are recorded; for devices whose values have
    /// places there.
    #[doc(hidden)]
    fn adjoints(&self) -> Option<&Rc<RefCell<Adjoints<E>>>> {
        None
    }

    /// A place for numbers that follow from values of this handle alone. Evaluations at one point
    /// share it, unless a direction is among those values.
    #[doc(hidden)]
    fn once(&self) -> Once<E> {
        Once::NEVER_KEPT
    }
}

impl<E: Scalar, D: Storage<E>> TapeHandle<E, D> for NoneTape {
    fn records(&self) -> bool {
        false
    }
}

/// A cheap handle to one [`OwnedTape`]; the default handle points nowhere and marks constants.
#[derive(Debug)]
pub struct SharedTape<E: Scalar, D: Storage<E>> {
    record: Option<Rc<Record<E, D>>>,
    /// Whether a value depends on a direction.
    moves: bool,
}

thread_local! {
    /// Records of the thread's evaluations, of whatever type. One that nobody else holds is used again.
    static RECORDS: RefCell<Vec<Rc<dyn Any>>> = const { RefCell::new(Vec::new()) };
}

/// One evaluation.
#[derive(Debug)]
struct Record<E: Scalar, D: Storage<E>> {
    tape: RefCell<OwnedTape<E, D>>,
    /// Operations on the tape share it, so it is no part of what owns them.
    adjoints: Rc<RefCell<Adjoints<E>>>,
    /// What evaluations at the same point share, if there are others.
    kept: RefCell<Option<Kept<E>>>,
    n_asked: Cell<usize>,
}

impl<E: Scalar, D: Storage<E>> Default for Record<E, D> {
    fn default() -> Self {
        Self {
            tape: RefCell::default(),
            adjoints: Rc::default(),
            kept: RefCell::default(),
            n_asked: Cell::new(0),
        }
    }
}

impl<E: Scalar, D: Storage<E>> Record<E, D> {
    fn of_this_thread() -> Rc<Self> {
        let found = RECORDS.try_with(|records| {
            let mut records = records.borrow_mut();
            let mut free = (records.iter()).filter(|record| Rc::strong_count(record) == 1);
            free.find_map(|record| record.clone().downcast().ok())
                .unwrap_or_else(|| {
                    let new = Rc::<Self>::default();
                    records.push(new.clone());
                    new
                })
        });
        found.unwrap_or_default()
    }

    /// Forgets the evaluation and keeps its room.
    fn clear(&self) {
        self.tape.take();
        self.adjoints.borrow_mut().clear();
        self.kept.take();
        self.n_asked.set(0);
    }
}

impl<E: Scalar, D: Storage<E>> SharedTape<E, D> {
    /// A new, empty tape.
    #[must_use]
    pub fn new() -> Self {
        Self::with(None)
    }

    /// A new, empty tape of one of several evaluations at the same point.
    #[must_use]
    pub(crate) fn keeping(kept: &Kept<E>) -> Self {
        Self::with(Some(kept.clone()))
    }

    fn with(kept: Option<Kept<E>>) -> Self {
        let record = Record::of_this_thread();
        // An evaluation that failed left what it had.
        record.clear();
        record.kept.replace(kept);
        Self {
            record: Some(record),
            moves: false,
        }
    }

    /// Ends the evaluation: nobody will ask for its gradients any more.
    pub(crate) fn end(&self) {
        if let Some(record) = &self.record {
            record.clear();
        }
    }

    /// Takes what was recorded and leaves the tape empty.
    pub(crate) fn take(&self) -> OwnedTape<E, D> {
        self.record
            .as_ref()
            .map_or_else(OwnedTape::default, |record| record.tape.take())
    }
}

impl<E: Scalar, D: Storage<E>> Default for SharedTape<E, D> {
    fn default() -> Self {
        Self {
            record: None,
            moves: false,
        }
    }
}

impl<E: Scalar, D: Storage<E>> Clone for SharedTape<E, D> {
    fn clone(&self) -> Self {
        Self {
            record: self.record.clone(),
            moves: self.moves,
        }
    }
}

impl<E: Scalar, D: Storage<E>> Merge<Self> for SharedTape<E, D> {
    fn merge(self, other: Self) -> Self {
        if let (Some(own), Some(others)) = (&self.record, &other.record) {
            debug_assert!(Rc::ptr_eq(own, others), "values of one evaluation");
        }
        Self {
            record: self.record.or(other.record),
            moves: self.moves || other.moves,
        }
    }
}

impl<E: Scalar, D: Storage<E>> Merge<NoneTape> for SharedTape<E, D> {
    fn merge(self, _: NoneTape) -> Self {
        self
    }
}

impl<E: Scalar, D: Storage<E>> Tape<E, D> for SharedTape<E, D> {
    const OWNS_TAPE: bool = true;

    fn add_backward_op<F>(&mut self, operation: F)
    where
        F: 'static + FnOnce(&mut Gradients<E, D>) -> Result<(), D::Err>,
    {
        if let Some(record) = &self.record {
            record.tape.borrow_mut().add_backward_op(operation);
        }
    }
}

impl<E: Scalar, D: Storage<E>> TapeHandle<E, D> for SharedTape<E, D> {
    fn records(&self) -> bool {
        self.record.is_some()
    }

    fn of_direction() -> Self {
        Self {
            record: None,
            moves: true,
        }
    }

    fn adjoints(&self) -> Option<&Rc<RefCell<Adjoints<E>>>> {
        self.record.as_ref().map(|record| &record.adjoints)
    }

    fn once(&self) -> Once<E> {
        let Some(record) = self.record.as_ref().filter(|_| !self.moves) else {
            return Once::NEVER_KEPT;
        };
        record
            .kept
            .borrow()
            .as_ref()
            .map_or(Once::NEVER_KEPT, |kept| {
                kept.get(record.n_asked.replace(record.n_asked.get() + 1))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::buffer::Buffer;

    #[test]
    fn only_what_stands_still_on_a_kept_tape_is_kept() {
        type Tape = SharedTape<f32, Cpu>;
        let kept = Kept::default();
        let (still, direction) = (Tape::keeping(&kept), Tape::of_direction());
        assert!(still.once().is_kept());
        assert!(still.clone().merge(Tape::default()).once().is_kept());
        assert!(!still.clone().merge(direction.clone()).once().is_kept());
        assert!(!direction.clone().merge(still).once().is_kept());
        assert!(!direction.once().is_kept());
        assert!(!Tape::new().once().is_kept());
        assert!(!TapeHandle::<f32, Cpu>::once(&NoneTape).is_kept());
    }

    #[test]
    fn evaluations_ask_in_the_same_order() {
        let kept = Kept::default();
        let ask = || {
            let tape = SharedTape::<f32, Cpu>::keeping(&kept);
            [1.0, 2.0].map(|x| {
                let numbers = tape.once().numbers(|| Buffer::copy_of(&[x]));
                numbers.as_ptr()
            })
        };
        let first = ask();
        assert_ne!(first[0], first[1]);
        assert_eq!(ask(), first);
    }
}
