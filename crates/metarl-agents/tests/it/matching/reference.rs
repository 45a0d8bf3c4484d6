//! Matching networks as loops over `f64`.

use metarl_agents::EmbeddingConfig;
use metarl_core::FewShotTask;

/// An embedding with its parameters in one vector.
pub(super) struct Reference<'a> {
    pub(super) config: &'a EmbeddingConfig,
    pub(super) width: usize,
    pub(super) processing_steps: Option<usize>,
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

fn dot(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).map(|(x, y)| x * y).sum()
}

/// `Σ wᵢ xᵢ`
fn weighted(weights: &[f64], rows: &[Vec<f64>]) -> Vec<f64> {
    let sum = |k: usize| weights.iter().zip(rows).map(|(w, row)| w * row[k]).sum();
    (0..rows[0].len()).map(sum).collect()
}

/// A long short-term memory; gates lie in the order input, forget, cell, output.
struct Cell<'a> {
    width: usize,
    input: &'a [f64],
    state: &'a [f64],
    bias: &'a [f64],
}

impl<'a> Cell<'a> {
    fn take(inputs: usize, width: usize, rest: &mut &'a [f64]) -> Self {
        let mut take = |n: usize| {
            let (taken, after) = rest.split_at(n);
            *rest = after;
            taken
        };
        let gates = 4 * width;
        Self {
            width,
            input: take(inputs * gates),
            state: take(width * gates),
            bias: take(gates),
        }
    }

    fn step(&self, input: &[f64], (h, c): &(Vec<f64>, Vec<f64>)) -> (Vec<f64>, Vec<f64>) {
        let n = 4 * self.width;
        let gate = |gate: usize, unit: usize| {
            let column = gate * self.width + unit;
            let of_input = (0..input.len()).map(|i| input[i] * self.input[i * n + column]);
            let of_state = (0..h.len()).map(|i| h[i] * self.state[i * n + column]);
            self.bias[column] + of_input.sum::<f64>() + of_state.sum::<f64>()
        };
        let open = |x: f64| 1.0 / (1.0 + (-x).exp());
        let cell = |k: usize| open(gate(1, k)) * c[k] + open(gate(0, k)) * gate(2, k).tanh();
        let c: Vec<f64> = (0..self.width).map(cell).collect();
        let shown = |k: usize| open(gate(3, k)) * c[k].tanh();
        ((0..self.width).map(shown).collect(), c)
    }

    fn start(&self) -> (Vec<f64>, Vec<f64>) {
        (vec![0.0; self.width], vec![0.0; self.width])
    }

    fn read<'b>(&self, rows: impl Iterator<Item = &'b Vec<f64>>) -> Vec<Vec<f64>> {
        let mut state = self.start();
        let step = |row: &Vec<f64>| {
            state = self.step(row, &state);
            state.0.clone()
        };
        rows.map(step).collect()
    }
}

/// Support and queries in the light of the support.
fn in_context(
    support: &[Vec<f64>],
    queries: &[Vec<f64>],
    processing_steps: usize,
    mut rest: &[f64],
) -> [Vec<Vec<f64>>; 2] {
    let width = support[0].len();
    let forward = Cell::take(width, width, &mut rest);
    let backward = Cell::take(width, width, &mut rest);
    let attention = Cell::take(2 * width, width, &mut rest);
    assert!(rest.is_empty());
    let from_the_first = forward.read(support.iter());
    let mut from_the_last = backward.read(support.iter().rev());
    from_the_last.reverse();
    let sum = |i: usize, k: usize| from_the_first[i][k] + from_the_last[i][k] + support[i][k];
    let support: Vec<Vec<f64>> = (0..support.len())
        .map(|i| (0..width).map(|k| sum(i, k)).collect())
        .collect();
    let look = |query: &Vec<f64>| {
        let mut state = attention.start();
        for _ in 0..processing_steps {
            let weights: Vec<f64> = support.iter().map(|g| dot(&state.0, g).exp()).collect();
            let total: f64 = weights.iter().sum();
            let weights: Vec<f64> = weights.iter().map(|w| w / total).collect();
            let input = [query.clone(), weighted(&weights, &support)].concat();
            state = attention.step(&input, &state);
            state.0.iter_mut().zip(query).for_each(|(h, x)| *h += x);
        }
        state.0
    };
    let queries = queries.iter().map(look).collect();
    [support, queries]
}

impl Reference<'_> {
    /// The embedded example, and the parameters that are not the embedding's.
    fn embed<'a>(&self, example: &[f32], parameters: &'a [f64]) -> (Vec<f64>, &'a [f64]) {
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
        (dense(&x, self.width, &mut rest, false), rest)
    }

    /// The probability of each class, query after query.
    pub(super) fn probability(&self, task: &FewShotTask, parameters: &[f64]) -> Vec<Vec<f64>> {
        let embed = |examples: &[f32]| -> Vec<Vec<f64>> {
            let rows = examples.chunks_exact(task.n_features);
            rows.map(|row| self.embed(row, parameters).0).collect()
        };
        let mut order: Vec<usize> = (0..task.support_label.len()).collect();
        if self.processing_steps.is_some() {
            order.sort_by_key(|idx| task.support_label[*idx]);
        }
        let label: Vec<usize> = order.iter().map(|idx| task.support_label[*idx]).collect();
        let alone = embed(&task.support);
        let mut support: Vec<Vec<f64>> = order.iter().map(|idx| alone[*idx].clone()).collect();
        let mut queries = embed(&task.query);
        if let Some(processing_steps) = self.processing_steps {
            let (_, rest) = self.embed(&task.query[..task.n_features], parameters);
            [support, queries] = in_context(&support, &queries, processing_steps, rest);
        }
        let of_query = |query: Vec<f64>| {
            let mut mass = vec![0.0; task.n_ways];
            for (x, label) in support.iter().zip(&label) {
                let lengths = (dot(x, x) + 1e-8).sqrt() * (dot(&query, &query) + 1e-8).sqrt();
                mass[*label] += (self.inverse_temperature * dot(x, &query) / lengths).exp();
            }
            let total: f64 = mass.iter().sum();
            mass.iter().map(|mass| mass / total).collect()
        };
        queries.into_iter().map(of_query).collect()
    }

    pub(super) fn loss(&self, task: &FewShotTask, parameters: &[f64]) -> f64 {
        let probability = self.probability(task, parameters);
        let pairs = probability.iter().zip(&task.query_label);
        let n = task.query_label.len() as f64;
        -pairs.map(|(p, label)| p[*label].ln()).sum::<f64>() / n
    }
}
