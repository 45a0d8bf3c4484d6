//! What differs between value-based agents.

use std::fmt::Debug;

use metarl_autodiff::Layout;
use metarl_core::{Seed, Space};
use metarl_memory::Transition;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Error;

/// What a learner goes on from: what is learned, and what it is learned from.
pub trait Learned: Debug + Clone + PartialEq + Serialize + DeserializeOwned + Send + Sync {
    /// The parameters, in the order of the learner's layout.
    fn parameters(&self) -> &[f32];
}

/// Learns the values of actions from one stream of experience in observations of the space `O`.
pub trait ValueLearner<O: Space>: Send + Sync {
    /// Everything it goes on from.
    type State: Learned;

    /// The state before the first step. Random numbers come from streams of the seed.
    ///
    /// # Errors
    ///
    /// Whatever a part of the state refuses, such as a memory without room.
    fn start(&self, seed: Seed) -> Result<Self::State, Error>;

    /// Names and shapes of the parameters.
    fn layout(&self) -> &Layout;

    /// Checks that a state is one of this learner's.
    ///
    /// # Errors
    ///
    /// When it is of another size.
    fn check(&self, state: &Self::State) -> Result<(), Error>;

    /// Writes `Q(o, a)` for every action. A memory may note what was looked up.
    ///
    /// # Errors
    ///
    /// Whatever a memory refuses.
    fn action_values(
        &self,
        state: &mut Self::State,
        observation: &O::Element,
        values: &mut [f32],
    ) -> Result<(), Error>;

    /// Learns from one step. Steps of an episode come in order.
    ///
    /// # Errors
    ///
    /// Whatever a memory or a gradient refuses.
    fn learn(
        &self,
        state: &mut Self::State,
        step: &Transition<O::Element, usize>,
    ) -> Result<(), Error>;
}
