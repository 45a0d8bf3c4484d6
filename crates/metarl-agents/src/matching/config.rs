//! Hyper-parameters.

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::range::{MAX_WIDTH, above_0, at_least_1, batch_size, check, width};

/// What an embedding is made of, before its last layer, which is linear.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum EmbeddingConfig {
    /// Dense layers with ReLU.
    Perceptron {
        /// Their widths; none makes the embedding linear.
        hidden: Vec<usize>,
    },
    /// Convolutions over a square image of one channel, with ReLU: 3 × 3 pixels, every second one, so
    /// that each layer halves the sides.
    Convolutional {
        /// Filters, layer by layer.
        filters: Vec<usize>,
    },
}

/// What an example is embedded in the light of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum ContextConfig {
    /// Nothing: each example alone.
    None,
    /// The whole support, which is read from either end by an LSTM and by queries with attention:
    /// fully conditional embeddings, see [`FullContext`](crate::FullContext).
    Full {
        /// K, how often a query looks at the support.
        processing_steps: usize,
    },
}

/// Hyper-parameters of matching networks.
///
/// | name | default | range | purpose |
/// |---|---|---|---|
/// | `embedding` | perceptron of 64 units | widths 1 to 16384 | layers before the last |
/// | `width` | 64 | 1 to 16384 | numbers of an embedded example |
/// | `context` | none | none, or full with 1 to 256 `processing_steps` | what else an example is embedded by |
/// | `inverse_temperature` | 1 | (0, 30] | β, factor on similarities before the softmax |
/// | `meta_batch_size` | 16 | 1 to 2²⁰ | tasks of one iteration |
/// | `n_iterations` | 1000 | ≥ 1 | iterations of training |
/// | `learning_rate` | 0.001 | > 0 | Adam's step size |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MatchingConfig {
    /// Layers before the last.
    pub embedding: EmbeddingConfig,
    /// Numbers of an embedded example.
    pub width: usize,
    /// What else an example is embedded by.
    pub context: ContextConfig,
    /// β, factor on cosine similarities before the softmax. The paper has 1, with which the right class
    /// of five never gets a probability above 0.65. More than 30 would leave no digits of a
    /// probability in single precision.
    pub inverse_temperature: f64,
    /// Tasks of one iteration.
    pub meta_batch_size: usize,
    /// Iterations of training.
    pub n_iterations: u64,
    /// Adam's step size.
    pub learning_rate: f64,
}

impl Default for MatchingConfig {
    fn default() -> Self {
        Self {
            embedding: EmbeddingConfig::Perceptron { hidden: vec![64] },
            width: 64,
            context: ContextConfig::None,
            inverse_temperature: 1.0,
            meta_batch_size: 16,
            n_iterations: 1000,
            learning_rate: 0.001,
        }
    }
}

impl MatchingConfig {
    /// Checks every range.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] names the first key that is outside its range.
    pub fn validate(&self) -> Result<(), Error> {
        let (key, widths) = match &self.embedding {
            EmbeddingConfig::Perceptron { hidden } => ("embedding.perceptron.hidden", hidden),
            EmbeddingConfig::Convolutional { filters } => {
                ("embedding.convolutional.filters", filters)
            }
        };
        check(
            key,
            "widths between 1 and 16384",
            format!("{widths:?}"),
            widths.iter().all(|n| (1..=MAX_WIDTH).contains(n)),
        )?;
        width("width", self.width)?;
        if let ContextConfig::Full { processing_steps } = self.context {
            check(
                "context.full.processing_steps",
                "between 1 and 256",
                processing_steps,
                (1..=256).contains(&processing_steps),
            )?;
        }
        check(
            "inverse_temperature",
            "above 0 and at most 30",
            self.inverse_temperature,
            0.0 < self.inverse_temperature && self.inverse_temperature <= 30.0,
        )?;
        batch_size("meta_batch_size", self.meta_batch_size)?;
        at_least_1("n_iterations", self.n_iterations)?;
        above_0("learning_rate", self.learning_rate)
    }
}
