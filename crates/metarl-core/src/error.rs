//! What can go wrong between an environment and an agent.

use std::fmt::Display;

/// Errors of environments, rollouts and task distributions.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A hyper-parameter is outside its range.
    #[error("{name} must be {allowed}, got {got}")]
    OutOfRange {
        /// The parameter.
        name: &'static str,
        /// What is allowed, in words or as an interval.
        allowed: &'static str,
        /// The value found.
        got: String,
    },
    /// A per-lane slice has the wrong length.
    #[error("{name} has {got} lanes, the environment has {expected}")]
    LaneMismatch {
        /// Which argument disagrees.
        name: &'static str,
        /// Lanes of the environment.
        expected: usize,
        /// Lanes found.
        got: usize,
    },
    /// An action lies outside the action space.
    #[error(
        "{environment}, lane {lane}, step {step}: action {action} is outside the action space {space}"
    )]
    InvalidAction {
        /// What the environment is called.
        environment: &'static str,
        /// The lane that acted.
        lane: usize,
        /// Step of its episode, from 0.
        step: u32,
        /// The action, formatted.
        action: String,
        /// The space, formatted.
        space: String,
    },
    /// An environment gave a reward that is NaN or infinite.
    #[error(
        "step {step}, lane {lane}: the environment returned a reward of {value}; every reward must be finite"
    )]
    NonFinite {
        /// Step of the rollout, from 0.
        step: usize,
        /// The lane.
        lane: usize,
        /// The value.
        value: f32,
    },
    /// An environment gave an observation outside its own space, such as one with a NaN in it.
    #[error(
        "step {step}, lane {lane}: the environment returned the observation {observation}, which is outside its space {space}"
    )]
    InvalidObservation {
        /// Step of the rollout, from 0.
        step: usize,
        /// The lane.
        lane: usize,
        /// The observation, formatted.
        observation: String,
        /// The space, formatted.
        space: String,
    },
    /// A policy failed, for a reason of its own.
    #[error("policy: {0}")]
    Policy(String),
    /// An environment failed, for a reason of its own.
    #[error("environment: {0}")]
    Environment(String),
}

/// Checks a parameter: for implementers of environments, tasks and policies.
///
/// # Errors
///
/// [`Error::OutOfRange`] unless the range `holds`.
///
/// # Examples
///
/// ```
/// let error = metarl_core::check_range("discount", "in [0, 1]", 1.5, false).unwrap_err();
/// assert_eq!(error.to_string(), "discount must be in [0, 1], got 1.5");
/// ```
pub fn check_range(
    name: &'static str,
    allowed: &'static str,
    got: impl Display,
    holds: bool,
) -> Result<(), Error> {
    if holds {
        Ok(())
    } else {
        Err(Error::OutOfRange {
            name,
            allowed,
            got: got.to_string(),
        })
    }
}
