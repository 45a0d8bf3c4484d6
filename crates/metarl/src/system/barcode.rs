//! Barcode bandits: what is earned each time a context comes back.

use metarl_agents::{Epoch, Error as AgentError, Rl2};
use metarl_autodiff::Kernels;
use metarl_core::{Lanes, Returns, Seed};
use metarl_envs::baseline::barcode as baseline;
use metarl_envs::{BarcodeBandit, BarcodeProcess, BarcodeTasks};

use super::rl2::Rl2System;
use super::{Measurement, Reference};
use crate::experiment::EvaluationConfig;

/// Times a context comes in an epoch.
const N_EXPOSURES: usize = 10;
/// Trials of an epoch, in ten contexts.
pub(super) const N_TRIALS: usize = 100;
/// Pulls of a trial.
pub(super) const N_PULLS: usize = 10;

/// The metric of an exposure, from 1.
fn exposure(nth: usize) -> String {
    format!("exposure_{nth}")
}

/// One metric an exposure.
pub(super) fn exposures() -> Vec<String> {
    (1..=N_EXPOSURES).map(exposure).collect()
}

/// Mean return of all trials, and of those in which a context was seen for the first, second, …
/// time. The tasks are the sample.
pub(super) fn measure<D: Kernels<f32>>(
    agent: &Rl2<BarcodeBandit, BarcodeTasks, D, 10>,
    n_tasks: usize,
    seed: Seed,
) -> Result<Vec<Measurement>, AgentError> {
    let environment = |n_lanes| Lanes::of(BarcodeProcess, n_lanes);
    let epochs = agent.evaluate_epochs(environment, n_tasks, seed)?;
    let means: Vec<[f64; N_EXPOSURES]> = epochs.iter().map(by_exposure).collect();
    let measured = |metric: String, returns: Vec<f64>| Measurement {
        metric,
        returns: Returns::of(&returns),
    };
    let all = means
        .iter()
        .map(|mean| mean.iter().sum::<f64>() / N_EXPOSURES as f64);
    let mut measurements = vec![measured(Rl2System::METRIC.to_owned(), all.collect())];
    for (nth, metric) in exposures().into_iter().enumerate() {
        measurements.push(measured(
            metric,
            means.iter().map(|mean| mean[nth]).collect(),
        ));
    }
    Ok(measurements)
}

/// Mean returns of the contexts of an epoch, by how often each was seen before.
fn by_exposure(epoch: &Epoch<BarcodeBandit>) -> [f64; N_EXPOSURES] {
    let (mut total, mut count) = ([0.0; N_EXPOSURES], [0.0_f64; N_EXPOSURES]);
    for (idx, trial) in epoch.iter().enumerate() {
        let before = epoch[..idx]
            .iter()
            .filter(|other| other.opening == trial.opening);
        let nth = before.count().min(N_EXPOSURES - 1);
        total[nth] += trial.total_reward;
        count[nth] += 1.0;
    }
    std::array::from_fn(|nth| total[nth] / count[nth].max(1.0))
}

/// For every metric: chance, what is best without a memory of earlier trials, what a player earns who
/// never forgets a context, and what the good arm pays.
pub(super) fn references(judged: EvaluationConfig) -> Vec<Reference> {
    let (chance, optimum) = (baseline::chance(N_PULLS), baseline::optimum(N_PULLS));
    let seed = Seed::new(judged.seed);
    let earned = baseline::perfect_memory(N_EXPOSURES, 20_000, seed);
    let overall: Vec<f64> = (0..earned[0].len())
        .map(|context| {
            earned.iter().map(|earned| earned[context]).sum::<f64>() / N_EXPOSURES as f64
        })
        .collect();
    let remembered = std::iter::once(&overall).chain(&earned);
    let remembered = remembered.map(|earned| Returns::of(earned));
    let metrics = std::iter::once(Rl2System::METRIC.to_owned()).chain(exposures());
    let references = metrics.zip(remembered).flat_map(|(metric, remembered)| {
        [
            Reference::exact(&metric, "random", chance),
            Reference::exact(&metric, "Bayes optimum, no memory", optimum),
            Reference::measured(&metric, "perfect memory", &remembered),
            Reference::exact(&metric, "knows the good arm", baseline::good_arm(N_PULLS)),
        ]
    });
    references.collect()
}
