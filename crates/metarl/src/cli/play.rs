//! `metarl play`

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, ensure};
use clap::Args;
use metarl::Device;
use metarl::gallery::Gallery;
use metarl::play::{Player, play, save};
use metarl::run::Run;

const EXAMPLES: &str = "\
Examples:
  metarl play --list
  metarl play cart-pole/regular
  metarl play navigation/square --policy runs/maml-navigation-seed-0 --out adapts.html
  metarl play acrobot/default --seed 3 --out acrobot.svg
  metarl play catch/usual --episodes 5 --out frames/

What is written depends on the name: .html is a page with controls, .svg one animated picture,
anything else a folder with a picture of each step.";

/// Shows an agent or random actions at work
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Play {
    /// Name of a task distribution; --list names them.
    #[arg(value_name = "ENV", required_unless_present = "list")]
    environment: Option<String>,
    /// Who acts: random, or the folder of a run.
    #[arg(long, default_value = "random", value_name = "random|RUN")]
    policy: String,
    /// Which held-out task, and what happens in it.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Episodes of random actions; an agent plays as long as it is judged.
    #[arg(long, default_value_t = 1, value_name = "N")]
    episodes: usize,
    /// Where to [default: ENV.html, with - for /].
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Names the environments there are.
    #[arg(long)]
    list: bool,
}

impl Play {
    pub(super) fn run(&self, device: Device) -> Result<ExitCode> {
        let Some(environment) = self.environment.as_ref().filter(|_| !self.list) else {
            for name in Gallery::default().names() {
                println!("{name}");
            }
            return Ok(ExitCode::SUCCESS);
        };
        let (n_episodes, seed) = (self.episodes, self.seed);
        ensure!(n_episodes >= 1, "--episodes must be at least 1, got 0");
        let replay = if self.policy == "random" {
            play(environment, Player::Random { n_episodes }, seed)?
        } else {
            let run = Run::open(Path::new(&self.policy))?.on(device);
            play(environment, Player::Run(&run), seed)?
        };
        let out = self
            .out
            .clone()
            .unwrap_or_else(|| PathBuf::from(format!("{}.html", environment.replace('/', "-"))));
        save(&replay, &out)?;
        println!("{} frames in {}", replay.frames.len(), out.display());
        Ok(ExitCode::SUCCESS)
    }
}
