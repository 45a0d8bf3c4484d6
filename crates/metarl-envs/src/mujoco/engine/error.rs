//! What can go wrong with the simulator.

use super::library::VERSION;

/// Errors of the simulator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MujocoError {
    /// The library is not where it is looked for.
    #[error(
        "MuJoCo {VERSION} is not installed: run `cargo xtask setup mujoco`, or set MUJOCO_LIBRARY to the file of the library ({tried})"
    )]
    NotInstalled {
        /// What was tried, and what the loader said of it.
        tried: String,
    },
    /// It is another version: fields of its structs may lie elsewhere.
    #[error("{path} is MuJoCo {found}; it must be {VERSION}")]
    WrongVersion {
        /// The library.
        path: String,
        /// Its version.
        found: String,
    },
    /// A model cannot be read, or describes something impossible.
    #[error("the MuJoCo model is invalid: {0}")]
    InvalidModel(String),
}

impl From<MujocoError> for metarl_core::Error {
    fn from(error: MujocoError) -> Self {
        Self::Environment(error.to_string())
    }
}
