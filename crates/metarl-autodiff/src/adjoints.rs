//! Where a backward pass on the CPU adds up the derivatives of its result.

use crate::Scalar;
use crate::kernels::buffer::Buffer;

/// `∂result/∂value` for every value that one tape has recorded. dfdx's own store has an allocation and
/// three searches for each of them, which is more than a small layer costs.
#[derive(Debug, Default)]
pub struct Adjoints<E: Scalar> {
    of: Vec<Adjoint<E>>,
    /// The values whose derivatives are the gradient, and their lengths.
    variables: Vec<(Place, usize)>,
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

    /// Says that the derivative by the next `n` parameters is this value's.
    pub(crate) fn is_variable(&mut self, place: Place, n: usize) {
        self.variables.push((place, n));
    }

    /// Writes the derivatives by the variables, one after another.
    pub(crate) fn gradient(&mut self, mut to: &mut [E]) {
        for k in 0..self.variables.len() {
            let (place, n) = self.variables[k];
            let (own, others) = to.split_at_mut(n);
            match self.take(place) {
                Some(adjoint) => own.copy_from_slice(&adjoint),
                None => own.fill(E::real(0.0)),
            }
            to = others;
        }
    }

    /// Forgets all values and keeps their room.
    pub(crate) fn clear(&mut self) {
        self.of.clear();
        self.variables.clear();
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
