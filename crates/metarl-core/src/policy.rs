//! Something that acts.

use serde::{Deserialize, Serialize};

use crate::environment::check_lanes;
use crate::{Error, Rng, Space};

/// Chooses actions for a batch of lanes, with or without a memory.
pub trait Policy<O, A> {
    /// Chooses one action a lane.
    ///
    /// `first[lane]` says that `observation[lane]` opens a new episode: a policy with a memory
    /// forgets that lane before it looks. Lane `l` samples from `rngs[l]` alone.
    ///
    /// # Errors
    ///
    /// When the number of lanes is not what the policy was made for, or its outputs are not finite.
    fn act(
        &mut self,
        observation: &[O],
        first: &[bool],
        rngs: &mut [Rng],
        decision: &mut DecisionBatch<A>,
    ) -> Result<(), Error>;

    /// Estimates the value of observations that no action will follow: those at which an episode
    /// was truncated or a rollout stopped. The memory is not changed.
    ///
    /// `observation` has one entry a lane; only lanes with `wanted[lane]` need a value. A policy
    /// that estimates no values writes zeros.
    ///
    /// # Errors
    ///
    /// As for [`act`](Policy::act).
    fn bootstrap_value(
        &mut self,
        observation: &[O],
        wanted: &[bool],
        value: &mut [f32],
    ) -> Result<(), Error>;
}

/// What a policy decided: a struct of arrays, one entry a lane, reused step after step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DecisionBatch<A> {
    /// The action.
    pub action: Vec<A>,
    /// Its log-probability (or log-density) under the policy that acted, in nats.
    pub log_prob: Vec<f32>,
    /// The policy's estimate of the value of the observation acted on; 0 when it has none.
    pub value: Vec<f32>,
}

impl<A: Copy> DecisionBatch<A> {
    /// Room for `n_lanes` decisions.
    #[must_use]
    pub fn new(n_lanes: usize, zero: A) -> Self {
        Self {
            action: vec![zero; n_lanes],
            log_prob: vec![0.0; n_lanes],
            value: vec![0.0; n_lanes],
        }
    }
}

/// Checks that what a policy is given has one entry a lane: for implementers of [`Policy::act`].
///
/// # Errors
///
/// [`Error::LaneMismatch`] names the first that has not.
pub fn check_act<O, A>(
    n_lanes: usize,
    observation: &[O],
    first: &[bool],
    rngs: &[Rng],
    decision: &DecisionBatch<A>,
) -> Result<(), Error> {
    check_lanes("observation", observation.len(), n_lanes)?;
    check_lanes("first", first.len(), n_lanes)?;
    check_lanes("rngs", rngs.len(), n_lanes)?;
    check_lanes("decision", decision.action.len(), n_lanes)
}

/// Acts uniformly at random: the floor under every comparison.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct UniformPolicy<S>(pub S);

impl<O, S: Space> Policy<O, S::Element> for UniformPolicy<S> {
    /// `log_prob` is 0: the density of a uniform draw is the same everywhere.
    fn act(
        &mut self,
        observation: &[O],
        first: &[bool],
        rngs: &mut [Rng],
        decision: &mut DecisionBatch<S::Element>,
    ) -> Result<(), Error> {
        check_act(observation.len(), observation, first, rngs, decision)?;
        for (action, rng) in decision.action.iter_mut().zip(rngs) {
            *action = self.0.sample(rng);
        }
        decision.log_prob.fill(0.0);
        decision.value.fill(0.0);
        Ok(())
    }

    fn bootstrap_value(
        &mut self,
        _observation: &[O],
        _wanted: &[bool],
        value: &mut [f32],
    ) -> Result<(), Error> {
        value.fill(0.0);
        Ok(())
    }
}
