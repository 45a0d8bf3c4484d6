//! One fully connected layer.

use dfdx::prelude::{Dim, Shape};
use serde::{Deserialize, Serialize};

use super::{Binder, Initialization, Network};
use crate::Algebra;
use crate::algebra::Activation;

/// `φ(x W + b)` from `I` inputs to `O` outputs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Dense<I, O> {
    /// Inputs.
    pub inputs: I,
    /// Outputs.
    pub outputs: O,
    /// Non-linearity.
    pub activation: Activation,
    /// Factor on Glorot's limit for the first weights; small for a policy's last layer, so that it
    /// starts nearly uniform.
    pub gain: f64,
}

/// Parameters of a [`Dense`] layer.
#[derive(Debug, Clone)]
pub struct DenseParameters<A: Algebra, I: Dim, O: Dim>
where
    (I, O): Shape,
    (O,): Shape,
{
    /// `(I, O)`
    pub weight: A::Of<(I, O)>,
    /// `(O,)`
    pub bias: A::Of<(O,)>,
    activation: Activation,
}

impl<I: Dim, O: Dim> Network for Dense<I, O> {
    type Bound<A: Algebra> = DenseParameters<A, I, O>;

    fn bind<A: Algebra, B: Binder<A>>(&self, binder: &mut B) -> Self::Bound<A> {
        let start = Initialization::Glorot {
            gain: self.gain,
            blocks: 1,
        };
        DenseParameters {
            weight: binder.leaf("weight", (self.inputs, self.outputs), start),
            bias: binder.leaf("bias", (self.outputs,), Initialization::Constant(0.0)),
            activation: self.activation,
        }
    }
}

impl<A: Algebra, I: Dim, O: Dim> DenseParameters<A, I, O> {
    /// `(N, I) → (N, O)`
    pub fn forward<N: Dim>(&self, x: A::Of<(N, I)>) -> A::Of<(N, O)> {
        A::dense(x, self.weight.clone(), self.bias.clone(), self.activation)
    }
}
