//! What can go wrong between here and Python.

use std::fmt::{Display, Formatter};

use metarl_core::Error;

/// Errors of environments that live in Python. [`Environment`](metarl_core::Environment)'s methods
/// give them as [`Error::Environment`], with the same words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GymnasiumError {
    /// A package is not installed.
    #[error("Python has no module `{module}`: {command}")]
    MissingModule {
        /// What was imported.
        module: String,
        /// The command that installs it.
        command: String,
    },
    /// A folder that is no virtual environment of the Python this program is linked with.
    #[error("{path} is no virtual environment of Python {version}: python{version} -m venv {path}")]
    VirtualEnvironment {
        /// The folder.
        path: String,
        /// Major and minor version.
        version: String,
    },
    /// Gymnasium knows no environment of this name.
    #[error(
        "{environment}: {message} Where a package registers it, name the package too: \"package:{environment}\""
    )]
    UnknownEnvironment {
        /// The name.
        environment: String,
        /// What Gymnasium says.
        message: String,
    },
    /// The Python space is not the one asked for.
    #[error("{environment}: the {role} space is {found}, {reason}")]
    Space {
        /// What the environment is called.
        environment: String,
        /// `observation` or `action`.
        role: &'static str,
        /// The Python space, in its own words.
        found: String,
        /// Why it does not fit, and what would.
        reason: String,
    },
    /// A vector environment whose lanes start anew one step late.
    #[error(
        "{environment}: its vector environment has the autoreset mode {mode}, and no way to reset single lanes; use Vectorization::Sync or Gymnasium::new"
    )]
    Autoreset {
        /// What the environment is called.
        environment: String,
        /// The mode.
        mode: String,
    },
    /// Python raised an exception.
    #[error("{place}: {exception}")]
    Raised {
        /// Where.
        place: Place,
        /// Its type and its message, in one line.
        exception: String,
    },
    /// Python returned something other than its space promises.
    #[error("{place}: Python returned {found}, {expected} was due")]
    Returned {
        /// Where.
        place: Place,
        /// What came.
        found: String,
        /// What was expected.
        expected: String,
    },
    /// Lanes were given what they cannot play together, or nothing.
    #[error("{place}: {reason}")]
    Assignment {
        /// Where.
        place: Place,
        /// Why not.
        reason: &'static str,
    },
}

impl From<GymnasiumError> for Error {
    fn from(error: GymnasiumError) -> Self {
        Self::Environment(error.to_string())
    }
}

/// Where something happened, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// What the environment is called.
    pub environment: String,
    /// The lane.
    pub lane: Option<usize>,
    /// Step of the lane's episode, from 0; of a batch that is stepped as one, step since the reset.
    pub step: Option<u32>,
}

impl Place {
    /// An environment as a whole.
    pub(super) fn of(environment: &str) -> Self {
        Self {
            environment: environment.to_owned(),
            lane: None,
            step: None,
        }
    }

    pub(super) fn lane(self, lane: usize) -> Self {
        Self {
            lane: Some(lane),
            ..self
        }
    }

    pub(super) fn step(self, step: u32) -> Self {
        Self {
            step: Some(step),
            ..self
        }
    }
}

impl Display for Place {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.environment)?;
        if let Some(lane) = self.lane {
            write!(f, ", lane {lane}")?;
        }
        if let Some(step) = self.step {
            write!(f, ", step {step}")?;
        }
        Ok(())
    }
}
