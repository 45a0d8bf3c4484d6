//! Normalization of each row.

use dfdx::prelude::{Dim, Shape};
use serde::{Deserialize, Serialize};

use super::{Binder, Initialization, Network};
use crate::Algebra;

/// Layer normalization of `M` columns; the equation is that of [`Algebra::layer_norm`].
///
/// It starts as plain normalization, with gains of 1 and biases of 0.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LayerNorm<M> {
    /// Columns.
    pub columns: M,
    /// Added to the variance; not zero where a row may be constant. 1e-5 is usual.
    pub epsilon: f64,
}

/// Parameters of a [`LayerNorm`].
#[derive(Debug, Clone)]
pub struct LayerNormParameters<A: Algebra, M: Dim>
where
    (M,): Shape,
{
    /// `(M,)`
    pub gain: A::Of<(M,)>,
    /// `(M,)`
    pub bias: A::Of<(M,)>,
    epsilon: f64,
}

impl<M: Dim> Network for LayerNorm<M> {
    type Bound<A: Algebra> = LayerNormParameters<A, M>;

    fn bind<A: Algebra, B: Binder<A>>(&self, binder: &mut B) -> Self::Bound<A> {
        LayerNormParameters {
            gain: binder.leaf("gain", (self.columns,), Initialization::Constant(1.0)),
            bias: binder.leaf("bias", (self.columns,), Initialization::Constant(0.0)),
            epsilon: self.epsilon,
        }
    }
}

impl<A: Algebra, M: Dim> LayerNormParameters<A, M> {
    /// `(N, M) → (N, M)`
    pub fn forward<N: Dim>(&self, x: A::Of<(N, M)>) -> A::Of<(N, M)> {
        A::layer_norm(x, self.gain.clone(), self.bias.clone(), self.epsilon)
    }
}
