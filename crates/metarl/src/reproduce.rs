//! Running an experiment as published: several seeds, one report.

use std::fs;
use std::path::Path;

use metarl_core::Returns;
use serde::{Deserialize, Serialize};

use crate::evaluate::{Evaluation, evaluate};
use crate::experiment::{Experiment, Target};
use crate::plot;
use crate::run::{Run, replace_json};
use crate::system::Reference;
use crate::train::{Watch, train};
use crate::{Device, Error};

/// Measured against bar.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The experiment.
    pub name: String,
    /// What was measured.
    pub metric: String,
    /// Mean over seeds.
    pub measured: f64,
    /// Its standard error: over seeds, or over tasks where there is only one seed.
    pub standard_error: f64,
    /// What had to be reached.
    pub bar: f64,
    /// Where the bar comes from.
    pub reference: String,
    /// Whether it was reached.
    pub passed: bool,
    /// Mean training time of a seed.
    pub seconds: f64,
}

/// Everything a reproduction found out: `report.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reproduction {
    /// One a target.
    pub reports: Vec<Report>,
    /// One a seed.
    pub evaluations: Vec<Evaluation>,
    /// Exact optima and baselines on the same tasks.
    pub references: Vec<Reference>,
}

impl Reproduction {
    const FILE: &str = "report.json";
    /// Name of the learning curve.
    pub const CURVE: &str = "curve.svg";
    /// Name of the [`Profile`](crate::system::Profile)'s plot.
    pub const PROFILE: &str = "profile.svg";

    /// Mean over seeds of a metric and its standard error: over seeds, or over tasks where there is
    /// only one seed.
    #[must_use]
    pub fn measured(&self, metric: &str) -> Returns {
        let seeds = self.evaluations.iter();
        let found: Vec<Returns> = seeds
            .filter_map(|seed| seed.measurement(metric))
            .map(|measurement| measurement.returns)
            .collect();
        match found[..] {
            [one] => one,
            _ => Returns::of(&found.iter().map(|seed| seed.mean).collect::<Vec<_>>()),
        }
    }

    fn report(&self, name: &str, target: &Target) -> Report {
        let measured = self.measured(&target.metric);
        let seconds = self.evaluations.iter().map(|seed| seed.training_seconds);
        Report {
            name: name.to_owned(),
            metric: target.metric.clone(),
            measured: measured.mean,
            standard_error: measured.standard_error,
            bar: target.bar,
            reference: target.reference.clone(),
            passed: target.passed(measured.mean),
            seconds: seconds.sum::<f64>() / self.evaluations.len() as f64,
        }
    }
}

/// Trains `n_seeds` seeds of an experiment in the folders `seed-…` of `out`, evaluates each on the
/// same held-out tasks, plays the baselines on them, and writes `report.json` and `curve.svg`, and
/// `profile.svg` where the system has a profile.
///
/// What is already there is not done again, so an interrupted reproduction goes on when it is
/// started once more. `None` says that the watcher stopped it.
///
/// # Errors
///
/// [`Error::OutOfRange`] for no seeds, [`Error::NotEmpty`] when `out` has other things in it,
/// [`Error::OtherExperiment`] when it has runs of another experiment, and what training,
/// evaluation and baselines return.
pub fn reproduce(
    experiment: &Experiment,
    n_seeds: u64,
    out: &Path,
    device: Device,
    watch: &mut dyn Watch,
) -> Result<Option<Reproduction>, Error> {
    if n_seeds == 0 {
        return Err(Error::OutOfRange {
            name: "the number of seeds",
            allowed: "at least 1",
            got: n_seeds.to_string(),
        });
    }
    check_folder(out)?;
    let mut evaluations = Vec::new();
    let mut curves = Vec::new();
    for offset in 0..n_seeds {
        let experiment = experiment.with_seed(experiment.seed.saturating_add(offset));
        let folder = out.join(format!("seed-{}", experiment.seed));
        let run = match Run::open_same(&folder, &experiment) {
            Err(Error::NoRun { .. }) => Run::create(&folder, &experiment)?,
            other => other?,
        };
        let run = run.on(device);
        let trained = train(&run, watch)?;
        if !trained.finished || watch.stopped() {
            return Ok(None);
        }
        watch.phase("evaluating");
        let known = Evaluation::of_finished(&run);
        evaluations.push(known.map_or_else(|| evaluate(&run, None), Ok)?);
        curves.push(run.metrics()?);
        if watch.stopped() {
            return Ok(None);
        }
    }
    watch.phase("playing the baselines");
    let mut done = Reproduction {
        reports: Vec::new(),
        evaluations,
        references: experiment.system.references(experiment.evaluation)?,
    };
    let targets = experiment.targets.iter();
    done.reports = targets
        .map(|target| done.report(&experiment.name, target))
        .collect();
    let curve = out.join(Reproduction::CURVE);
    plot::learning_curve(&curve, experiment, &curves, &done.references)?;
    if let Some(shown) = experiment.system.profile() {
        let path = out.join(Reproduction::PROFILE);
        plot::profile(
            &path,
            experiment,
            &shown,
            &done.evaluations,
            &done.references,
        )?;
    }
    replace_json(&out.join(Reproduction::FILE), &done)?;
    Ok(Some(done))
}

/// A folder that holds anything but a reproduction is left alone.
fn check_folder(out: &Path) -> Result<(), Error> {
    fs::create_dir_all(out).map_err(Error::write(out))?;
    for entry in fs::read_dir(out).map_err(Error::read(out))? {
        let name = entry.map_err(Error::read(out))?.file_name();
        let name = name.to_string_lossy();
        let ours = name.starts_with("seed-")
            || name.starts_with(Reproduction::FILE)
            || name.starts_with(Reproduction::CURVE)
            || name.starts_with(Reproduction::PROFILE);
        if !ours {
            return Err(Error::NotEmpty {
                path: out.to_owned(),
            });
        }
    }
    Ok(())
}
