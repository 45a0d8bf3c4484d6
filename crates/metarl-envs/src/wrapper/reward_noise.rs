//! Rewards that are not what they should be.

use metarl_core::{Element, Error, Outcome, Process, Rng, check_range};
use rand::RngExt;
use rand_distr::StandardNormal;

/// Adds noise to every reward: `r + σ ε`, `ε ~ N(0, 1)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RewardNoise<P> {
    /// Whose rewards.
    pub process: P,
    /// σ.
    pub deviation: f32,
}

impl<P: Process> Process for RewardNoise<P> {
    forward! { Task Model State ObservationSpace ActionSpace NAME observation_space action_space max_steps start restart observe }

    /// # Errors
    ///
    /// [`Error::OutOfRange`] for a deviation below 0 or not finite, and those of the process.
    fn model(&self, task: &P::Task) -> Result<P::Model, Error> {
        let sigma = self.deviation;
        let allowed = sigma.is_finite() && sigma >= 0.0;
        check_range("deviation", "at least 0 and finite", sigma, allowed)?;
        self.process.model(task)
    }

    fn advance(
        &self,
        model: &P::Model,
        state: &mut P::State,
        action: &Element<P::ActionSpace>,
        rng: &mut Rng,
    ) -> Outcome {
        let outcome = self.process.advance(model, state, action, rng);
        let noise: f32 = rng.sample(StandardNormal);
        Outcome {
            reward: outcome.reward + self.deviation * noise,
            ..outcome
        }
    }
}
