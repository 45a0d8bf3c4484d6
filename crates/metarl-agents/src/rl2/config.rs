//! Hyper-parameters.

use serde::{Deserialize, Serialize};

use super::core::Core;
use crate::Error;
use crate::range::{
    MAX_WIDTH, above_0, at_least_0, at_least_1, batch_size, between_0_and_1, check,
    in_unit_interval, width,
};

/// Hyper-parameters of RL² with PPO.
///
/// | name | default | range | purpose |
/// |---|---|---|---|
/// | `core` | `gru` | `gru`, `lstm`, `episodic-lstm` | the recurrent layer: [`Core`] |
/// | `hidden` | 64 | 1 to 16384 | units of the recurrent layer |
/// | `readout` | 0 | 0 to 16384 | units of a layer in which the input asks the memory; 0 has none |
/// | `joint_input` | false | | whether `oₜ₋₁ ⊗ aₜ₋₁` is among the inputs |
/// | `n_lanes` | 512 | 1 to 2²⁰ | lanes of one iteration, each on a task of its own |
/// | `n_trials` | 1 | 1 to 2²⁰ | trials of a lane, one after another: an epoch, which an episodic memory lives through |
/// | `recall_distance` | 0 | ≥ 0 | how far from a context kept in memory another may be to be known again |
/// | `lanes_per_shard` | 64 | ≥ 1 | lanes of one unit of parallel work; part of the result |
/// | `n_iterations` | 500 | ≥ 1 | iterations of training |
/// | `n_epochs` | 4 | ≥ 1 | passes over each iteration's trials |
/// | `n_minibatches` | 4 | ≥ 1 | gradient steps of a pass |
/// | `learning_rate` | 0.001 | > 0 | Adam's step size at the start |
/// | `final_learning_rate` | 0 | ≥ 0 | the same at the end, reached linearly |
/// | `discount` | 0.99 | [0, 1] | γ, over the whole trial |
/// | `trace_decay` | 0.3 | [0, 1] | λ of generalized advantage estimation |
/// | `clip_range` | 0.2 | (0, 1) | ε of PPO's clipped surrogate |
/// | `entropy_weight` | 0.01 | ≥ 0 | weight of the entropy bonus at the start, falling linearly to 0 |
/// | `value_weight` | 0.5 | ≥ 0 | weight of the critic's loss |
/// | `max_gradient_norm` | 1 | > 0 | longest gradient that is not shortened |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rl2Config {
    /// The recurrent layer.
    pub core: Core,
    /// Units of the recurrent layer.
    pub hidden: usize,
    /// Units of the multiplicative layer between the memory and the policy, see
    /// [`RecurrentActorCritic`](crate::RecurrentActorCritic); 0 lets the policy read the memory
    /// itself, as in the paper.
    pub readout: usize,
    /// Whether the outer product of the previous observation and action is among the inputs: of
    /// states and actions it names the pair that the previous reward belongs to. The paper shows the
    /// action alone.
    pub joint_input: bool,
    /// Lanes of one iteration, each on a task of its own.
    pub n_lanes: usize,
    /// Trials of a lane in an iteration, one after another on the same task. The recurrent layer
    /// starts each of them anew; an episodic memory lives through all of them.
    pub n_trials: usize,
    /// How far, in Euclidean distance, a trial's context may be from the nearest one that an episodic
    /// memory holds for its state to be recalled. 0 recalls a context that is the same. Beyond it the
    /// trial begins as a first one does: a state from elsewhere would mislead.
    pub recall_distance: f32,
    /// Lanes of one unit of parallel work.
    pub lanes_per_shard: usize,
    /// Iterations of training.
    pub n_iterations: u64,
    /// Passes over each iteration's trials.
    pub n_epochs: usize,
    /// Gradient steps of a pass.
    pub n_minibatches: usize,
    /// Adam's step size at the start.
    pub learning_rate: f64,
    /// Adam's step size at the end.
    pub final_learning_rate: f64,
    /// γ, over the whole trial.
    pub discount: f32,
    /// λ of generalized advantage estimation.
    pub trace_decay: f32,
    /// ε of PPO's clipped surrogate.
    pub clip_range: f64,
    /// Weight of the entropy bonus at the start, falling linearly to 0.
    pub entropy_weight: f64,
    /// Weight of the critic's loss.
    pub value_weight: f64,
    /// Longest gradient that is not shortened.
    pub max_gradient_norm: f64,
}

impl Default for Rl2Config {
    fn default() -> Self {
        Self {
            core: Core::Gru,
            hidden: 64,
            readout: 0,
            joint_input: false,
            n_lanes: 512,
            n_trials: 1,
            recall_distance: 0.0,
            lanes_per_shard: 64,
            n_iterations: 500,
            n_epochs: 4,
            n_minibatches: 4,
            learning_rate: 0.001,
            final_learning_rate: 0.0,
            discount: 0.99,
            trace_decay: 0.3,
            clip_range: 0.2,
            entropy_weight: 0.01,
            value_weight: 0.5,
            max_gradient_norm: 1.0,
        }
    }
}

impl Rl2Config {
    /// Checks every range.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] names the first key that is outside its range.
    pub fn validate(&self) -> Result<(), Error> {
        width("hidden", self.hidden)?;
        check(
            "readout",
            "between 0 and 16384",
            self.readout,
            self.readout <= MAX_WIDTH,
        )?;
        batch_size("n_lanes", self.n_lanes)?;
        batch_size("n_trials", self.n_trials)?;
        at_least_0("recall_distance", self.recall_distance.into())?;
        at_least_1("lanes_per_shard", self.lanes_per_shard)?;
        at_least_1("n_iterations", self.n_iterations)?;
        at_least_1("n_epochs", self.n_epochs)?;
        let n_shards = self.n_lanes / self.lanes_per_shard;
        check(
            "lanes_per_shard",
            "a divisor of n_lanes",
            self.lanes_per_shard,
            n_shards * self.lanes_per_shard == self.n_lanes,
        )?;
        check(
            "n_minibatches",
            "a divisor of n_lanes / lanes_per_shard",
            self.n_minibatches,
            self.n_minibatches >= 1 && n_shards.is_multiple_of(self.n_minibatches),
        )?;
        above_0("learning_rate", self.learning_rate)?;
        at_least_0("final_learning_rate", self.final_learning_rate)?;
        in_unit_interval("discount", self.discount)?;
        in_unit_interval("trace_decay", self.trace_decay)?;
        between_0_and_1("clip_range", self.clip_range)?;
        at_least_0("entropy_weight", self.entropy_weight)?;
        at_least_0("value_weight", self.value_weight)?;
        above_0("max_gradient_norm", self.max_gradient_norm)
    }
}
