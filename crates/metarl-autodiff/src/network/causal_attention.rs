//! Attention over the past of a sequence.

use serde::{Deserialize, Serialize};

use super::{Binder, Dense, DenseParameters, Network};
use crate::Algebra;
use crate::algebra::Activation;

/// One head of causal attention: queries, keys and values are linear in the input, and each step
/// reads the values of itself and the steps before it; the equation is that of
/// [`Algebra::causal_attention`].
///
/// # References
///
/// Vaswani et al., *Attention Is All You Need*, 2017,
/// [arXiv:1706.03762](https://arxiv.org/abs/1706.03762), section 3.2.1. SNAIL puts what is read
/// beside the input (Mishra et al. 2018, [arXiv:1707.03141](https://arxiv.org/abs/1707.03141)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CausalAttention {
    /// Inputs.
    pub inputs: usize,
    /// Width of queries and keys.
    pub key: usize,
    /// Width of values: the outputs.
    pub value: usize,
}

/// Parameters of a [`CausalAttention`].
#[derive(Debug, Clone)]
pub struct CausalAttentionParameters<A: Algebra> {
    /// From inputs to queries.
    pub query: DenseParameters<A, usize, usize>,
    /// From inputs to keys.
    pub key: DenseParameters<A, usize, usize>,
    /// From inputs to values.
    pub value: DenseParameters<A, usize, usize>,
}

impl Network for CausalAttention {
    type Bound<A: Algebra> = CausalAttentionParameters<A>;

    fn bind<A: Algebra, B: Binder<A>>(&self, binder: &mut B) -> Self::Bound<A> {
        let linear = |outputs| Dense {
            inputs: self.inputs,
            outputs,
            activation: Activation::Identity,
            gain: 1.0,
        };
        CausalAttentionParameters {
            query: binder.part("query", &linear(self.key)),
            key: binder.part("key", &linear(self.key)),
            value: binder.part("value", &linear(self.value)),
        }
    }
}

impl<A: Algebra> CausalAttentionParameters<A> {
    /// `(rows, inputs) → (rows, value)`, rows time-major; where `reset[row]`, nothing before is read.
    pub fn forward(
        &self,
        input: A::Of<(usize, usize)>,
        n_lanes: usize,
        reset: &[bool],
    ) -> A::Of<(usize, usize)> {
        let query = self.query.forward(input.clone());
        let key = self.key.forward(input.clone());
        let value = self.value.forward(input);
        A::causal_attention(query, key, value, n_lanes, reset)
    }
}
