//! The units the critic predicts in.

use metarl_autodiff::Buffer;
use serde::{Deserialize, Serialize};

/// The critic learns `(G − μₜ) / σ`: `μₜ` is the mean of what follows step `t` of a trial, `σ` the
/// deviation around it. How much time is left explains nearly all of a return and nothing that
/// matters to a decision, so the network is spared it, and one learning rate serves rewards of any
/// size.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ValueScale {
    mean: Buffer<f32>,
    std: f32,
    known: bool,
}

impl ValueScale {
    /// Share by which an iteration's statistics move those that are kept.
    const SHARE: f64 = 0.05;

    /// Units of 1 for trials of `n_steps` steps, until something is observed.
    pub(super) fn new(n_steps: usize) -> Self {
        Self {
            mean: Buffer::zeros(n_steps),
            std: 1.0,
            known: false,
        }
    }

    /// Steps of a trial.
    pub(super) fn n_steps(&self) -> usize {
        self.mean.len()
    }

    /// Moves towards the statistics of new targets: at once the first time, then slowly. Each target
    /// comes with its step of the trial.
    pub(super) fn observe(&mut self, targets: impl Iterator<Item = (usize, f32)> + Clone) {
        let (mean, variance) = moments(targets, self.mean.len());
        let share = if self.known { Self::SHARE } else { 1.0 };
        #[expect(
            clippy::cast_possible_truncation,
            reason = "statistics in f64, values in f32"
        )]
        let blend = |old: f32, new: f64| (f64::from(old) + share * (new - f64::from(old))) as f32;
        for (old, new) in self.mean.iter_mut().zip(&mean) {
            *old = blend(*old, *new);
        }
        self.std = blend(self.std, variance.sqrt().max(1e-4));
        self.known = true;
    }

    pub(super) fn denormalize(&self, step: usize, value: f32) -> f32 {
        self.mean_at(step) + self.std * value
    }

    pub(super) fn normalize(&self, step: usize, value: f32) -> f32 {
        (value - self.mean_at(step)) / self.std
    }

    /// Beyond the longest trial, as at its end.
    fn mean_at(&self, step: usize) -> f32 {
        let last = self.mean.len().saturating_sub(1);
        self.mean.get(step.min(last)).copied().unwrap_or(0.0)
    }
}

/// Means at each step, and the mean squared distance from them. A step without samples has mean 0;
/// those beyond the last count as the last.
pub(super) fn moments(
    samples: impl Iterator<Item = (usize, f32)> + Clone,
    n_steps: usize,
) -> (Buffer<f64>, f64) {
    let [mut mean, mut count] = [(); 2].map(|()| Buffer::<f64>::zeros(n_steps));
    let last = n_steps.saturating_sub(1);
    let samples = samples.map(|(step, x)| (step.min(last), x));
    for (step, x) in samples.clone() {
        mean[step] += f64::from(x);
        count[step] += 1.0;
    }
    for (mean, count) in mean.iter_mut().zip(&count) {
        *mean /= count.max(1.0);
    }
    let squares = samples.map(|(step, x)| (f64::from(x) - mean[step]).powi(2));
    let variance = squares.sum::<f64>() / count.iter().sum::<f64>().max(1.0);
    (mean, variance)
}

/// Counts how many steps of its trial were done before each row of a time-major rollout.
pub(super) fn count_steps(first: &[bool], n_lanes: usize, steps: &mut [usize]) {
    for row in 0..first.len() {
        steps[row] = if first[row] || row < n_lanes {
            0
        } else {
            steps[row - n_lanes] + 1
        };
    }
}
