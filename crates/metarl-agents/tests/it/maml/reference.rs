//! The Gaussian policy, its batches and losses as loops over `f64`, differentiated by hand once.

use metarl_core::Rollout;

/// A perceptron for the mean and one log-deviation a coordinate, two numbers in and two out.
#[derive(Debug, Clone)]
pub(super) struct Net {
    /// From the observation to the mean.
    pub(super) widths: Vec<usize>,
}

/// Episodes of the lanes, one after the other.
#[derive(Debug, Clone, Default)]
pub(super) struct Batch {
    pub(super) observation: Vec<[f64; 2]>,
    pub(super) action: Vec<[f64; 2]>,
    pub(super) time: Vec<usize>,
    pub(super) behavior_log_prob: Vec<f64>,
    pub(super) reward: Vec<f64>,
    pub(super) last: Vec<bool>,
    pub(super) n_env_steps: usize,
    pub(super) advantage: Vec<f64>,
}

impl Net {
    pub(super) fn new(hidden: &[usize]) -> Self {
        Self {
            widths: [&[2], hidden, &[2]].concat(),
        }
    }

    pub(super) fn n_parameters(&self) -> usize {
        self.widths
            .windows(2)
            .map(|w| (w[0] + 1) * w[1])
            .sum::<usize>()
            + 2
    }

