//! What can go wrong between an experiment and its report.

use std::io;
use std::path::{Path, PathBuf};

/// Errors of experiments and runs. Each is one line that names the thing and what is allowed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No experiment of that name ships.
    #[error(
        "no experiment is called '{name}'{hint}; there are {known}, or the path of a .toml file"
    )]
    UnknownExperiment {
        /// The name asked for.
        name: String,
        /// The nearest name, as a question, or nothing.
        hint: String,
        /// All names.
        known: String,
    },
    /// There is no environment of that name to look at.
    #[error("no environment is called '{name}'{hint}; there are {known}")]
    UnknownEnvironment {
        /// The name asked for.
        name: String,
        /// The nearest name, as a question, or nothing.
        hint: String,
        /// All names.
        known: String,
    },
    /// A run plays something else.
    #[error("the agent in {} plays {found}, not {wanted}", path.display())]
    OtherEnvironment {
        /// Folder of the run.
        path: PathBuf,
        /// What it plays.
        found: String,
        /// What was asked for.
        wanted: String,
    },
    /// An experiment is not TOML.
    #[error("{origin}, line {line}: not TOML: {message}")]
    Syntax {
        /// File or name of the experiment.
        origin: String,
        /// Line, from 1.
        line: usize,
        /// What the parser found.
        message: String,
    },
    /// A key of an experiment is unknown, of the wrong type or outside its range.
    #[error("{origin}: {key}: {message}")]
    Key {
        /// File or name of the experiment.
        origin: String,
        /// Dotted path of the key.
        key: String,
        /// The value and what is allowed.
        message: String,
    },
    /// An assignment is not of the form `key=value`.
    #[error("--set {0}: expected key=value, for example system.learning_rate=0.003")]
    Assignment(String),
    /// A file cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file or folder cannot be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The output folder has other things in it.
    #[error("{} is not empty and holds no run; choose a new or an empty folder", path.display())]
    NotEmpty {
        /// The folder.
        path: PathBuf,
    },
    /// The output folder already holds a run.
    #[error("{} already holds a run; add --resume to go on with it, or choose another folder", path.display())]
    RunExists {
        /// The folder.
        path: PathBuf,
    },
    /// A folder that should hold a run does not.
    #[error("{} holds no run: it has no config.toml", path.display())]
    NoRun {
        /// The folder.
        path: PathBuf,
    },
    /// A run has not saved anything yet.
    #[error("{} has no checkpoint yet; train it first", path.display())]
    NoCheckpoint {
        /// The folder.
        path: PathBuf,
    },
    /// A folder holds a run of another experiment.
    #[error("{} holds a run of another experiment: its {key} is {found}, asked for is {wanted}", path.display())]
    OtherExperiment {
        /// The folder.
        path: PathBuf,
        /// The first key that differs.
        key: String,
        /// Its value in the folder.
        found: String,
        /// Its value in the experiment asked for.
        wanted: String,
    },
    /// Another process is training in the folder.
    #[error("{} is in use by another process", path.display())]
    Busy {
        /// The folder.
        path: PathBuf,
    },
    /// Data that have to be fetched are not there.
    #[error("{} is not there; `{command}` fetches it", path.display())]
    NotFetched {
        /// Where they would lie.
        path: PathBuf,
        /// What fetches them.
        command: &'static str,
    },
    /// A file of a run is damaged or belongs to something else.
    #[error("{}: {message}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// A number of seeds, tasks or the like is outside its range.
    #[error("{name} must be {allowed}, got {got}")]
    OutOfRange {
        /// The number.
        name: &'static str,
        /// What is allowed.
        allowed: &'static str,
        /// What was given.
        got: String,
    },
    /// Asked to compute on a GPU, where there is none.
    #[error("cannot compute on device cuda: {0}")]
    NoCuda(String),
    /// A curve cannot be drawn.
    #[error("cannot draw the curve: {0}")]
    Plot(String),
    /// Training or evaluation.
    #[error(transparent)]
    Agent(#[from] metarl_agents::Error),
    /// An environment or a baseline.
    #[error(transparent)]
    Environment(#[from] metarl_core::Error),
}

impl Error {
    pub(crate) fn read(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        |source| Self::Read {
            path: path.to_owned(),
            source,
        }
    }

    pub(crate) fn write(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        |source| Self::Write {
            path: path.to_owned(),
            source,
        }
    }

    pub(crate) fn damaged(path: &Path, message: impl ToString) -> Self {
        Self::Damaged {
            path: path.to_owned(),
            message: message.to_string(),
        }
    }
}
