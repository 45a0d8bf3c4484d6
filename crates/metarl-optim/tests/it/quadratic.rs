//! A loss of which everything is known.

use metarl_autodiff::{Buffer, Differentiable, Error};
use proptest::prelude::*;

use crate::difference::{moved, numbers};

/// `½ (θ − c)ᵀ A (θ − c)` with a symmetric `A`, whose rows are given.
#[derive(Debug, Clone)]
pub(crate) struct Quadratic {
    pub(crate) matrix: Vec<Vec<f64>>,
    pub(crate) center: Vec<f64>,
}

impl Quadratic {
    fn check(&self, vectors: &[&[f64]]) -> Result<(), Error> {
        let expected = self.center.len();
        match vectors.iter().find(|vector| vector.len() != expected) {
            None => Ok(()),
            Some(vector) => Err(Error::ParameterCount {
                name: "parameters",
                expected,
                got: vector.len(),
            }),
        }
    }
}

impl Differentiable<f64> for Quadratic {
    fn n_parameters(&self) -> usize {
        self.center.len()
    }

    fn value(&self, parameters: &[f64]) -> Result<f64, Error> {
        Ok(self.gradient(parameters)?.0)
    }

    fn gradient(&self, parameters: &[f64]) -> Result<(f64, Buffer<f64>), Error> {
        self.check(&[parameters])?;
        let away = moved(parameters, -1.0, &self.center);
        let gradient = product(&self.matrix, &away);
        Ok((0.5 * dot(&away, &gradient), gradient.into()))
    }

    fn hessian_vector_product(
        &self,
        parameters: &[f64],
        direction: &[f64],
    ) -> Result<Buffer<f64>, Error> {
        self.check(&[parameters, direction])?;
        Ok(product(&self.matrix, direction).into())
    }
}

pub(crate) fn dot(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).map(|(x, y)| x * y).sum()
}

pub(crate) fn product(matrix: &[Vec<f64>], x: &[f64]) -> Vec<f64> {
    matrix.iter().map(|row| dot(row, x)).collect()
}

/// Symmetric matrices with entries in `[−1, 1]`.
pub(crate) fn symmetric(n: usize) -> impl Strategy<Value = Vec<Vec<f64>>> {
    numbers(n * n).prop_map(move |x| {
        let entry = |i: usize, j: usize| x[i.max(j) * n + i.min(j)];
        let row = |i: usize| (0..n).map(|j| entry(i, j)).collect();
        (0..n).map(row).collect()
    })
}

/// `I + MᵀM`: symmetric, eigenvalues from 1 to `1 + n²`.
pub(crate) fn positive_definite(n: usize) -> impl Strategy<Value = Vec<Vec<f64>>> {
    numbers(n * n).prop_map(move |m| {
        let entry = |i: usize, j: usize| {
            let columns = (0..n).map(|k| m[k * n + i] * m[k * n + j]);
            columns.sum::<f64>() + f64::from(u8::from(i == j))
        };
        let row = |i: usize| (0..n).map(|j| entry(i, j)).collect();
        (0..n).map(row).collect()
    })
}
