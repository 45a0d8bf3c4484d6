//! A look-up as a loop over double precision.

use metarl_memory::{Dictionary, Kernel, NearestNeighbors};

/// Entries that take part in a look-up: which ones is decided elsewhere.
#[derive(Debug, Clone)]
pub(crate) struct Entries {
    pub(crate) query: Vec<f64>,
    pub(crate) keys: Vec<Vec<f64>>,
    pub(crate) values: Vec<Vec<f64>>,
}

impl Entries {
    /// Those of some slots.
    pub(crate) fn of<N: NearestNeighbors>(
        dictionary: &Dictionary<N>,
        query: &[f32],
        slots: impl IntoIterator<Item = usize>,
    ) -> Self {
        let (keys, values) = slots
            .into_iter()
            .map(|slot| {
                let key = dictionary.keys().get(slot).expect("an entry");
                let value = dictionary.value(slot).expect("an entry");
                (wide(key), wide(value))
            })
            .unzip();
        let query = wide(query);
        Self {
            query,
            keys,
            values,
        }
    }

    /// `Σᵢ k(h, hᵢ) vᵢ / Σᵢ k(h, hᵢ)`.
    pub(crate) fn output(&self, kernel: Kernel) -> Vec<f64> {
        let weights: Vec<f64> = self
            .keys
            .iter()
            .map(|key| weight(kernel, &self.query, key))
            .collect();
        let total: f64 = weights.iter().sum();
        let width = self.values[0].len();
        (0..width)
            .map(|j| {
                let pairs = weights.iter().zip(&self.values);
                pairs.map(|(w, v)| w * v[j]).sum::<f64>() / total
            })
            .collect()
    }
}

pub(crate) fn weight(kernel: Kernel, query: &[f64], key: &[f64]) -> f64 {
    let difference: Vec<f64> = query.iter().zip(key).map(|(a, b)| a - b).collect();
    let u = dot(&difference, &difference);
    match kernel {
        Kernel::InverseDistance { delta } => 1.0 / (u + f64::from(delta)),
        Kernel::Gaussian { bandwidth } => (-u / (2.0 * f64::from(bandwidth).powi(2))).exp(),
        Kernel::Cosine => f64::midpoint(1.0, cosine(query, key)),
    }
}

pub(crate) fn cosine(a: &[f64], b: &[f64]) -> f64 {
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

pub(crate) fn wide(numbers: &[f32]) -> Vec<f64> {
    numbers.iter().copied().map(f64::from).collect()
}
