//! One task as a loss.

use dfdx::prelude::{Rank0, Tensor, TensorFromVec};
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
#[derive(Debug, Clone)]
pub struct MatchingLoss<E: Scalar, D: Kernels<E>> {
    network: MatchingNetwork,
    support: Tensor<(usize, usize), E, D>,
    class: Tensor<(usize, usize), E, D>,
    query: Tensor<(usize, usize), E, D>,
    query_label: Vec<usize>,
}

impl<E: Scalar, D: Kernels<E>> MatchingLoss<E, D> {
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
        device: &D,
    ) -> Result<Self, Error> {
        task.check()?;
        check(
            "n_features",
            "that of the tasks the network was made for",
            task.n_features,
            task.n_features == n_features,
        )?;
        let matrix = |numbers: Vec<E>, n_columns: usize| {
            let shape = (numbers.len() / n_columns, n_columns);
            TensorFromVec::<E>::tensor_from_vec(device, numbers, shape)
        };
        let examples = |x: &[f32]| {
            let numbers = x.iter().map(|x| E::real(f64::from(*x)));
            matrix(numbers.collect(), n_features)
        };
        let mut class = vec![E::real(0.0); task.support_label.len() * task.n_ways];
        for (row, &label) in class.chunks_exact_mut(task.n_ways).zip(&task.support_label) {
            row[label] = E::ONE;
        }
        Ok(Self {
            network,
            support: examples(&task.support),
            class: matrix(class, task.n_ways),
            query: examples(&task.query),
            query_label: task.query_label.clone(),
        })
    }

    /// The probability of each class for each query.
    pub(super) fn probability<A: Algebra<Elem = E, Device = D>>(
        &self,
        algebra: &A,
        parameters: &MatchingNetworkParameters<A>,
    ) -> A::Of<(usize, usize)> {
        parameters.probability(
            algebra.constant(self.support.clone()),
            algebra.constant(self.class.clone()),
            algebra.constant(self.query.clone()),
        )
    }
}

impl<E: Scalar, D: Kernels<E>> Objective<E, D> for MatchingLoss<E, D> {
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
