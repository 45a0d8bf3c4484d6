//! Hyper-parameters.

use metarl_optim::{MetaGradient, Proximal, TrustRegion};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::range::{
    MAX_WIDTH, above_0, at_least_1, batch_size, between_0_and_1, check, in_unit_interval,
};

/// What moves the meta-parameters.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum OuterOptimizer {
    /// One natural-gradient step within a trust region.
    Trpo(TrustRegion),
    /// Several clipped steps of Adam.
    Ppo {
        /// ε of the clipped surrogate, in (0, 1); 0.2 where a file does not say.
        #[serde(default = "usual_clip_range")]
        clip_range: f64,
        /// The steps.
        #[serde(default)]
        proximal: Proximal,
    },
}

fn usual_clip_range() -> f64 {
    0.2
}

/// Hyper-parameters of MAML-RL.
///
/// | name | default | range | purpose |
/// |---|---|---|---|
/// | `hidden` | [100, 100] | each 1 to 16384 | widths of the policy's hidden layers, ReLU |
/// | `meta_batch_size` | 20 | 1 to 2²⁰ | tasks of one iteration |
/// | `n_episodes` | 20 | 1 to 2²⁰ | episodes of full length a task, before and after each inner step; more where they end early |
/// | `n_inner_steps` | 1 | ≥ 1 | inner steps K of meta-training |
/// | `inner_lr` | 0.1 | > 0 | step size α of the inner steps |
/// | `later_step_scale` | 0.5 | (0, 1] | factor on α after the first step of an adaptation to a held-out task |
/// | `n_iterations` | 200 | ≥ 1 | iterations of meta-training |
/// | `discount` | 0.99 | [0, 1] | γ |
/// | `trace_decay` | 1 | [0, 1] | λ of generalized advantage estimation |
/// | `meta_gradient` | second-order | | exact, or first-order MAML |
/// | `outer` | TRPO, δ = 0.01 | | what moves the meta-parameters |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MamlConfig {
    /// Widths of the policy's hidden layers.
    pub hidden: Vec<usize>,
    /// Tasks of one iteration.
    pub meta_batch_size: usize,
    /// Lanes a task, before and after each inner step. Each plays one episode of full length, or
    /// several that end early and together are as long.
    pub n_episodes: usize,
    /// Inner steps K of meta-training.
    pub n_inner_steps: usize,
    /// Step size α of the inner steps.
    pub inner_lr: f64,
    /// Factor on α after the first step of an adaptation to a held-out task. Meta-training prepares
    /// for its own number of steps; later ones, of a policy that is nearly good and whose gradient is
    /// as long as ever because advantages are normalized, overshoot unless they are shorter.
    pub later_step_scale: f64,
    /// Iterations of meta-training.
    pub n_iterations: u64,
    /// γ.
    pub discount: f64,
    /// λ of generalized advantage estimation.
    pub trace_decay: f64,
    /// Exact, or first-order MAML.
    pub meta_gradient: MetaGradient,
    /// What moves the meta-parameters.
    pub outer: OuterOptimizer,
}

impl Default for MamlConfig {
    fn default() -> Self {
        Self {
            hidden: vec![100, 100],
            meta_batch_size: 20,
            n_episodes: 20,
            n_inner_steps: 1,
            inner_lr: 0.1,
            later_step_scale: 0.5,
            n_iterations: 200,
            discount: 0.99,
            trace_decay: 1.0,
            meta_gradient: MetaGradient::SecondOrder,
            outer: OuterOptimizer::Trpo(TrustRegion::default()),
        }
    }
}

impl MamlConfig {
    /// Checks every range.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] names the first key that is outside its range.
    pub fn validate(&self) -> Result<(), Error> {
        check(
            "hidden",
            "one or more widths, each between 1 and 16384",
            format!("{:?}", self.hidden),
            !self.hidden.is_empty() && self.hidden.iter().all(|n| (1..=MAX_WIDTH).contains(n)),
        )?;
        batch_size("meta_batch_size", self.meta_batch_size)?;
        batch_size("n_episodes", self.n_episodes)?;
        at_least_1("n_inner_steps", self.n_inner_steps)?;
        above_0("inner_lr", self.inner_lr)?;
        check(
            "later_step_scale",
            "above 0 and at most 1",
            self.later_step_scale,
            self.later_step_scale > 0.0 && self.later_step_scale <= 1.0,
        )?;
        at_least_1("n_iterations", self.n_iterations)?;
        in_unit_interval("discount", self.discount)?;
        in_unit_interval("trace_decay", self.trace_decay)?;
        match self.outer {
            OuterOptimizer::Trpo(region) => region.validate()?,
            OuterOptimizer::Ppo {
                clip_range,
                proximal,
            } => {
                between_0_and_1("clip_range", clip_range)?;
                proximal.validate()?;
            }
        }
        Ok(())
    }
}