    fn log_std<'a>(&self, theta: &'a [f64]) -> &'a [f64] {
        &theta[self.n_parameters() - 2..]
    }

    /// Outputs of every layer, the observation first.
    fn layers(&self, theta: &[f64], observation: &[f64; 2]) -> Vec<Vec<f64>> {
        let mut layers = vec![observation.to_vec()];
        let mut start = 0;
        for (k, w) in self.widths.windows(2).enumerate() {
            let (n, m) = (w[0], w[1]);
            let output = (0..m).map(|j| {
                let sum: f64 = (0..n)
                    .map(|i| layers[k][i] * theta[start + i * m + j])
                    .sum();
                let sum = sum + theta[start + n * m + j];
                if k + 2 < self.widths.len() {
                    sum.max(0.0)
                } else {
                    sum
                }
            });
            let output = output.collect();
            layers.push(output);
            start += (n + 1) * m;
        }
        layers
    }

    pub(super) fn mean(&self, theta: &[f64], observation: &[f64; 2]) -> [f64; 2] {
        let layers = self.layers(theta, observation);
        let output = &layers[layers.len() - 1];
        [output[0], output[1]]
    }

    /// Adds the gradient of `⟨c, μ(o)⟩` to `gradient`.
    pub(super) fn pull_back(&self, theta: &[f64], o: &[f64; 2], c: [f64; 2], gradient: &mut [f64]) {
        let layers = self.layers(theta, o);
        let mut end = self.n_parameters() - 2;
        let mut error = c.to_vec();
        for (k, w) in self.widths.windows(2).enumerate().rev() {
            let (n, m) = (w[0], w[1]);
            let start = end - (n + 1) * m;
            if k + 2 < self.widths.len() {
                for j in 0..m {
                    error[j] *= f64::from(u8::from(layers[k + 1][j] > 0.0));
                }
            }
            for j in 0..m {
                gradient[start + n * m + j] += error[j];
                for i in 0..n {
                    gradient[start + i * m + j] += layers[k][i] * error[j];
                }
            }
            error = (0..n)
                .map(|i| (0..m).map(|j| theta[start + i * m + j] * error[j]).sum())
                .collect();
            end = start;
        }
    }

    pub(super) fn log_prob(&self, theta: &[f64], o: &[f64; 2], action: &[f64; 2]) -> f64 {
        let (mean, log_std) = (self.mean(theta, o), self.log_std(theta));
        let half_ln_2pi = 0.5 * (2.0 * std::f64::consts::PI).ln();
        let of = |k: usize| {
            let z = (action[k] - mean[k]) / log_std[k].exp();
            -0.5 * z * z - log_std[k] - half_ln_2pi
        };
        of(0) + of(1)
    }

    /// The gradient of `−(1/N) Σ wₙ log π(aₙ|oₙ)`.
    fn weighted(&self, theta: &[f64], batch: &Batch, weight: impl Fn(usize) -> f64) -> Vec<f64> {
        let (n, log_std) = (batch.action.len(), self.log_std(theta));
        let mut gradient = vec![0.0; self.n_parameters()];
        let tail = self.n_parameters() - 2;
        for row in 0..n {
            let (o, action) = (&batch.observation[row], &batch.action[row]);
            let mean = self.mean(theta, o);
            let share = -weight(row) / n as f64;
            let z = [0, 1].map(|k| (action[k] - mean[k]) / log_std[k].exp());
            let cotangent = [0, 1].map(|k| share * z[k] / log_std[k].exp());
            self.pull_back(theta, o, cotangent, &mut gradient);
            for k in 0..2 {
                gradient[tail + k] += share * (z[k] * z[k] - 1.0);
            }
        }
        gradient
    }

    /// `∇ −(1/N) Σ log π Â`
    pub(super) fn inner_gradient(&self, theta: &[f64], batch: &Batch) -> Vec<f64> {
        self.weighted(theta, batch, |row| batch.advantage[row])
    }

    /// `−(1/N) Σ ρ Â`
    pub(super) fn surrogate(&self, theta: &[f64], batch: &Batch) -> f64 {
        let n = batch.action.len();
        let sum = |row| self.ratio(theta, batch, row) * batch.advantage[row];
        -(0..n).map(sum).sum::<f64>() / n as f64
    }

    /// `−(1/N) Σ min(ρ Â, clip(ρ, 1 − ε, 1 + ε) Â)`
    pub(super) fn clipped_surrogate(&self, theta: &[f64], batch: &Batch, epsilon: f64) -> f64 {
        let n = batch.action.len();
        let least = |row| {
            let (ratio, advantage) = (self.ratio(theta, batch, row), batch.advantage[row]);
            let clipped = ratio.clamp(1.0 - epsilon, 1.0 + epsilon);
            (ratio * advantage).min(clipped * advantage)
        };
        -(0..n).map(least).sum::<f64>() / n as f64
    }

    pub(super) fn surrogate_gradient(&self, theta: &[f64], batch: &Batch) -> Vec<f64> {
        let weight = |row| self.ratio(theta, batch, row) * batch.advantage[row];
        self.weighted(theta, batch, weight)
    }

    fn ratio(&self, theta: &[f64], batch: &Batch, row: usize) -> f64 {
        let log_prob = self.log_prob(theta, &batch.observation[row], &batch.action[row]);
        (log_prob - batch.behavior_log_prob[row]).exp()
    }

    /// `θ − α ∇L(θ)` over all support batches.
    pub(super) fn adapt(&self, theta: &[f64], support: &[Batch], inner_lr: f64) -> Vec<f64> {
        let step = |theta: Vec<f64>, batch: &Batch| {
            let gradient = self.inner_gradient(&theta, batch);
            let pairs = theta.iter().zip(&gradient);
            pairs.map(|(x, g)| x - inner_lr * g).collect()
        };
        support.iter().fold(theta.to_vec(), step)
    }

    /// `(1/N) Σ KL(old ‖ new)`
    pub(super) fn divergence(&self, old: &[f64], new: &[f64], batch: &Batch) -> f64 {
        let (s, t) = (self.log_std(old), self.log_std(new));
        let of = |o: &[f64; 2]| {
            let (p, q) = (self.mean(old, o), self.mean(new, o));
            let coordinate = |k: usize| {
                let spread = (2.0 * s[k]).exp() + (p[k] - q[k]).powi(2);
                t[k] - s[k] + 0.5 * spread / (2.0 * t[k]).exp() - 0.5
            };
            coordinate(0) + coordinate(1)
        };
        let all = batch.observation.iter().map(of);
        all.sum::<f64>() / batch.observation.len() as f64
    }

    /// `F v` with the Fisher matrix `F = (1/N) Σ Σₖ ∇μₖ ∇μₖᵀ / σₖ² + 2 eₖ eₖᵀ`.
    pub(super) fn fisher_product(&self, theta: &[f64], batch: &Batch, v: &[f64]) -> Vec<f64> {
        let (n, log_std) = (batch.action.len() as f64, self.log_std(theta));
        let tail = self.n_parameters() - 2;
        let mut product = vec![0.0; self.n_parameters()];
        for k in 0..2 {
            product[tail + k] += 2.0 * v[tail + k];
            for o in &batch.observation {
                let mut slope = vec![0.0; self.n_parameters()];
                let mut unit = [0.0; 2];
                unit[k] = 1.0;
                self.pull_back(theta, o, unit, &mut slope);
                let along: f64 = slope.iter().zip(v).map(|(s, v)| s * v).sum();
                let share = along / (2.0 * log_std[k]).exp() / n;
                product
                    .iter_mut()
                    .zip(&slope)
                    .for_each(|(p, s)| *p += share * s);
            }
        }
        product
    }
}

