//! Labels of the support, read by similarity.

use metarl_autodiff::{Algebra, Binder, Network};

use super::context::{FullContext, FullContextParameters};
use super::embedding::{Embedding, EmbeddingParameters};

/// Added to squared lengths: the gradient of a vector of zeros is then finite.
const EPSILON: f64 = 1e-8;

/// A classifier that is given its classes by examples.
#[derive(Debug, Clone, PartialEq)]
pub struct MatchingNetwork {
    /// f′ and g′: queries and support are embedded alike.
    pub embedding: Embedding,
    /// What makes f and g of them; without it they are that already.
    pub context: Option<FullContext>,
    /// β
    pub inverse_temperature: f64,
}

/// Parameters of a [`MatchingNetwork`].
#[derive(Debug, Clone)]
pub struct MatchingNetworkParameters<A: Algebra> {
    embedding: EmbeddingParameters<A>,
    context: Option<FullContextParameters<A>>,
    inverse_temperature: f64,
}

impl Network for MatchingNetwork {
    type Bound<A: Algebra> = MatchingNetworkParameters<A>;

    fn bind<A: Algebra, B: Binder<A>>(&self, binder: &mut B) -> Self::Bound<A> {
        MatchingNetworkParameters {
            embedding: binder.part("embedding", &self.embedding),
            context: self.context.map(|context| binder.part("context", &context)),
            inverse_temperature: self.inverse_temperature,
        }
    }
}

impl<A: Algebra> MatchingNetworkParameters<A> {
    /// The probability of each class for each query.
    ///
    /// ```text
    /// ŷ = Σᵢ a(x̂, xᵢ) yᵢ
    /// a(x̂, xᵢ) = exp(β c(f(x̂, S), g(xᵢ, S))) / Σⱼ exp(β c(f(x̂, S), g(xⱼ, S)))
    /// ```
    ///
    /// c is the cosine of the angle between two vectors. Gradients flow through both embeddings.
    /// Without context `f(x̂, S) = f′(x̂)` and `g(xᵢ, S) = g′(xᵢ)`; with it the order of the support
    /// matters.
    ///
    /// | argument | shape | meaning |
    /// |---|---|---|
    /// | `support` | `(n_support, n_features)` | xᵢ |
    /// | `class` | `(n_support, n_ways)` | yᵢ: 1 in the column of the class, 0 elsewhere |
    /// | `query` | `(n_queries, n_features)` | x̂ |
    ///
    /// Gives `(n_queries, n_ways)`; rows add up to 1.
    ///
    /// # References
    ///
    /// Vinyals et al., *Matching Networks for One Shot Learning*, 2016,
    /// [arXiv:1606.04080](https://arxiv.org/abs/1606.04080), equation 1 and section 2.1.
    pub fn probability(
        &self,
        support: A::Of<(usize, usize)>,
        class: A::Of<(usize, usize)>,
        query: A::Of<(usize, usize)>,
    ) -> A::Of<(usize, usize)> {
        let mut support = self.embedding.forward(support);
        let mut query = self.embedding.forward(query);
        if let Some(context) = &self.context {
            support = context.support(support);
            query = context.query(query, &support);
        }
        let cosine = A::matmul_transposed(unit_rows::<A>(query), unit_rows::<A>(support));
        let attention = A::exp(A::log_softmax(A::scale(cosine, self.inverse_temperature)));
        A::matmul(attention, class)
    }
}

/// Rows of length 1: `x / √(‖x‖² + ε)`.
fn unit_rows<A: Algebra>(x: A::Of<(usize, usize)>) -> A::Of<(usize, usize)> {
    let (_, width) = A::shape(&x);
    let squares = A::sum_columns(A::square(x.clone()));
    let scale = A::recip(A::sqrt(A::shift(squares, EPSILON)));
    x * A::repeat_columns(scale, width)
}
