//! `metarl list`

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use metarl::experiment::Experiment;
use serde_json::json;

/// Lists the experiments that ship with the program, with their stated times.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  metarl list\n  metarl list --json")]
pub(super) struct List {
    /// One line of JSON.
    #[arg(long)]
    json: bool,
}

impl List {
    pub(super) fn run(&self) -> Result<ExitCode> {
        let experiments = Experiment::all()?;
        if self.json {
            let entry = |experiment: &Experiment| {
                json!({
                    "name": experiment.name,
                    "title": experiment.title,
                    "minutes_per_seed": experiment.minutes_per_seed,
                    "n_seeds": experiment.n_seeds,
                    "targets": experiment.targets,
                })
            };
            let list: Vec<_> = experiments.iter().map(entry).collect();
            println!("{}", serde_json::to_string(&list)?);
            return Ok(ExitCode::SUCCESS);
        }
        println!("{:<20} {:>12}  what it is", "name", "min a seed");
        for experiment in &experiments {
            let Experiment {
                name,
                minutes_per_seed,
                title,
                ..
            } = experiment;
            println!("{name:<20} {minutes_per_seed:>12}  {title}");
        }
        Ok(ExitCode::SUCCESS)
    }
}
