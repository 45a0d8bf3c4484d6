//! `metarl evaluate`

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use metarl::Device;
use metarl::core::Returns;
use metarl::evaluate::evaluate;
use metarl::run::Run;

use super::profile_table::ProfileTable;
use super::progress::Progress;
use super::table::Table;

/// Judges a run on held-out tasks, beside exact optima and baselines.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  metarl evaluate runs/mine\n  \
                        metarl evaluate runs/mine --tasks 100000 --json")]
pub(super) struct Evaluate {
    /// Run folder.
    run: PathBuf,
    /// Held-out tasks, the experiment's own number if not given.
    #[arg(long, value_name = "N")]
    tasks: Option<usize>,
    /// Ends with one line of JSON.
    #[arg(long)]
    json: bool,
}

impl Evaluate {
    pub(super) fn run(&self, device: Device) -> Result<ExitCode> {
        let run = Run::open(&self.run)?.on(device);
        let progress = Progress::new()?;
        progress.say("evaluating");
        let evaluation = evaluate(&run, self.tasks)?;
        let experiment = run.experiment();
        progress.say("playing the baselines");
        let references = experiment.system.references(evaluation.tasks)?;
        progress.done();
        println!(
            "{}, seed {}, after {} of {} iterations, on {} tasks\n",
            experiment.title,
            experiment.seed,
            evaluation.iteration,
            experiment.system.n_iterations(),
            evaluation.tasks.n_tasks,
        );
        let profile = experiment.system.profile();
        for measurement in &evaluation.measurements {
            let metric = &measurement.metric;
            if profile
                .as_ref()
                .is_some_and(|profile| profile.metrics.contains(metric))
            {
                continue;
            }
            let table = Table::new(experiment, metric, measurement.returns, &references);
            println!("{table}");
        }
        if let Some(profile) = &profile {
            let measured = |metric: &str| {
                let found = evaluation.measurement(metric);
                found.map_or_else(|| Returns::of(&[]), |found| found.returns)
            };
            println!("{}", ProfileTable::new(profile, measured, &references));
        }
        if self.json {
            println!("{}", serde_json::to_string(&evaluation)?);
        }
        Ok(ExitCode::SUCCESS)
    }
}
