//! A tape that is a handle: many values may write to it, so a value can be used twice.

use std::cell::RefCell;
use std::rc::Rc;

use dfdx::prelude::*;

/// What an evaluation writes its backward operations to: [`SharedTape`], or [`NoneTape`] when no
/// gradient is wanted.
pub trait TapeHandle<E: Dtype, D: Storage<E>>:
    Tape<E, D> + Merge<Self> + Clone + std::fmt::Debug + 'static
{
    /// Whether operations are recorded. A constant's handle records nothing, so no work is spent
    /// on the gradient of data.
    fn records(&self) -> bool;
}

impl<E: Dtype, D: Storage<E>> TapeHandle<E, D> for NoneTape {
    fn records(&self) -> bool {
        false
    }
}

/// A cheap handle to one [`OwnedTape`]; the default handle points nowhere and marks constants.
#[derive(Debug)]
pub struct SharedTape<E: Dtype, D: Storage<E>>(Option<Rc<RefCell<OwnedTape<E, D>>>>);

impl<E: Dtype, D: Storage<E>> SharedTape<E, D> {
    /// A new, empty tape.
    #[must_use]
    pub fn new() -> Self {
        Self(Some(Rc::new(RefCell::new(OwnedTape::default()))))
    }

    /// Takes what was recorded and leaves the tape empty.
    pub(crate) fn take(&self) -> OwnedTape<E, D> {
        self.0
            .as_ref()
            .map_or_else(OwnedTape::default, |tape| tape.take())
    }
}

impl<E: Dtype, D: Storage<E>> Default for SharedTape<E, D> {
    fn default() -> Self {
        Self(None)
    }
}

impl<E: Dtype, D: Storage<E>> Clone for SharedTape<E, D> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<E: Dtype, D: Storage<E>> Merge<Self> for SharedTape<E, D> {
    fn merge(self, other: Self) -> Self {
        if self.0.is_some() { self } else { other }
    }
}

impl<E: Dtype, D: Storage<E>> Merge<NoneTape> for SharedTape<E, D> {
    fn merge(self, _: NoneTape) -> Self {
        self
    }
}

impl<E: Dtype, D: Storage<E>> Tape<E, D> for SharedTape<E, D> {
    const OWNS_TAPE: bool = true;

    fn add_backward_op<F>(&mut self, operation: F)
    where
        F: 'static + FnOnce(&mut Gradients<E, D>) -> Result<(), D::Err>,
    {
        if let Some(tape) = &self.0 {
            tape.borrow_mut().add_backward_op(operation);
        }
    }
}

impl<E: Dtype, D: Storage<E>> TapeHandle<E, D> for SharedTape<E, D> {
    fn records(&self) -> bool {
        self.0.is_some()
    }
}
