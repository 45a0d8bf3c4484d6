//! `metarl reproduce`

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use metarl::Device;
use metarl::reproduce::{Report, Reproduction, reproduce};

use super::profile_table::ProfileTable;
use super::progress::Progress;
use super::table::Table;
use super::{INTERRUPTED, MISSED, source};

const EXAMPLES: &str = "\
Examples:
  metarl reproduce rl2-bandit-10x5
  metarl reproduce rl2-bandit-10x5 --seeds 5 --json

Started again on the same folder it goes on where it was interrupted. The JSON has one object, or a
list where there are several metrics; `seconds` is the mean training time of a seed.";

/// Trains several seeds of an experiment, judges them and compares with the bar.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Reproduce {
    /// Name of a shipped experiment, or a TOML file.
    #[arg(value_name = "NAME|FILE.toml")]
    experiment: String,
    /// Number of seeds, the experiment's own if not given.
    #[arg(long, value_name = "N")]
    seeds: Option<u64>,
    /// Folder of the runs and the report [default: runs/NAME].
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Ends with one line of JSON.
    #[arg(long)]
    json: bool,
}

impl Reproduce {
    pub(super) fn run(&self, device: Device) -> Result<ExitCode> {
        let experiment = source::experiment(&self.experiment, &[])?;
        let n_seeds = self.seeds.unwrap_or(experiment.n_seeds);
        let out = self.out.clone();
        let out = out.unwrap_or_else(|| PathBuf::from("runs").join(&experiment.name));
        let mut progress = Progress::new()?;
        let done = reproduce(&experiment, n_seeds, &out, device, &mut progress)?;
        progress.done();
        let Some(done) = done else {
            println!("interrupted; the same command goes on from there");
            return Ok(ExitCode::from(INTERRUPTED));
        };
        println!(
            "{}, {n_seeds} seeds, {} tasks each\n",
            experiment.title, experiment.evaluation.n_tasks
        );
        let profile = experiment.system.profile();
        for metric in experiment.system.metrics() {
            if profile
                .as_ref()
                .is_some_and(|profile| profile.metrics.contains(&metric))
            {
                continue;
            }
            let measured = done.measured(&metric);
            println!(
                "{}",
                Table::new(&experiment, &metric, measured, &done.references)
            );
        }
        if let Some(profile) = &profile {
            let measured = |metric: &str| done.measured(metric);
            println!("{}", ProfileTable::new(profile, measured, &done.references));
        }
        for report in &done.reports {
            println!("{}", verdict(report));
        }
        println!("curve in {}", out.join(Reproduction::CURVE).display());
        if profile.is_some() {
            println!("profile in {}", out.join(Reproduction::PROFILE).display());
        }
        if self.json {
            println!("{}", json(&done.reports)?);
        }
        let passed = done.reports.iter().all(|report| report.passed);
        Ok(ExitCode::from(if passed { 0 } else { MISSED }))
    }
}

fn verdict(report: &Report) -> String {
    let Report {
        metric,
        measured,
        standard_error,
        bar,
        reference,
        passed,
        seconds,
        ..
    } = report;
    let verdict = if *passed { "passed" } else { "missed" };
    format!(
        "{verdict}: {metric} {measured:.3} ± {standard_error:.3}, bar {bar} ({reference}), \
         {seconds:.0} s of training a seed"
    )
}

fn json(reports: &[Report]) -> serde_json::Result<String> {
    match reports {
        [one] => serde_json::to_string(one),
        several => serde_json::to_string(several),
    }
}
