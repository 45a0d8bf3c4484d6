//! Acting less often.

use metarl_core::{Element, Error, Outcome, Process, Rng, check_range};

/// Repeats every action for `times` steps, or until the episode ends; rewards add up.
///
/// The process's time limit is kept to the step: if it is no multiple of `times`, the last action is
/// repeated less often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActionRepeat<P> {
    /// What acts faster.
    pub process: P,
    /// Steps of an action, at least 1.
    pub times: u32,
}

/// A state, and steps of the process since the episode began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Repeating<S> {
    state: S,
    n_steps: u32,
}

impl<P: Process> Process for ActionRepeat<P> {
    forward! { Task Model ObservationSpace ActionSpace NAME observation_space action_space }

    type State = Repeating<P::State>;

    fn max_steps(&self) -> Option<u32> {
        let own = self.process.max_steps();
        own.map(|own| own.div_ceil(self.times.max(1)))
    }

    /// # Errors
    ///
    /// [`Error::OutOfRange`] for actions of no step, and those of the process.
    fn model(&self, task: &P::Task) -> Result<P::Model, Error> {
        check_range("times", "at least 1", self.times, self.times > 0)?;
        self.process.model(task)
    }

    fn start(&self, model: &P::Model, rng: &mut Rng) -> Repeating<P::State> {
        Repeating {
            state: self.process.start(model, rng),
            n_steps: 0,
        }
    }

    fn restart(&self, model: &P::Model, state: &mut Repeating<P::State>, rng: &mut Rng) {
        self.process.restart(model, &mut state.state, rng);
        state.n_steps = 0;
    }

    fn observe(
        &self,
        model: &P::Model,
        state: &Repeating<P::State>,
    ) -> Element<P::ObservationSpace> {
        self.process.observe(model, &state.state)
    }

    fn advance(
        &self,
        model: &P::Model,
        at: &mut Repeating<P::State>,
        action: &Element<P::ActionSpace>,
        rng: &mut Rng,
    ) -> Outcome {
        let limit = self.process.max_steps();
        let mut reward = 0.0;
        for repeat in 1.. {
            let outcome = self.process.advance(model, &mut at.state, action, rng);
            reward += outcome.reward;
            at.n_steps += 1;
            let terminated = outcome.terminated;
            if terminated || repeat >= self.times || Some(at.n_steps) == limit {
                return Outcome { reward, terminated };
            }
        }
        unreachable!("an action is repeated a finite number of times")
    }
}
