//! Agents and their environments behind one face.
//!
//! A [`System`] is the `[system]` table of an experiment: which agent, on what, with which
//! hyper-parameters. It makes a [`Learner`], which training drives without knowing what it is, and
//! the [`Reference`]s that the learner is compared with.
//!
//! | `kind` | agent | keys |
//! |---|---|---|
//! | `rl2` | [`Rl2`](metarl_agents::Rl2) | [`Rl2System`] and those of [`Rl2Config`](metarl_agents::Rl2Config) |
//! | `maml` | [`MamlRl`](metarl_agents::MamlRl) | [`MamlSystem`] and those of [`MamlConfig`](metarl_agents::MamlConfig) |
//! | `matching` | [`Matching`](metarl_agents::Matching) | [`MatchingSystem`] and those of [`MatchingConfig`](metarl_agents::MatchingConfig) |
//! | `value-based` | [`ValueBased`](metarl_agents::ValueBased) | [`ValueBasedSystem`] and those of [`ValueBasedConfig`](metarl_agents::ValueBasedConfig) |

mod bandit;
mod barcode;
mod digits;
mod learner;
mod maml;
mod matching;
mod navigation;
mod rl2;
mod tabular;
mod value_based;

use dfdx::prelude::Cpu;
use metarl_autodiff::Kernels;
use metarl_core::Seed;
use serde::Serialize;

pub use digits::{Digits, DigitsTraining};
pub use learner::{Iteration, Learner, Measurement, Reference};
pub use maml::{MamlEnvironment, MamlSystem};
pub use matching::{MatchingEnvironment, MatchingSystem};
pub use rl2::{Rl2Environment, Rl2System};
pub use value_based::{ValueBasedEnvironment, ValueBasedLearner, ValueBasedSystem};

use crate::experiment::{EvaluationConfig, Section};
use crate::{Device, Error, device};

/// An agent and its environment.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum System {
    /// RL²: a memory that learns to learn.
    Rl2(Rl2System),
    /// MAML: a start from which a gradient step learns.
    Maml(MamlSystem),
    /// Matching networks: new classes by their similarity to a few examples.
    Matching(MatchingSystem),
    /// Deep Q-networks and episodic control: one task, learned from nothing.
    ValueBased(ValueBasedSystem),
}

/// What a learning curve shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Curve {
    /// Which measurement of an [`Iteration`].
    pub key: &'static str,
    /// What it is, with its unit.
    pub label: String,
    /// The metric of the evaluation that it is a running estimate of.
    pub metric: String,
}

/// Metrics of an evaluation that are one curve, such as returns by how often a context was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// What counts them, from 1.
    pub label: &'static str,
    /// What they measure, with its unit.
    pub measured: String,
    /// Their names, in order.
    pub metrics: Vec<String>,
}

impl System {
    pub(crate) fn from_section(mut section: Section<'_>) -> Result<Self, Error> {
        let kind: String = section.take("kind")?;
        match kind.as_str() {
            "rl2" => Ok(Self::Rl2(Rl2System::from_section(section)?)),
            "maml" => Ok(Self::Maml(MamlSystem::from_section(section)?)),
            "matching" => Ok(Self::Matching(MatchingSystem::from_section(section)?)),
            "value-based" => Ok(Self::ValueBased(ValueBasedSystem::from_section(section)?)),
            _ => {
                let allowed = "must be rl2, maml, matching or value-based";
                Err(section.error("kind", &format!("{allowed}, got {kind}")))
            }
        }
    }

    /// An untrained agent.
    ///
    /// # Errors
    ///
    /// [`Error::NoCuda`], and whatever the agent refuses.
    pub fn learner(&self, seed: Seed, device: Device) -> Result<Box<dyn Learner>, Error> {
        match device {
            Device::Cpu => self.on(seed, Cpu::default()),
            Device::Cuda => self.on(seed, device::cuda()?),
        }
    }

    fn on<D: Kernels<f32>>(&self, seed: Seed, device: D) -> Result<Box<dyn Learner>, Error> {
        match self {
            Self::Rl2(system) => system.learner(seed, device),
            Self::Maml(system) => system.learner(seed, device),
            Self::Matching(system) => system.learner(seed, device),
            Self::ValueBased(system) => system.learner(seed, device),
        }
    }

    /// Iterations of training.
    #[must_use]
    pub fn n_iterations(&self) -> u64 {
        match self {
            Self::Rl2(system) => system.config.n_iterations,
            Self::Maml(system) => system.config.n_iterations,
            Self::Matching(system) => system.config.n_iterations,
            Self::ValueBased(system) => system.config.n_iterations,
        }
    }

    /// What an evaluation measures.
    #[must_use]
    pub fn metrics(&self) -> Vec<String> {
        match self {
            Self::Rl2(system) => system.metrics(),
            Self::Maml(system) => system.metrics(),
            Self::Matching(system) => system.metrics(),
            Self::ValueBased(system) => system.metrics(),
        }
    }

    /// The name of the distribution its tasks are from.
    #[must_use]
    pub fn tasks(&self) -> String {
        match self {
            Self::Rl2(system) => system.tasks(),
            Self::Maml(system) => system.tasks(),
            Self::Matching(system) => system.tasks(),
            Self::ValueBased(system) => system.tasks(),
        }
    }

    /// What the learning curve shows.
    #[must_use]
    pub fn curve(&self) -> Curve {
        match self {
            Self::Rl2(system) => system.curve(),
            Self::Maml(system) => system.curve(),
            Self::Matching(system) => system.curve(),
            Self::ValueBased(system) => system.curve(),
        }
    }

    /// What [`Iteration::env_steps`] counts.
    #[must_use]
    pub fn counted(&self) -> &'static str {
        match self {
            Self::Matching(_) => "examples",
            Self::Rl2(_) | Self::Maml(_) | Self::ValueBased(_) => "environment steps",
        }
    }

    /// The metrics that are one curve, where there are such.
    #[must_use]
    pub fn profile(&self) -> Option<Profile> {
        match self {
            Self::Rl2(system) => system.profile(),
            Self::Maml(_) | Self::Matching(_) | Self::ValueBased(_) => None,
        }
    }

    /// Exact optima and classical baselines on the tasks of the evaluation.
    ///
    /// # Errors
    ///
    /// Whatever a baseline returns.
    pub fn references(&self, evaluation: EvaluationConfig) -> Result<Vec<Reference>, Error> {
        match self {
            Self::Rl2(system) => system.references(evaluation),
            Self::Maml(system) => system.references(evaluation),
            Self::Matching(system) => system.references(evaluation),
            Self::ValueBased(system) => system.references(evaluation),
        }
    }
}
