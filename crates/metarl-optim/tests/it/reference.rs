//! A categorical policy, its loss and its adaptation, as loops over `f64`.

use crate::difference::moved;
use crate::policy::Batch;

/// Layers `x W + b` from `widths[0]` inputs to the last width's actions, tanh between them.
#[derive(Debug, Clone)]
pub(crate) struct Reference {
    pub(crate) widths: Vec<usize>,
}

impl Reference {
    /// What every layer is given for one observation, and the logits.
    fn forward(&self, parameters: &[f64], observation: &[f64]) -> Vec<Vec<f64>> {
        let mut layers = vec![observation.to_vec()];
        let mut rest = parameters;
        for (k, pair) in self.widths.windows(2).enumerate() {
            let (n, m) = (pair[0], pair[1]);
            let (weight, others) = rest.split_at(n * m);
            let (bias, others) = others.split_at(m);
            rest = others;
            let last = k + 2 == self.widths.len();
            let unit = |j: usize| {
                let sum: f64 = (0..n).map(|i| layers[k][i] * weight[i * m + j]).sum();
                let affine = sum + bias[j];
                if last { affine } else { affine.tanh() }
            };
            layers.push((0..m).map(unit).collect());
        }
        layers
    }

    /// `log π(·|o)` of every row.
    pub(crate) fn log_probs(&self, parameters: &[f64], batch: &Batch) -> Vec<Vec<f64>> {
        let rows = batch.observation.chunks(self.widths[0]);
        rows.map(|observation| {
            let layers = self.forward(parameters, observation);
            log_softmax(&layers[layers.len() - 1])
        })
        .collect()
    }

    /// `L = −(1/N) Σ log π(a|o) Â`
    pub(crate) fn loss(&self, parameters: &[f64], batch: &Batch) -> f64 {
        let log_probs = self.log_probs(parameters, batch);
        let rows = log_probs.iter().zip(&batch.action).zip(&batch.advantage);
        let sum: f64 = rows.map(|((log_probs, a), adv)| log_probs[*a] * adv).sum();
        -sum / batch.action.len() as f64
    }

    /// `∇L`, by the chain rule one row and one layer at a time.
    pub(crate) fn gradient(&self, parameters: &[f64], batch: &Batch) -> Vec<f64> {
        let mut gradient = vec![0.0; parameters.len()];
        for (row, observation) in batch.observation.chunks(self.widths[0]).enumerate() {
            let layers = self.forward(parameters, observation);
            let weight = batch.advantage[row] / batch.action.len() as f64;
            let log_probs = log_softmax(&layers[layers.len() - 1]);
            let mut delta: Vec<f64> = log_probs.iter().map(|lp| weight * lp.exp()).collect();
            delta[batch.action[row]] -= weight;
            let mut end = parameters.len();
            for (k, pair) in self.widths.windows(2).enumerate().rev() {
                let (n, m) = (pair[0], pair[1]);
                let start = end - n * m - m;
                for j in 0..m {
                    gradient[start + n * m + j] += delta[j];
                    for i in 0..n {
                        gradient[start + i * m + j] += layers[k][i] * delta[j];
                    }
                }
                let back = |i: usize| {
                    let sum: f64 = (0..m)
                        .map(|j| parameters[start + i * m + j] * delta[j])
                        .sum();
                    sum * (1.0 - layers[k][i] * layers[k][i])
                };
                delta = (0..n).map(back).collect();
                end = start;
            }
        }
        gradient
    }

    /// `θ_K`
    pub(crate) fn adapted(&self, parameters: &[f64], support: &[Batch], lr: f64) -> Vec<f64> {
        let step = |theta: Vec<f64>, batch| moved(&theta, -lr, &self.gradient(&theta, batch));
        support.iter().fold(parameters.to_vec(), step)
    }

    /// `(1/N) Σ KL(q ‖ π)` from fixed log-probabilities.
    pub(crate) fn divergence(&self, q: &[Vec<f64>], parameters: &[f64], batch: &Batch) -> f64 {
        let p = self.log_probs(parameters, batch);
        let classes = q.iter().flatten().zip(p.iter().flatten());
        let sum: f64 = classes.map(|(q, p)| q.exp() * (q - p)).sum();
        sum / q.len() as f64
    }
}

fn log_softmax(x: &[f64]) -> Vec<f64> {
    let largest = x.iter().fold(f64::NEG_INFINITY, |max, x| max.max(*x));
    let sum: f64 = x.iter().map(|x| (x - largest).exp()).sum();
    x.iter().map(|x| x - largest - sum.ln()).collect()
}
