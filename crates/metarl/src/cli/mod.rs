//! Commands.

mod evaluate;
mod list;
mod play;
mod profile_table;
mod progress;
mod reproduce;
mod source;
mod table;
mod train;

use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use clap::{Parser, Subcommand};
use metarl::Device;

/// Exit code of a reproduction that misses a bar.
const MISSED: u8 = 1;
/// Exit code of a command that could not be carried out.
pub(crate) const FAILED: u8 = 2;
/// Exit code of a command that was interrupted, as shells have it.
const INTERRUPTED: u8 = 130;

/// Trains agents that learn how to learn, and judges them by exact optima and classical baselines.
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true, after_help = EXAMPLES)]
pub(crate) struct Program {
    /// Threads to use; the results do not depend on it [default: all cores].
    #[arg(long, global = true, value_name = "N")]
    threads: Option<usize>,
    /// Where networks are evaluated; cuda in builds with that feature.
    #[arg(
        long,
        global = true,
        value_name = "DEVICE",
        default_value = "cpu",
        hide_possible_values = true
    )]
    device: Device,
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  metarl list
  metarl reproduce rl2-bandit-10x5
  metarl train rl2-bandit-10x5 --set system.hidden=128 --out runs/wide
  metarl evaluate runs/wide
  metarl play bandit/bernoulli-5 --policy runs/wide

Exit codes: 0 done, 1 a bar was missed, 2 bad input or failure, 130 interrupted.";

#[derive(Debug, Subcommand)]
enum Command {
    List(list::List),
    Train(train::Train),
    Evaluate(evaluate::Evaluate),
    Reproduce(reproduce::Reproduce),
    Play(play::Play),
}

impl Program {
    pub(crate) fn run(self) -> Result<ExitCode> {
        if let Some(n) = self.threads {
            ensure!(n >= 1, "--threads must be at least 1, got {n}");
            rayon::ThreadPoolBuilder::new()
                .num_threads(n)
                .build_global()
                .with_context(|| format!("cannot start {n} threads"))?;
        }
        self.device.check()?;
        match self.command {
            Command::List(command) => command.run(),
            Command::Train(command) => command.run(self.device),
            Command::Evaluate(command) => command.run(self.device),
            Command::Reproduce(command) => command.run(self.device),
            Command::Play(command) => command.run(self.device),
        }
    }
}
