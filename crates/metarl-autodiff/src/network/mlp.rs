//! A multi-layer perceptron.

use dfdx::prelude::{Const, Dim};
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use super::{Binder, Dense, DenseParameters, Network};
use crate::Algebra;
use crate::algebra::Activation;

/// Dense layers from `I` inputs through hidden layers of run-time widths to `O` outputs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mlp<const I: usize, const O: usize> {
    /// Widths of the hidden layers, at least one.
    pub hidden: Vec<usize>,
    /// Non-linearity of the hidden layers; the output is linear.
    pub activation: Activation,
    /// Factor on Glorot's limit for the output layer.
    pub output_gain: f64,
}

/// Parameters of an [`Mlp`].
#[derive(Debug, Clone)]
pub struct MlpParameters<A: Algebra, const I: usize, const O: usize> {
    first: DenseParameters<A, Const<I>, usize>,
    /// Those between hidden layers; up to two of them take no allocation.
    hidden: SmallVec<[DenseParameters<A, usize, usize>; 2]>,
    output: DenseParameters<A, usize, Const<O>>,
}

impl<const I: usize, const O: usize> Network for Mlp<I, O> {
    type Bound<A: Algebra> = MlpParameters<A, I, O>;

    fn bind<A: Algebra, B: Binder<A>>(&self, binder: &mut B) -> Self::Bound<A> {
        let activation = self.activation;
        let first = Dense {
            inputs: Const::<I>,
            outputs: self.hidden.first().copied().unwrap_or(1),
            activation,
            gain: 1.0,
        };
        let hidden = self.hidden.windows(2).map(|pair| Dense {
            inputs: pair[0],
            outputs: pair[1],
            activation,
            gain: 1.0,
        });
        let output = Dense {
            inputs: self.hidden.last().copied().unwrap_or(1),
            outputs: Const::<O>,
            activation: Activation::Identity,
            gain: self.output_gain,
        };
        MlpParameters {
            first: binder.part("hidden.0", &first),
            hidden: hidden
                .enumerate()
                .map(|(k, layer)| binder.part(format_args!("hidden.{}", k + 1), &layer))
                .collect(),
            output: binder.part("output", &output),
        }
    }
}

impl<A: Algebra, const I: usize, const O: usize> MlpParameters<A, I, O> {
    /// `(N, I) → (N, O)`
    pub fn forward<N: Dim>(&self, x: A::Of<(N, Const<I>)>) -> A::Of<(N, Const<O>)> {
        let first = self.first.forward(x);
        let hidden = self.hidden.iter().fold(first, |x, layer| layer.forward(x));
        self.output.forward(hidden)
    }
}
