//! Products of one Hessian with many vectors: what does not depend on the vector is evaluated once.

use std::fmt::{Debug, Formatter};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::kernels::buffer::Buffer;
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
            kept: Kept::default(),
        }
    }

    /// `∇²L(θ) v`
    ///
    /// # Errors
    ///
    /// Those of [`Differentiable::hessian_vector_product`].
    pub fn product(&self, direction: &[E]) -> Result<Vec<E>, Error> {
        self.loss
            .hessian_vector_product_keeping(self.parameters, direction, &self.kept)
    }
}

impl<E: Scalar, F> Debug for Linearization<'_, E, F> {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Linearization")
            .field("n_parameters", &self.parameters.len())
            .finish_non_exhaustive()
    }
}

/// What Hessian-vector products at one point have in common, in the order in which a loss asks for
/// it.
#[derive(Debug, Clone)]
pub struct Kept<E: Scalar>(Arc<Mutex<Vec<Once<E>>>>);

impl<E: Scalar> Default for Kept<E> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<E: Scalar> Kept<E> {
    pub(crate) fn get(&self, index: usize) -> Once<E> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() <= index {
            all.resize_with(index + 1, || Once(Some(Arc::default())));
        }
        all[index].clone()
    }
}

/// Numbers that are computed at most once where products share them, and each time elsewhere.
#[derive(Debug, Clone)]
pub struct Once<E: Scalar>(Option<Arc<OnceLock<Arc<Buffer<E>>>>>);

impl<E: Scalar> Once<E> {
    /// Of numbers that no other evaluation reads.
    pub(crate) const NEVER_KEPT: Self = Self(None);

    /// Whether other evaluations read the numbers.
    pub(crate) fn is_kept(&self) -> bool {
        self.0.is_some()
    }

    /// The kept numbers, or those that `compute` gives.
    pub(crate) fn numbers(&self, compute: impl FnOnce() -> Buffer<E>) -> Arc<Buffer<E>> {
        match &self.0 {
            Some(kept) => kept.get_or_init(|| Arc::new(compute())).clone(),
            None => Arc::new(compute()),
        }
    }
}
