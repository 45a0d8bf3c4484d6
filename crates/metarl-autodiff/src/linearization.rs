//! Products of one Hessian with many vectors: what does not depend on the vector is evaluated once.

use std::fmt::{Debug, Formatter};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::kernels::buffer::{Buffer, Shelved};
use crate::kernels::shared::Shared;
use crate::{Differentiable, Error, Scalar};

/// The gradient's derivative at one point, a linear function of the direction:
///
/// ```text
/// ∇L(θ + ε v) = ∇L(θ) + ε H v + O(ε²),   v ↦ H v
/// ```
///
/// Made by [`Differentiable::linearize`]. The first product keeps the value's pass and the
/// derivative by each tangent, which are the same for every direction, and later products read them.
/// That is a quarter of a dense layer's work and changes no bit. Memory is two tensors a layer.
pub struct Linearization<'a, E: Scalar, F> {
    loss: &'a F,
    parameters: &'a [E],
    kept: Kept<E>,
}

impl<'a, E: Scalar, F: Differentiable<E>> Linearization<'a, E, F> {
    pub(crate) fn new(loss: &'a F, parameters: &'a [E]) -> Self {
        Self {
            loss,
            parameters,
            kept: Kept::from_shelf(),
        }
    }

    /// `∇²L(θ) v`
    ///
    /// # Errors
    ///
    /// Those of [`Differentiable::hessian_vector_product`].
    pub fn product(&self, direction: &[E]) -> Result<Buffer<E>, Error> {
        self.loss
            .hessian_vector_product_keeping(self.parameters, direction, &self.kept)
    }
}

impl<E: Scalar, F> Linearization<'_, E, F> {
    /// Gives what products have in common back to the shelf of the calling thread: where others do the
    /// products than the one that drops this, they may want it back. The next product computes it anew.
    pub fn forget(&self) {
        self.kept.numbers().clear();
    }
}

impl<E: Scalar, F> Debug for Linearization<'_, E, F> {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Linearization")
            .field("n_parameters", &self.parameters.len())
            .finish_non_exhaustive()
    }
}

impl<E: Scalar, F> Drop for Linearization<'_, E, F> {
    fn drop(&mut self) {
        self.forget();
        let kept = self.kept.clone();
        E::with_shelf(|shelf| shelf.keep_kept(kept));
    }
}

/// What Hessian-vector products at one point have in common, in the order in which a loss asks for
/// it.
#[derive(Debug, Clone)]
pub struct Kept<E: Shelved>(Arc<Mutex<Vec<Option<Shared<E>>>>>);

impl<E: Shelved> Default for Kept<E> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<E: Shelved> Kept<E> {
    /// An empty one, with the room that an earlier one had.
    fn from_shelf() -> Self {
        let kept = E::with_shelf(|shelf| shelf.kept.pop()).flatten();
        kept.filter(|kept: &Self| Arc::strong_count(&kept.0) == 1)
            .unwrap_or_default()
    }

    /// The place of what is asked for next after `index` others.
    pub(crate) fn get(&self, index: usize) -> Once<E> {
        let mut numbers = self.numbers();
        if numbers.len() <= index {
            numbers.resize(index + 1, None);
        }
        Once(Some((self.clone(), index)))
    }

    fn numbers(&self) -> MutexGuard<'_, Vec<Option<Shared<E>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Numbers that are computed once where products share them, and each time elsewhere. Threads that
/// need them at the same time compute the same.
#[derive(Debug, Clone)]
pub struct Once<E: Shelved>(Option<(Kept<E>, usize)>);

impl<E: Shelved> Once<E> {
    /// Of numbers that no other evaluation reads.
    pub(crate) const NEVER_KEPT: Self = Self(None);

    /// Whether other evaluations read the numbers.
    pub(crate) fn is_kept(&self) -> bool {
        self.0.is_some()
    }

    /// The kept numbers, or those that `compute` gives.
    pub(crate) fn numbers(&self, compute: impl FnOnce() -> Buffer<E>) -> Shared<E> {
        let Some((kept, index)) = &self.0 else {
            return compute().into();
        };
        if let Some(Some(numbers)) = kept.numbers().get(*index) {
            return numbers.clone();
        }
        let numbers = Shared::from(compute());
        if let Some(place) = kept.numbers().get_mut(*index) {
            *place = Some(numbers.clone());
        }
        numbers
    }
}
