//! A folder that a run is kept in and goes on from.
//!
//! | file | what it is |
//! |---|---|
//! | `config.toml` | the experiment, every default spelled out; an experiment file itself |
//! | `metrics.jsonl` | one JSON object an iteration: [`Iteration`] |
//! | `checkpoint.safetensors` | parameters by name and, in the metadata, the rest of the state |
//! | `evaluation.json` | [`Evaluation`](crate::evaluate::Evaluation) |
//! | `curve.svg` | the learning curve |
//!
//! All but `metrics.jsonl` are replaced whole: written under another name, flushed to the disk and
//! renamed. Of `metrics.jsonl` whatever lies beyond the checkpoint is cut off when the run goes on.

mod checkpoint;
mod metrics;
mod replace;

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use metarl_core::Seed;

pub use checkpoint::Checkpoint;
pub(crate) use metrics::Log;
pub(crate) use replace::{replace, replace_json};

use crate::experiment::Experiment;
use crate::system::{Iteration, Learner};
use crate::{Device, Error};

/// A run in its folder.
#[derive(Debug, Clone)]
pub struct Run {
    path: PathBuf,
    experiment: Experiment,
    device: Device,
}

/// What a run has saved.
pub struct Saved {
    /// The agent.
    pub learner: Box<dyn Learner>,
    /// Seconds it was trained for.
    pub seconds: f64,
}

impl fmt::Debug for Saved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Saved")
            .field("iteration", &self.learner.iteration())
            .field("seconds", &self.seconds)
            .finish_non_exhaustive()
    }
}

impl Run {
    const CONFIG: &str = "config.toml";

    /// Starts a run in a folder that is new or empty.
    ///
    /// # Errors
    ///
    /// [`Error::RunExists`] and [`Error::NotEmpty`], with nothing in the folder changed;
    /// [`Error::Write`].
    pub fn create(path: &Path, experiment: &Experiment) -> Result<Self, Error> {
        if path.join(Self::CONFIG).exists() {
            return Err(Error::RunExists {
                path: path.to_owned(),
            });
        }
        let config = experiment.to_toml()?;
        create_empty_folder(path)?;
        replace(&path.join(Self::CONFIG), config.as_bytes())?;
        Ok(Self {
            path: path.to_owned(),
            experiment: experiment.clone(),
            device: Device::default(),
        })
    }

    /// Finds a run.
    ///
    /// # Errors
    ///
    /// [`Error::NoRun`], and what [`Experiment::from_file`] returns.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let config = path.join(Self::CONFIG);
        if !config.exists() {
            return Err(Error::NoRun {
                path: path.to_owned(),
            });
        }
        Ok(Self {
            path: path.to_owned(),
            experiment: Experiment::from_file(&config, &[])?,
            device: Device::default(),
        })
    }

    /// Finds a run of this experiment.
    ///
    /// # Errors
    ///
    /// [`Error::OtherExperiment`] naming the first key that differs, and what
    /// [`open`](Self::open) returns.
    pub fn open_same(path: &Path, experiment: &Experiment) -> Result<Self, Error> {
        let run = Self::open(path)?;
        if run.experiment == *experiment {
            return Ok(run);
        }
        let [found, wanted] = [run.experiment.to_toml()?, experiment.to_toml()?];
        let (mut found, mut wanted) = (found.lines(), wanted.lines());
        let [found, wanted] = loop {
            match (found.next(), wanted.next()) {
                (Some(a), Some(b)) if a == b => {}
                (a, b) => break [a, b].map(|line| line.unwrap_or("absent")),
            }
        };
        let value = |line: &str| line.rsplit(" = ").next().unwrap_or(line).to_owned();
        Err(Error::OtherExperiment {
            path: path.to_owned(),
            key: wanted.split(" = ").next().unwrap_or(wanted).to_owned(),
            found: value(found),
            wanted: value(wanted),
        })
    }

    /// The same run, its agent on this device; on the CPU where nothing else is said.
    #[must_use]
    pub fn on(self, device: Device) -> Self {
        Self { device, ..self }
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A file of the folder.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// What is run.
    #[must_use]
    pub fn experiment(&self) -> &Experiment {
        &self.experiment
    }

    /// The agent as it was last saved; `None` when nothing was saved yet.
    ///
    /// # Errors
    ///
    /// [`Error::Damaged`] for a checkpoint that is truncated or not of this run.
    pub fn saved(&self) -> Result<Option<Saved>, Error> {
        let mut learner = self.untrained()?;
        let path = self.file(Checkpoint::FILE);
        match fs::read(&path) {
            Ok(bytes) => {
                let seconds = Checkpoint::restore(&path, &bytes, learner.as_mut())?;
                Ok(Some(Saved { learner, seconds }))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::read(&path)(error)),
        }
    }

    /// The agent before training.
    ///
    /// # Errors
    ///
    /// [`Error::NoCuda`], and whatever the agent refuses.
    pub fn untrained(&self) -> Result<Box<dyn Learner>, Error> {
        let seed = Seed::new(self.experiment.seed);
        self.experiment.system.learner(seed, self.device)
    }

    /// Saves the agent in place of what was saved before.
    ///
    /// # Errors
    ///
    /// [`Error::Write`]; what was saved before is then still there.
    pub fn save(&self, learner: &dyn Learner, seconds: f64) -> Result<(), Error> {
        let path = self.file(Checkpoint::FILE);
        replace(&path, &Checkpoint::of(&path, learner, seconds)?)
    }

    /// The iterations so far.
    ///
    /// # Errors
    ///
    /// [`Error::Read`] and [`Error::Damaged`].
    pub fn metrics(&self) -> Result<Vec<Iteration>, Error> {
        metrics::read(&self.file(metrics::FILE))
    }

    pub(crate) fn log(&self) -> Result<Log, Error> {
        Log::open(&self.path)
    }
}

/// Makes a folder, or takes one that is empty.
pub(crate) fn create_empty_folder(path: &Path) -> Result<(), Error> {
    fs::create_dir_all(path).map_err(Error::write(path))?;
    let mut entries = fs::read_dir(path).map_err(Error::read(path))?;
    if entries.next().is_some() {
        return Err(Error::NotEmpty {
            path: path.to_owned(),
        });
    }
    Ok(())
}
