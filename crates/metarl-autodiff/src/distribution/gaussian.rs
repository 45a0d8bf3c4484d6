//! Independent normal coordinates.

use dfdx::prelude::{Const, Dim};
use rand::Rng;
use rand::RngExt;

use crate::algebra::GaussianTerm;
use crate::{Algebra, Scalar};

const LN_2PI: f64 = 1.837_877_066_409_345_5;

/// `N` normal distributions over `K` coordinates with diagonal covariance.
#[derive(Debug, Clone)]
pub struct DiagonalGaussian<A: Algebra, N: Dim, const K: usize> {
    mean: A::Of<(N, Const<K>)>,
    log_std: A::Of<(N, Const<K>)>,
}

impl<A: Algebra, N: Dim, const K: usize> DiagonalGaussian<A, N, K> {
    /// Means `(N, K)` and one logarithm of the standard deviation a coordinate, `(K,)`.
    pub fn new(mean: A::Of<(N, Const<K>)>, log_std: A::Of<(Const<K>,)>) -> Self {
        let (n, _) = A::shape(&mean);
        Self {
            mean,
            log_std: A::repeat_rows(log_std, n),
        }
    }

    /// Means, `(N, K)`.
    pub fn mean(&self) -> &A::Of<(N, Const<K>)> {
        &self.mean
    }

    /// Logarithms of the standard deviations, `(N, K)`.
    pub fn log_std(&self) -> &A::Of<(N, Const<K>)> {
        &self.log_std
    }

    /// `log p(aₙ) = −Σₖ (½ zₖ² + log σₖ + ½ log 2π)`, `z = (a − μ) / σ`, in nats.
    ///
    /// # Panics
    ///
    /// Unless there are `N` actions.
    pub fn log_prob(&self, algebra: &A, action: &[[A::Elem; K]]) -> A::Of<(N,)> {
        self.answer(GaussianTerm::LogProb {
            action: self.data(algebra, action),
        })
    }

    /// `Σₖ (log σₖ + ½ log 2πe)` in nats.
    pub fn entropy(&self) -> A::Of<(N,)> {
        let half = 0.5 * (LN_2PI + 1.0) * K as f64;
        A::shift(A::sum_columns(self.log_std.clone()), half)
    }

    /// `KL(q ‖ p) = Σₖ log(σₚ/σ_q) + (σ_q² + (μ_q − μₚ)²) / 2σₚ² − ½` in nats, from fixed
    /// distributions `q` given by their means and log standard deviations.
    ///
    /// # Panics
    ///
    /// Unless there are `N` of each.
    pub fn kl_from(
        &self,
        algebra: &A,
        q_mean: &[[A::Elem; K]],
        q_log_std: &[[A::Elem; K]],
    ) -> A::Of<(N,)> {
        self.answer(GaussianTerm::Divergence {
            mean: self.data(algebra, q_mean),
            log_std: self.data(algebra, q_log_std),
        })
    }

    fn answer(&self, term: GaussianTerm<A::Of<(N, Const<K>)>>) -> A::Of<(N,)> {
        A::gaussian(self.mean.clone(), self.log_std.clone(), term)
    }

    /// One row for each distribution, fixed.
    fn data(&self, algebra: &A, rows: &[[A::Elem; K]]) -> A::Of<(N, Const<K>)> {
        algebra.data(rows.as_flattened(), A::shape(&self.mean))
    }
}

/// Draws `μ + σ ε`, `ε` standard normal, into `action`, and gives its log-density in nats.
///
/// # Panics
///
/// When the slices differ in length.
pub fn sample_gaussian<E: Scalar>(
    mean: &[E],
    log_std: &[E],
    rng: &mut impl Rng,
    action: &mut [E],
) -> f64 {
    assert_eq!(
        (mean.len(), log_std.len()),
        (action.len(), action.len()),
        "one size"
    );
    let mut log_prob = -0.5 * LN_2PI * mean.len() as f64;
    for ((action, mean), log_std) in action.iter_mut().zip(mean).zip(log_std) {
        let noise: f64 = rng.sample(rand_distr::StandardNormal);
        *action = *mean + E::real(log_std.exp().into_f64() * noise);
        log_prob -= 0.5 * noise * noise + log_std.into_f64();
    }
    log_prob
}
