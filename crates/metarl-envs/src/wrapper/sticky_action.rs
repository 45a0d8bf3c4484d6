//! Actions that stick.

use metarl_core::{Element, Error, Outcome, Process, Rng, check_range};
use rand::RngExt;

/// With a probability the previous action of the episode is done instead of the one that was chosen.
///
/// # References
///
/// Machado et al., *Revisiting the Arcade Learning Environment*, 2018,
/// [arXiv:1709.06009](https://arxiv.org/abs/1709.06009), section 5.2, where it is 0.25.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StickyAction<P> {
    /// What acts.
    pub process: P,
    /// Probability of doing the previous action again.
    pub probability: f64,
}

/// A state, and what was done last in the episode.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sticky<S, A> {
    state: S,
    last: Option<A>,
}

impl<P: Process> Process for StickyAction<P> {
    forward! { Task Model ObservationSpace ActionSpace NAME observation_space action_space max_steps }

    type State = Sticky<P::State, Element<P::ActionSpace>>;

    /// # Errors
    ///
    /// [`Error::OutOfRange`] for a probability outside [0, 1], and those of the process.
    fn model(&self, task: &P::Task) -> Result<P::Model, Error> {
        let p = self.probability;
        check_range("probability", "in [0, 1]", p, (0.0..=1.0).contains(&p))?;
        self.process.model(task)
    }

    fn start(&self, model: &P::Model, rng: &mut Rng) -> Self::State {
        Sticky {
            state: self.process.start(model, rng),
            last: None,
        }
    }

    fn restart(&self, model: &P::Model, at: &mut Self::State, rng: &mut Rng) {
        self.process.restart(model, &mut at.state, rng);
        at.last = None;
    }

    fn observe(&self, model: &P::Model, at: &Self::State) -> Element<P::ObservationSpace> {
        self.process.observe(model, &at.state)
    }

    fn advance(
        &self,
        model: &P::Model,
        at: &mut Self::State,
        action: &Element<P::ActionSpace>,
        rng: &mut Rng,
    ) -> Outcome {
        let sticks = rng.random::<f64>() < self.probability;
        let action = at.last.filter(|_| sticks).unwrap_or(*action);
        at.last = Some(action);
        self.process.advance(model, &mut at.state, &action, rng)
    }
}
