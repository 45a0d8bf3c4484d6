//! Rewards that come later.

use std::collections::VecDeque;

use metarl_core::{Element, Outcome, Process, Rng};

/// Pays every reward `steps` later; what is still owed when the episode ends is paid with its last
/// step, so that its return stays the same. A [`TimeLimit`](super::TimeLimit) belongs inside: of one
/// around it this wrapper knows nothing, and what is owed when it cuts is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RewardDelay<P> {
    /// Whose rewards.
    pub process: P,
    /// How much later.
    pub steps: usize,
}

/// A state, what is owed, and steps since the episode began.
#[derive(Debug, Clone, PartialEq)]
pub struct Delayed<S> {
    state: S,
    owed: VecDeque<f32>,
    n_steps: u32,
}

impl<P: Process> Process for RewardDelay<P> {
    forward! { Task Model ObservationSpace ActionSpace NAME observation_space action_space max_steps model }

    type State = Delayed<P::State>;

    fn start(&self, model: &P::Model, rng: &mut Rng) -> Delayed<P::State> {
        Delayed {
            state: self.process.start(model, rng),
            owed: VecDeque::new(),
            n_steps: 0,
        }
    }

    fn restart(&self, model: &P::Model, at: &mut Delayed<P::State>, rng: &mut Rng) {
        self.process.restart(model, &mut at.state, rng);
        at.owed.clear();
        at.n_steps = 0;
    }

    fn observe(&self, model: &P::Model, at: &Delayed<P::State>) -> Element<P::ObservationSpace> {
        self.process.observe(model, &at.state)
    }

    fn advance(
        &self,
        model: &P::Model,
        at: &mut Delayed<P::State>,
        action: &Element<P::ActionSpace>,
        rng: &mut Rng,
    ) -> Outcome {
        let outcome = self.process.advance(model, &mut at.state, action, rng);
        at.owed.push_back(outcome.reward);
        at.n_steps += 1;
        let over = outcome.terminated || Some(at.n_steps) == self.max_steps();
        let reward = if over {
            at.owed.drain(..).sum()
        } else if at.owed.len() > self.steps {
            at.owed.pop_front().unwrap_or(0.0)
        } else {
            0.0
        };
        Outcome { reward, ..outcome }
    }
}
