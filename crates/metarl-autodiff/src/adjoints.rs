//! Where a backward pass on the CPU adds up the derivatives of its result.

use crate::Scalar;
use crate::kernels::buffer::Buffer;

/// `∂result/∂value` for every value that one tape has recorded. dfdx's own store has an allocation and
/// three searches for each of them, which is more than a small layer costs.
#[derive(Debug, Default)]
pub struct Adjoints<E: Scalar> {
    of: Vec<Adjoint<E>>,
}

/// One value's: nothing where it is zero, because nothing has been added to it.
pub(crate) type Adjoint<E> = Option<Buffer<E>>;

/// Which of a tape's values.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place(usize);

impl<E: Scalar> Adjoints<E> {
    /// A place for one more value.
    pub(crate) fn place(&mut self) -> Place {
        self.of.push(None);
        Place(self.of.len() - 1)
    }

    /// What has been added for a value so far.
    pub(crate) fn at(&mut self, place: Place) -> &mut Adjoint<E> {
        &mut self.of[place.0]
    }

    /// Takes out what nobody will add to any more: nothing where it is zero, as all that would follow
    /// from it is. Where a divergence is least, for one, half of its curvature's way back is.
    pub(crate) fn take(&mut self, place: Place) -> Adjoint<E> {
        let zero = E::real(0.0);
        self.at(place)
            .take()
            .filter(|adjoint| adjoint.iter().any(|x| *x != zero))
    }
}
