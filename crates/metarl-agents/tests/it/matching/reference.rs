//! Matching networks as loops over `f64`.

use metarl_agents::EmbeddingConfig;
use metarl_core::FewShotTask;

/// An embedding with its parameters in one vector.
pub(super) struct Reference<'a> {
    pub(super) config: &'a EmbeddingConfig,
    pub(super) width: usize,
    pub(super) inverse_temperature: f64,
}

/// `x W + b`, with ReLU or without; takes its parameters off the front.
fn dense(x: &[f64], outputs: usize, rest: &mut &[f64], relu: bool) -> Vec<f64> {
    let (weight, after) = rest.split_at(x.len() * outputs);
    let (bias, after) = after.split_at(outputs);
    *rest = after;
    let unit = |j: usize| {
        let sum = (0..x.len()).map(|i| x[i] * weight[i * outputs + j]);
        let y = bias[j] + sum.sum::<f64>();
        if relu { y.max(0.0) } else { y }
    };
    (0..outputs).map(unit).collect()
}

/// A convolution of 3 × 3, stride 2, one pixel of padding, and ReLU, on a square image, channels last.
fn convolution(image: &[f64], side: usize, filters: usize, rest: &mut &[f64]) -> Vec<f64> {
    let channels = image.len() / (side * side);
    let (weight, after) = rest.split_at(9 * channels * filters);
    let (bias, after) = after.split_at(filters);
    *rest = after;
    let pixel = |row: isize, column: isize, channel: usize| {
        let inside = |k: isize| (0..side as isize).contains(&k);
        if inside(row) && inside(column) {
            image[(row as usize * side + column as usize) * channels + channel]
        } else {
            0.0
        }
    };
    let half = side.div_ceil(2);
    let mut out = Vec::new();
    for row in 0..half as isize {
        for column in 0..half as isize {
            for (filter, bias) in bias.iter().enumerate() {
                let mut sum = *bias;
                for (place, weights) in weight.chunks_exact(filters).enumerate() {
                    let (window, channel) = (place / channels, place % channels);
                    let (dy, dx) = ((window / 3) as isize - 1, (window % 3) as isize - 1);
                    sum += weights[filter] * pixel(2 * row + dy, 2 * column + dx, channel);
                }
                out.push(sum.max(0.0));
            }
        }
    }
    out
}

impl Reference<'_> {
    fn embed(&self, example: &[f32], parameters: &[f64]) -> Vec<f64> {
        let mut x: Vec<f64> = example.iter().map(|x| f64::from(*x)).collect();
        let mut rest = parameters;
        match self.config {
            EmbeddingConfig::Perceptron { hidden } => {
                for units in hidden {
                    x = dense(&x, *units, &mut rest, true);
                }
            }
            EmbeddingConfig::Convolutional { filters } => {
                let mut side = x.len().isqrt();
                for filters in filters {
                    x = convolution(&x, side, *filters, &mut rest);
                    side = side.div_ceil(2);
                }
            }
        }
        dense(&x, self.width, &mut rest, false)
    }

    /// The probability of each class, query after query.
    pub(super) fn probability(&self, task: &FewShotTask, parameters: &[f64]) -> Vec<Vec<f64>> {
        let embed = |examples: &[f32]| -> Vec<Vec<f64>> {
            let rows = examples.chunks_exact(task.n_features);
            rows.map(|row| self.embed(row, parameters)).collect()
        };
        let dot = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>();
        let support = embed(&task.support);
        let of_query = |query: Vec<f64>| {
            let mut mass = vec![0.0; task.n_ways];
            for (x, &label) in support.iter().zip(&task.support_label) {
                let lengths = (dot(x, x) + 1e-8).sqrt() * (dot(&query, &query) + 1e-8).sqrt();
                mass[label] += (self.inverse_temperature * dot(x, &query) / lengths).exp();
            }
            let total: f64 = mass.iter().sum();
            mass.iter().map(|mass| mass / total).collect()
        };
        embed(&task.query).into_iter().map(of_query).collect()
    }

    pub(super) fn loss(&self, task: &FewShotTask, parameters: &[f64]) -> f64 {
        let probability = self.probability(task, parameters);
        let pairs = probability.iter().zip(&task.query_label);
        let n = task.query_label.len() as f64;
        -pairs.map(|(p, label)| p[*label].ln()).sum::<f64>() / n
    }
}
