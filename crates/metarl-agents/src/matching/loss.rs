//! One task as a loss.

use dfdx::prelude::Rank0;
use metarl_autodiff::{Algebra, Error as DifferentiationError, Kernels, Objective, Scalar};
use metarl_core::FewShotTask;

use super::network::{MatchingNetwork, MatchingNetworkParameters};
use crate::Error;
use crate::range::check;

/// Negative log-likelihood of the queries' classes, given the support, averaged over queries.
///
/// ```text
/// L(θ) = −(1/n) Σ ln P(y|x̂, S)     over queries (x̂, y)
/// ```
///
/// A network with [`FullContext`](super::FullContext) reads the support class by class, and within a
/// class in the order of the task.
#[derive(Debug, Clone)]
pub struct MatchingLoss<E> {
    network: MatchingNetwork,
    n_features: usize,
    n_ways: usize,
    support: Vec<E>,
    /// One row an example, 1 at its class.
    class: Vec<E>,
    query: Vec<E>,
    query_label: Vec<usize>,
}

impl<E: Scalar> MatchingLoss<E> {
    /// The loss of a task for a network that reads examples of `n_features` numbers.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] when examples have another number of features, and those of
    /// [`FewShotTask::check`].
    pub fn new(
        network: MatchingNetwork,
        n_features: usize,
        task: &FewShotTask,
    ) -> Result<Self, Error> {
        task.check()?;
        check(
            "n_features",
            "that of the tasks the network was made for",
            task.n_features,
            task.n_features == n_features,
        )?;
        let n_ways = task.n_ways;
        let examples = |x: &[f32]| x.iter().map(|x| E::real(f64::from(*x))).collect();
        let mut order: Vec<usize> = (0..task.support_label.len()).collect();
        if network.context.is_some() {
            order.sort_by_key(|idx| task.support_label[*idx]);
        }
        let in_order = order.iter().flat_map(|idx| {
            let example = &task.support[idx * n_features..][..n_features];
            example.iter().copied()
        });
        let support: Vec<f32> = in_order.collect();
        let mut class = vec![E::real(0.0); order.len() * n_ways];
        for (row, idx) in class.chunks_exact_mut(n_ways).zip(order) {
            row[task.support_label[idx]] = E::ONE;
        }
        Ok(Self {
            network,
            n_features,
            n_ways,
            support: examples(&support),
            class,
            query: examples(&task.query),
            query_label: task.query_label.clone(),
        })
    }

    /// The probability of each class for each query.
    pub(super) fn probability<A: Algebra<Elem = E>>(
        &self,
        algebra: &A,
        parameters: &MatchingNetworkParameters<A>,
    ) -> A::Of<(usize, usize)> {
        let matrix = |numbers: &[E], n_columns: usize| {
            let shape = (numbers.len() / n_columns, n_columns);
            algebra.data(numbers, shape)
        };
        parameters.probability(
            matrix(&self.support, self.n_features),
            matrix(&self.class, self.n_ways),
            matrix(&self.query, self.n_features),
        )
    }
}

impl<E: Scalar, D: Kernels<E>> Objective<E, D> for MatchingLoss<E> {
    type Network = MatchingNetwork;

    fn network(&self) -> &Self::Network {
        &self.network
    }

    fn loss<A: Algebra<Elem = E, Device = D>>(
        &self,
        algebra: &A,
        parameters: MatchingNetworkParameters<A>,
    ) -> Result<A::Of<Rank0>, DifferentiationError> {
        let probability = self.probability(algebra, &parameters);
        let of_the_class = A::pick(probability, &self.query_label);
        Ok(-A::mean(A::ln(of_the_class)))
    }
}
