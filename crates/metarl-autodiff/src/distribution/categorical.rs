//! One of `K` classes.

use dfdx::prelude::{Const, Dim};
use rand::{Rng, RngExt};

use crate::{Algebra, Scalar};

/// `N` categorical distributions over `K` classes.
#[derive(Debug, Clone)]
pub struct Categorical<A: Algebra, N: Dim, const K: usize> {
    log_probs: A::Of<(N, Const<K>)>,
}

impl<A: Algebra, N: Dim, const K: usize> Categorical<A, N, K> {
    /// From unnormalized log-probabilities.
    pub fn from_logits(logits: A::Of<(N, Const<K>)>) -> Self {
        Self {
            log_probs: A::log_softmax(logits),
        }
    }

    /// Normalized log-probabilities in nats, `(N, K)`.
    pub fn log_probs(&self) -> &A::Of<(N, Const<K>)> {
        &self.log_probs
    }

    /// `log p(aₙ)` in nats.
    pub fn log_prob(&self, action: &[usize]) -> A::Of<(N,)> {
        A::pick(self.log_probs.clone(), action)
    }

    /// `−Σₖ pₖ log pₖ` in nats.
    pub fn entropy(&self) -> A::Of<(N,)> {
        let log_probs = self.log_probs.clone();
        -A::sum_columns(A::exp(log_probs.clone()) * log_probs)
    }

    /// `KL(q ‖ p) = Σₖ qₖ (log qₖ − log pₖ)` in nats, from fixed distributions `q` given by their
    /// normalized log-probabilities.
    ///
    /// # Panics
    ///
    /// Unless there are `N` of them.
    pub fn kl_from(&self, algebra: &A, q_log_probs: &[[A::Elem; K]]) -> A::Of<(N,)> {
        let shape = A::shape(&self.log_probs);
        let q_log_probs = algebra.data(q_log_probs.as_flattened(), shape);
        let log_ratio = q_log_probs.clone() - self.log_probs.clone();
        A::sum_columns(A::exp(q_log_probs) * log_ratio)
    }
}

/// Draws a class from normalized log-probabilities by inverting the cumulative sum with one uniform
/// number. Rounding can leave the sum short of it: the last class takes what is left.
///
/// # Examples
///
/// ```
/// use metarl_core::{Purpose, Seed};
///
/// let mut rng = Seed::new(0).stream(Purpose::Policy, 0, 0, 0);
/// let never_the_first = [f32::NEG_INFINITY, 0.0];
/// assert_eq!(metarl_autodiff::sample_categorical(&never_the_first, &mut rng), 1);
/// ```
pub fn sample_categorical<E: Scalar>(log_probs: &[E], rng: &mut impl Rng) -> usize {
    let mut left: f64 = rng.random();
    for (class, log_prob) in log_probs.iter().enumerate() {
        left -= log_prob.exp().into_f64();
        if left < 0.0 {
            return class;
        }
    }
    log_probs.len().saturating_sub(1)
}
