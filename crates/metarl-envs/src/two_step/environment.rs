//! The environment.

use metarl_core::{Discrete, Error, Lanes, Outcome, Process, Rng};
use rand::RngExt;

use crate::TwoStepTask;
use crate::draw::{Color, Draw, Picture};

/// A batch of two-step tasks, each lane with its own [`TwoStepTask`].
///
/// | observation | meaning | actions |
/// |---|---|---|
/// | 0 | first stage | lead to a state, no reward |
/// | 1, 2 | state 0, state 1 | both alike: collect the reward and end the episode |
///
/// What the literature calls a trial of this task is an episode here; an agent that is to learn
/// plays [`Trial`](metarl_core::Trial)s of many episodes. The states change places between
/// episodes, and only [`reset`](metarl_core::Environment::reset) puts them back to what the task says; the
/// lane's random stream goes on.
///
/// # Examples
///
/// ```
/// use metarl_core::{Environment, Purpose, Seed, StepBatch};
/// use metarl_envs::{TwoStep, TwoStepTask};
///
/// let task = TwoStepTask { common: 1.0, reward: [0.0, 1.0], switch: 0.0 };
/// let mut environment = TwoStep::new(1);
/// let mut step = StepBatch::new(1, 0);
/// environment.assign(0, &task, Seed::new(1).stream(Purpose::Environment, 0, 0, 0))?;
/// environment.reset(&mut step.observation)?;
/// environment.step(&[1], &mut step)?;
/// assert_eq!((step.observation[0], step.terminated[0]), (2, false));
/// environment.step(&[0], &mut step)?;
/// assert_eq!((step.reward[0], step.terminated[0]), (1.0, true));
/// # Ok::<(), metarl_core::Error>(())
/// ```
pub type TwoStep = Lanes<TwoStepProcess>;

/// The process behind [`TwoStep`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TwoStepProcess;

/// Where a [`TwoStep`] task is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TwoStepState {
    /// Whether the states have changed places.
    switched: bool,
    /// The second-stage state, when there.
    second: Option<usize>,
}

impl Process for TwoStepProcess {
    type Task = TwoStepTask;
    type Model = TwoStepTask;
    type State = TwoStepState;
    type ObservationSpace = Discrete<3>;
    type ActionSpace = Discrete<2>;

    const NAME: &'static str = "two-step";

    fn observation_space(&self) -> Discrete<3> {
        Discrete
    }

    fn action_space(&self) -> Discrete<2> {
        Discrete
    }

    fn model(&self, task: &TwoStepTask) -> Result<TwoStepTask, Error> {
        task.check()?;
        Ok(*task)
    }

    #[inline]
    fn start(&self, _: &TwoStepTask, _: &mut Rng) -> TwoStepState {
        TwoStepState {
            switched: false,
            second: None,
        }
    }

    #[inline]
    fn restart(&self, task: &TwoStepTask, state: &mut TwoStepState, rng: &mut Rng) {
        state.switched ^= happens(task.switch, rng);
        state.second = None;
    }

    #[inline]
    fn observe(&self, _: &TwoStepTask, state: &TwoStepState) -> usize {
        state.second.map_or(0, |second| 1 + second)
    }

    /// Reached by the last step is the state that paid.
    #[inline]
    fn advance(
        &self,
        task: &TwoStepTask,
        state: &mut TwoStepState,
        action: &usize,
        rng: &mut Rng,
    ) -> Outcome {
        if let Some(second) = state.second {
            let like = second ^ usize::from(state.switched);
            return Outcome {
                reward: f32::from(u8::from(happens(task.reward[like], rng))),
                terminated: true,
            };
        }
        let common = happens(task.common, rng);
        state.second = Some(if common { *action } else { 1 - *action });
        Outcome {
            reward: 0.0,
            terminated: false,
        }
    }
}

fn happens(probability: f64, rng: &mut Rng) -> bool {
    rng.random::<f64>() < probability
}

impl Draw for TwoStepProcess {
    /// The first stage below, both states with what they pay above.
    fn draw(&self, task: &TwoStepTask, state: &TwoStepState, action: Option<&usize>) -> Picture {
        let places = [[-1.0, 1.0], [1.0, 1.0]];
        let at = state.second.map_or([0.0, 0.0], |second| places[second]);
        let mut picture = Picture::new([-1.8, -0.6], [1.8, 1.9]);
        for (second, place) in places.into_iter().enumerate() {
            let reward = task.reward[second ^ usize::from(state.switched)];
            let better = reward >= task.reward[1 ^ second ^ usize::from(state.switched)];
            let color = if better { Color::Goal } else { Color::Muted };
            picture = picture
                .line([[0.0, 0.0], place], 0.02, Color::Faint)
                .disc(place, 0.3, color)
                .text([place[0], 1.5], 0.2, format!("pays {reward:.2}"));
        }
        picture = picture
            .disc([0.0, 0.0], 0.3, Color::Muted)
            .disc(at, 0.15, Color::Agent);
        match action {
            Some(action) => picture.text([0.0, -0.45], 0.2, format!("action {action}")),
            None => picture,
        }
    }
}
