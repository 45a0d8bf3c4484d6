//! `metarl train`

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use metarl::Device;
use metarl::experiment::Assignment;
use metarl::run::Run;
use metarl::train::{draw, draw_so_far, train};

use super::progress::Progress;
use super::{INTERRUPTED, source};

const EXAMPLES: &str = "\
Examples:
  metarl train rl2-bandit-10x5
  metarl train rl2-bandit-10x5 --seed 7 --set system.learning_rate=0.003
  metarl train my-experiment.toml --out runs/mine
  metarl train runs/mine/config.toml --out runs/mine --resume";

/// Trains one seed of an experiment in a run folder.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Train {
    /// Name of a shipped experiment, or a TOML file.
    #[arg(value_name = "NAME|FILE.toml")]
    experiment: String,
    /// Sets a key of the experiment, for example system.hidden=128; may be repeated.
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Seed of the run, the experiment's own if not given.
    #[arg(long)]
    seed: Option<u64>,
    /// Run folder [default: runs/NAME-seed-SEED].
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Goes on with the run that the folder holds.
    #[arg(long)]
    resume: bool,
}

impl Train {
    pub(super) fn run(&self, device: Device) -> Result<ExitCode> {
        let assignments = self.set.iter().map(|text| text.parse());
        let assignments = assignments.collect::<Result<Vec<Assignment>, _>>()?;
        let experiment = source::experiment(&self.experiment, &assignments)?;
        let experiment = experiment.with_seed(self.seed.unwrap_or(experiment.seed));
        let out = self.out.clone().unwrap_or_else(|| {
            let (name, seed) = (&experiment.name, experiment.seed);
            PathBuf::from(format!("runs/{name}-seed-{seed}"))
        });
        let run = if self.resume {
            Run::open_same(&out, &experiment)?
        } else {
            Run::create(&out, &experiment)?
        };
        let run = run.on(device);
        let mut progress = Progress::new()?;
        let trained = train(&run, &mut progress)?;
        let folder = out.display();
        if !trained.finished {
            draw_so_far(&run)?;
            progress.done();
            println!(
                "interrupted after iteration {}; curve in {folder}/curve.svg; go on with\n  \
                 metarl train {folder}/config.toml --out {folder} --resume",
                trained.iteration,
            );
            return Ok(ExitCode::from(INTERRUPTED));
        }
        draw(&run, &mut progress)?;
        progress.done();
        println!(
            "{}, seed {}: trained in {:.0} s; curve in {folder}/curve.svg; judge it with\n  \
             metarl evaluate {folder}",
            experiment.name, experiment.seed, trained.seconds,
        );
        Ok(ExitCode::SUCCESS)
    }
}
