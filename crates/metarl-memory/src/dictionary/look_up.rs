//! What a look-up read, and the way back through it.

use crate::dictionary::direction::without_component;
use crate::error::check_vector;
use crate::{Error, Neighbor, Search};

/// Room for a look-up: what was read, with copies of keys and values, so that gradients are those of
/// what was read, whatever became of the memory since.
#[derive(Debug, Clone, Default)]
pub struct LookUp {
    pub(super) search: Search,
    /// The query, divided by its length where the kernel is the cosine.
    pub(super) query: Vec<f32>,
    /// That length, where it was divided.
    pub(super) length: Option<f32>,
    pub(super) neighbors: Vec<Neighbor>,
    /// wᵢ
    pub(super) weights: Vec<f32>,
    /// kᵢ′ / Σⱼ kⱼ
    pub(super) slopes: Vec<f32>,
    /// Keys and values of the neighbors, one after the other.
    pub(super) keys: Vec<f32>,
    pub(super) values: Vec<f32>,
    pub(super) output: Vec<f32>,
    pub(super) generation: u64,
}

impl LookUp {
    /// One that read no entries: zeros, whose gradients are zeros.
    pub(crate) fn of_nothing(dimension: usize, width: usize) -> Self {
        Self {
            query: vec![0.0; dimension],
            output: vec![0.0; width],
            ..Self::default()
        }
    }

    /// The answer: `o = Σᵢ wᵢ vᵢ`.
    #[must_use]
    pub fn output(&self) -> &[f32] {
        &self.output
    }

    /// The entries that were read, nearest first.
    #[must_use]
    pub fn neighbors(&self) -> &[Neighbor] {
        &self.neighbors
    }

    /// The weight of each neighbor; they add up to 1.
    #[must_use]
    pub fn weights(&self) -> &[f32] {
        &self.weights
    }

    /// From the gradient of a loss by the output, its gradients by query, keys and values.
    ///
    /// ```text
    /// g    = ∂L/∂o                          K = Σⱼ k(uⱼ)
    /// sᵢ   = ∂L/∂uᵢ = k′(uᵢ)/K · ⟨g, vᵢ − o⟩
    /// ∂L/∂vᵢ = wᵢ g
    /// ∂L/∂hᵢ = −2 sᵢ (h − hᵢ)               ∂L/∂h = Σᵢ 2 sᵢ (h − hᵢ)
    /// ```
    ///
    /// Which entries are nearest is held fixed. Where the cosine kernel divides by lengths, the
    /// gradient is that by the vectors before division: what points along the vector is taken out
    /// and the rest divided by the length, which for stored keys is 1.
    ///
    /// # Errors
    ///
    /// [`Error::DimensionMismatch`] and [`Error::NonFinite`] of `output_gradient`.
    pub fn gradient(
        &self,
        output_gradient: &[f32],
        gradient: &mut LookUpGradient,
    ) -> Result<(), Error> {
        check_vector("output_gradient", output_gradient, self.output.len())?;
        self.differentiate(output_gradient, gradient);
        Ok(())
    }

    /// The same of a gradient of the right width, where what is not finite flows on.
    pub(crate) fn differentiate(&self, output_gradient: &[f32], gradient: &mut LookUpGradient) {
        gradient.generation = self.generation;
        gradient.slots.clear();
        gradient.slots.extend(self.neighbors.iter().map(|n| n.slot));
        gradient.query.clear();
        gradient.query.resize(self.query.len(), 0.0);
        gradient.keys.clear();
        gradient.values.clear();
        for i in 0..self.neighbors.len() {
            self.add_neighbor(i, output_gradient, gradient);
        }
        if let Some(length) = self.length {
            without_component(&mut gradient.query, &self.query);
            gradient.query.iter_mut().for_each(|x| *x /= length);
            let keys = self.keys.chunks_exact(self.query.len());
            let by_key = gradient.keys.chunks_exact_mut(self.query.len());
            by_key
                .zip(keys)
                .for_each(|(g, key)| without_component(g, key));
        }
    }

    /// The share of neighbor `i` in all three.
    fn add_neighbor(&self, i: usize, output_gradient: &[f32], gradient: &mut LookUpGradient) {
        let (dimension, width) = (self.query.len(), self.output.len());
        let key = &self.keys[i * dimension..][..dimension];
        let value = &self.values[i * width..][..width];
        let above_mean = output_gradient.iter().zip(value).zip(&self.output);
        let above_mean: f32 = above_mean.map(|((g, v), o)| g * (v - o)).sum();
        let by_distance = self.slopes[i] * above_mean;
        for ((by_query, h), hi) in gradient.query.iter_mut().zip(&self.query).zip(key) {
            let by_h = 2.0 * by_distance * (h - hi);
            *by_query += by_h;
            gradient.keys.push(-by_h);
        }
        let by_value = output_gradient.iter().map(|g| self.weights[i] * g);
        gradient.values.extend(by_value);
    }
}

/// Gradients of a loss by everything that a look-up read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LookUpGradient {
    /// By the query.
    pub query: Vec<f32>,
    /// By the key of each neighbor, one after the other.
    pub keys: Vec<f32>,
    /// By the value of each neighbor, one after the other.
    pub values: Vec<f32>,
    pub(super) slots: Vec<usize>,
    pub(super) generation: u64,
}

impl LookUpGradient {
    /// The slots of the neighbors, nearest first.
    #[must_use]
    pub fn slots(&self) -> &[usize] {
        &self.slots
    }
}
