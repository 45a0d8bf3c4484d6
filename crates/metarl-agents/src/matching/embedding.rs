//! From an example to the vector that it is compared by.

use metarl_autodiff::{
    Activation, Algebra, Binder, Conv2d, Conv2dParameters, Image, ImageLayout, Network,
};

use super::config::EmbeddingConfig;
use crate::Error;
use crate::range::check;
use crate::value_based::{DenseStack, DenseStackParameters};

/// Convolutions, where there are any, and dense layers, the last of them linear.
#[derive(Debug, Clone, PartialEq)]
pub struct Embedding {
    convolutions: Vec<Conv2d>,
    dense: DenseStack,
}

/// Parameters of an [`Embedding`].
#[derive(Debug, Clone)]
pub struct EmbeddingParameters<A: Algebra> {
    convolutions: Vec<Conv2dParameters<A>>,
    dense: DenseStackParameters<A>,
}

impl Embedding {
    /// From examples of `n_features` numbers to `width` numbers.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] where convolutions are to read examples that are not squares.
    pub fn new(config: &EmbeddingConfig, n_features: usize, width: usize) -> Result<Self, Error> {
        match config {
            EmbeddingConfig::Perceptron { hidden } => Ok(Self {
                convolutions: Vec::new(),
                dense: DenseStack::new(n_features, hidden, width),
            }),
            EmbeddingConfig::Convolutional { filters } => {
                let side = n_features.isqrt();
                check(
                    "n_features",
                    "a square for a convolutional embedding",
                    n_features,
                    side * side == n_features,
                )?;
                let mut image = Image {
                    height: side,
                    width: side,
                    channels: 1,
                    layout: ImageLayout::ChannelsLast,
                };
                let convolutions = filters.iter().map(|&filters| {
                    let convolution = Conv2d {
                        image,
                        filters,
                        kernel: 3,
                        stride: 2,
                        padding: 1,
                        activation: Activation::Relu,
                        gain: 1.0,
                    };
                    image = convolution.output();
                    convolution
                });
                Ok(Self {
                    convolutions: convolutions.collect(),
                    dense: DenseStack::new(image.n_numbers(), &[], width),
                })
            }
        }
    }
}

impl Network for Embedding {
    type Bound<A: Algebra> = EmbeddingParameters<A>;

    fn bind<A: Algebra, B: Binder<A>>(&self, binder: &mut B) -> Self::Bound<A> {
        let layers = self.convolutions.iter().enumerate();
        EmbeddingParameters {
            convolutions: layers
                .map(|(idx, layer)| binder.part(format_args!("convolution.{idx}"), layer))
                .collect(),
            dense: binder.part("dense", &self.dense),
        }
    }
}

impl<A: Algebra> EmbeddingParameters<A> {
    /// `(N, n_features) → (N, width)`
    pub fn forward(&self, x: A::Of<(usize, usize)>) -> A::Of<(usize, usize)> {
        let layers = self.convolutions.iter();
        self.dense
            .forward(layers.fold(x, |x, layer| layer.forward(x)))
    }
}
