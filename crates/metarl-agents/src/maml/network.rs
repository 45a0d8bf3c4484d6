//! A Gaussian policy: a perceptron gives the mean, one parameter a coordinate the spread.

use dfdx::prelude::Const;
use metarl_autodiff::{
    Activation, Algebra, Binder, DiagonalGaussian, Initialization, Mlp, MlpParameters, Network,
};
use serde::{Deserialize, Serialize};

/// A policy over `ACTIONS` continuous coordinates for observations of `OBSERVATIONS` numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GaussianMlp<const OBSERVATIONS: usize, const ACTIONS: usize> {
    mean: Mlp<OBSERVATIONS, ACTIONS>,
}

impl<const O: usize, const K: usize> GaussianMlp<O, K> {
    /// A policy whose perceptron has hidden layers of these widths.
    #[must_use]
    pub fn new(hidden: Vec<usize>) -> Self {
        Self {
            mean: Mlp {
                hidden,
                activation: Activation::Relu,
                output_gain: 1.0,
            },
        }
    }
}

/// Parameters of a [`GaussianMlp`].
#[derive(Debug, Clone)]
pub struct GaussianMlpParameters<A: Algebra, const OBSERVATIONS: usize, const ACTIONS: usize> {
    mean: MlpParameters<A, OBSERVATIONS, ACTIONS>,
    log_std: A::Of<(Const<ACTIONS>,)>,
}

impl<const O: usize, const K: usize> Network for GaussianMlp<O, K> {
    type Bound<A: Algebra> = GaussianMlpParameters<A, O, K>;

    fn bind<A: Algebra, B: Binder<A>>(&self, binder: &mut B) -> Self::Bound<A> {
        GaussianMlpParameters {
            mean: binder.part("mean", &self.mean),
            log_std: binder.leaf("log_std", (Const::<K>,), Initialization::Constant(0.0)),
        }
    }
}

impl<A: Algebra, const O: usize, const K: usize> GaussianMlpParameters<A, O, K> {
    /// The policy at each observation, `(N, O)`.
    pub fn decide(&self, observation: A::Of<(usize, Const<O>)>) -> DiagonalGaussian<A, usize, K> {
        DiagonalGaussian::new(self.mean.forward(observation), self.log_std.clone())
    }
}