impl Batch {
    /// Episodes that began within the first `horizon` steps of their lane, with advantages
    /// normalized over all of them.
    pub(super) fn new(
        rollout: &Rollout<[f32; 2], [f32; 2]>,
        horizon: usize,
        discount: f64,
        trace_decay: f64,
    ) -> Self {
        let (lanes, n_steps) = (rollout.n_lanes(), rollout.n_steps());
        let mut batch = Self::default();
        for lane in 0..lanes {
            let ended = |t: usize| {
                rollout.terminated[t * lanes + lane] || rollout.truncated[t * lanes + lane]
            };
            let mut time = 0;
            for t in 0..n_steps {
                if time == 0 && t >= horizon {
                    break;
                }
                batch.n_env_steps = batch.n_env_steps.max((t + 1) * lanes);
                let row = t * lanes + lane;
                batch
                    .observation
                    .push(rollout.observation[row].map(f64::from));
                batch.action.push(rollout.action[row].map(f64::from));
                batch
                    .behavior_log_prob
                    .push(f64::from(rollout.log_prob[row]));
                batch.reward.push(f64::from(rollout.reward[row]));
                batch.time.push(time);
                batch.last.push(ended(t));
                time = if ended(t) { 0 } else { time + 1 };
            }
        }
        let n = batch.reward.len();
        let mut returns = vec![0.0; n];
        for row in (0..n).rev() {
            let later = if batch.last[row] {
                0.0
            } else {
                returns[row + 1]
            };
            returns[row] = batch.reward[row] + discount * later;
        }
        let features: Vec<_> = batch
            .observation
            .iter()
            .zip(&batch.time)
            .map(features)
            .collect();
        let weights = regress(&features, &returns, 1e-5);
        let predict = |phi: &Vec<f64>| phi.iter().zip(&weights).map(|(x, w)| x * w).sum::<f64>();
        let value: Vec<f64> = features.iter().map(predict).collect();

        let mut advantage = vec![0.0; n];
        for row in (0..n).rev() {
            let (next, later) = if batch.last[row] {
                (0.0, 0.0)
            } else {
                (value[row + 1], advantage[row + 1])
            };
            let td_error = batch.reward[row] + discount * next - value[row];
            advantage[row] = td_error + discount * trace_decay * later;
        }
        let mean = advantage.iter().sum::<f64>() / n as f64;
        let variance = advantage.iter().map(|a| (a - mean).powi(2)).sum::<f64>() / n as f64;
        batch.advantage = advantage
            .iter()
            .map(|a| (a - mean) / variance.sqrt())
            .collect();
        batch
    }

    /// Mean over episodes of the sum of rewards.
    pub(super) fn mean_return(&self) -> f64 {
        let n_episodes = self.last.iter().filter(|last| **last).count();
        self.reward.iter().sum::<f64>() / n_episodes as f64
    }
}

/// `[o, o², τ, τ², τ³, 1]`, `τ = t / 100`
pub(super) fn features((o, t): (&[f64; 2], &usize)) -> Vec<f64> {
    let tau = *t as f64 / 100.0;
    vec![
        o[0],
        o[1],
        o[0].powi(2),
        o[1].powi(2),
        tau,
        tau.powi(2),
        tau.powi(3),
        1.0,
    ]
}

/// Solves `(ΦᵀΦ + r I) w = Φᵀ G` by elimination with pivots.
pub(super) fn regress(features: &[Vec<f64>], returns: &[f64], ridge: f64) -> Vec<f64> {
    let width = features[0].len();
    let mut rows = vec![vec![0.0; width + 1]; width];
    for (phi, g) in features.iter().zip(returns) {
        for i in 0..width {
            for j in 0..width {
                rows[i][j] += phi[i] * phi[j];
            }
            rows[i][width] += phi[i] * g;
        }
    }
    for (i, row) in rows.iter_mut().enumerate() {
        row[i] += ridge;
    }
    solve(rows)
}

/// Solves a system given as rows with the right-hand side at their end.
pub(super) fn solve(mut rows: Vec<Vec<f64>>) -> Vec<f64> {
    let n = rows.len();
    for i in 0..n {
        let largest = |a: &usize, b: &usize| rows[*a][i].abs().total_cmp(&rows[*b][i].abs());
        let pivot = (i..n).max_by(largest).unwrap();
        rows.swap(i, pivot);
        let pivot = rows[i].clone();
        for (j, row) in rows.iter_mut().enumerate() {
            if j != i {
                let factor = row[i] / pivot[i];
                row.iter_mut()
                    .zip(&pivot)
                    .for_each(|(x, p)| *x -= factor * p);
            }
        }
    }
    (0..n).map(|i| rows[i][n] / rows[i][i]).collect()
}
