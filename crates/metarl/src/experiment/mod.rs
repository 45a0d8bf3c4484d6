//! What is trained, on what, and which bar it must reach.
//!
//! An experiment is a TOML file:
//!
//! ```toml
//! name = "my-bandit"
//! title = "RL² on three-armed bandits"
//! minutes_per_seed = 2.0       # stated, on two cores
//! n_seeds = 3                  # of a reproduction
//!
//! [system]                     # see `system`: the kind, its environment, its hyper-parameters
//! kind = "rl2"
//! n_episodes = 10
//! environment = { kind = "bernoulli-bandit", arms = 5 }
//! learning_rate = 0.002
//!
//! [evaluation]
//! n_tasks = 50000
//!
//! [[targets]]
//! metric = "total_reward"
//! bar = 6.6
//! reference = "exact Bayes optimum 6.660"
//! ```
//!
//! | key | default | range | meaning |
//! |---|---|---|---|
//! | `name` | | a-z, 0-9 and hyphens | what it is called |
//! | `title` | | | one line |
//! | `minutes_per_seed` | | > 0 | stated training time of a seed on two cores |
//! | `n_seeds` | 3 | ≥ 1 | seeds of a reproduction |
//! | `seed` | 0 | 0 … 2⁶³ − 1 | the first of them |
//! | `checkpoint_every` | 25 | ≥ 1 | iterations between checkpoints |
//! | `system` | | | the agent and its environment: [`System`] |
//! | `evaluation.n_tasks` | 10000 | ≥ 2 | held-out tasks |
//! | `evaluation.seed` | 0 | 0 … 2⁶³ − 1 | which tasks |
//! | `targets` | none | | bars to reach: [`Target`] |

mod assignment;
mod section;
mod shipped;
mod target;

use std::path::Path;

use serde::{Deserialize, Serialize};
use toml::Table;

pub use assignment::Assignment;
pub(crate) use section::Section;
pub use target::{Direction, Target};

use crate::Error;
use crate::system::System;

/// An experiment, checked.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Experiment {
    /// What it is called.
    pub name: String,
    /// One line on what it does.
    pub title: String,
    /// Stated training time of a seed on two cores.
    pub minutes_per_seed: f64,
    /// Seeds of a reproduction.
    pub n_seeds: u64,
    /// The first of them, and the only one of a single training.
    pub seed: u64,
    /// Iterations between checkpoints.
    pub checkpoint_every: u64,
    /// The agent and its environment.
    pub system: System,
    /// How it is judged.
    pub evaluation: EvaluationConfig,
    /// What it must reach.
    pub targets: Vec<Target>,
}

/// Held-out tasks: the same for every agent that is judged with this seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EvaluationConfig {
    /// How many.
    pub n_tasks: usize,
    /// Which.
    pub seed: u64,
}

impl Default for EvaluationConfig {
    fn default() -> Self {
        Self {
            n_tasks: 10_000,
            seed: 0,
        }
    }
}

impl Experiment {
    /// The shipped experiment of that name.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownExperiment`] with the nearest name and all of them, and what
    /// [`parse`](Self::parse) returns for the assignments.
    pub fn named(name: &str, assignments: &[Assignment]) -> Result<Self, Error> {
        Self::parse(name, shipped::text(name)?, assignments)
    }

    /// The experiment in a file.
    ///
    /// # Errors
    ///
    /// [`Error::Read`], and what [`parse`](Self::parse) returns.
    pub fn from_file(path: &Path, assignments: &[Assignment]) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path).map_err(Error::read(path))?;
        Self::parse(&path.display().to_string(), &text, assignments)
    }

    /// All shipped experiments, in the order of the list.
    ///
    /// # Errors
    ///
    /// None as long as the tests pass.
    pub fn all() -> Result<Vec<Self>, Error> {
        shipped::NAMES
            .iter()
            .map(|name| Self::named(name, &[]))
            .collect()
    }

    /// Reads and checks an experiment. `origin` is what errors call it.
    ///
    /// # Errors
    ///
    /// [`Error::Syntax`], or [`Error::Key`] for the first key that is unknown, missing, of the
    /// wrong type or outside its range, in the text or in an assignment.
    pub fn parse(origin: &str, text: &str, assignments: &[Assignment]) -> Result<Self, Error> {
        let mut table: Table = toml::from_str(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            Error::Syntax {
                origin: origin.to_owned(),
                line: text.get(..start).unwrap_or(text).matches('\n').count() + 1,
                message: error.message().replace('\n', " "),
            }
        })?;
        for assignment in assignments {
            assignment.apply(origin, &mut table)?;
        }
        Self::from_section(Section::root(origin, table))
    }

    fn from_section(mut root: Section<'_>) -> Result<Self, Error> {
        let system = System::from_section(root.section("system")?)?;
        let name: String = root.take("name")?;
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        root.check(
            "name",
            "made of a-z, 0-9 and hyphens",
            &name,
            !name.is_empty() && name.chars().all(plain),
        )?;
        let minutes: f64 = root.take("minutes_per_seed")?;
        let positive = minutes > 0.0 && minutes.is_finite();
        root.check("minutes_per_seed", "above 0 and finite", minutes, positive)?;
        let n_seeds = root.take_or("n_seeds", 3)?;
        root.check("n_seeds", "at least 1", n_seeds, n_seeds >= 1)?;
        let checkpoint_every = root.take_or("checkpoint_every", 25)?;
        let often = checkpoint_every >= 1;
        root.check("checkpoint_every", "at least 1", checkpoint_every, often)?;
        let seed = root.take_or("seed", 0)?;
        let evaluation: EvaluationConfig = root.take_or("evaluation", Default::default())?;
        let n_tasks = evaluation.n_tasks;
        root.check("evaluation.n_tasks", "at least 2", n_tasks, n_tasks >= 2)?;
        let targets: Vec<Target> = root.take_or("targets", Vec::new())?;
        for target in &targets {
            target.check(&root, &system.metrics())?;
        }
        let title = root.take("title")?;
        root.end()?;
        Ok(Self {
            name,
            title,
            minutes_per_seed: minutes,
            n_seeds,
            seed,
            checkpoint_every,
            system,
            evaluation,
            targets,
        })
    }

    /// The experiment as a file that [`parse`](Self::parse) reads back, every default spelled out.
    ///
    /// # Errors
    ///
    /// [`Error::Key`] for a seed beyond 2⁶³ − 1, which TOML cannot hold.
    pub fn to_toml(&self) -> Result<String, Error> {
        let refused = |message: String| Error::Key {
            origin: self.name.clone(),
            key: "seed".to_owned(),
            message,
        };
        if i64::try_from(self.seed).is_err() {
            return Err(refused(format!(
                "must be at most 2⁶³ − 1, got {}",
                self.seed
            )));
        }
        toml::to_string(self).map_err(|error| refused(error.to_string()))
    }

    /// The same experiment with another seed.
    #[must_use]
    pub fn with_seed(&self, seed: u64) -> Self {
        Self {
            seed,
            ..self.clone()
        }
    }
}
