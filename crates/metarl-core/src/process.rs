//! Environments written one lane at a time.

use std::fmt::{Debug, Formatter};

use serde::{Deserialize, Serialize};

use crate::environment::{check_lanes, lane_mut};
use crate::{Environment, Error, Rng, Space, StepBatch, check_range};

/// A Markov decision process: how it starts, how it moves, and what of it is seen.
///
/// It is what remains of an [`Environment`] without lanes, episodes, time limits and wrong
/// arguments; [`Lanes`] adds those. The task holds the parameters of the process; its model is the
/// same as the hot loop wants it, and neither changes while it is played.
///
/// # Examples
///
/// A walker on a line that is paid 1 for standing on the task's number:
///
/// ```
/// use metarl_core::{
///     Continuous, Discrete, Environment, Error, Lanes, Outcome, Process, Purpose, Rng, Seed,
///     StepBatch, check_range,
/// };
///
/// struct Line;
///
/// impl Process for Line {
///     type Task = i32;
///     type Model = i32;
///     type State = i32;
///     type ObservationSpace = Continuous<1>;
///     type ActionSpace = Discrete<2>;
///     const NAME: &'static str = "line";
///
///     fn observation_space(&self) -> Continuous<1> {
///         Continuous::UNBOUNDED
///     }
///
///     fn action_space(&self) -> Discrete<2> {
///         Discrete
///     }
///
///     fn max_steps(&self) -> Option<u32> {
///         Some(10)
///     }
///
///     fn model(&self, task: &i32) -> Result<i32, Error> {
///         check_range("the prize", "in [-9, 9]", task, task.abs() < 10)?;
///         Ok(*task)
///     }
///
///     fn start(&self, _: &i32, _: &mut Rng) -> i32 {
///         0
///     }
///
///     fn observe(&self, _: &i32, at: &i32) -> [f32; 1] {
///         [*at as f32]
///     }
///
///     fn advance(&self, task: &i32, at: &mut i32, action: &usize, _: &mut Rng) -> Outcome {
///         *at += if *action == 0 { -1 } else { 1 };
///         Outcome { reward: f32::from(u8::from(at == task)), terminated: false }
///     }
/// }
///
/// let mut lanes = Lanes::of(Line, 1);
/// let mut step = StepBatch::new(1, [0.0]);
/// lanes.assign(0, &-1, Seed::new(1).stream(Purpose::Environment, 0, 0, 0))?;
/// lanes.reset(&mut step.observation)?;
/// lanes.step(&[0], &mut step)?;
/// assert_eq!((step.observation[0], step.reward[0]), ([-1.0], 1.0));
/// # Ok::<(), Error>(())
/// ```
pub trait Process: Send {
    /// Its parameters.
    type Task: Clone + Send + Sync;
    /// What a lane keeps of them, often the task itself.
    type Model: Send;
    /// Where it is.
    type State: Send;
    /// What is seen.
    type ObservationSpace: Space;
    /// What can be done.
    type ActionSpace: Space;

    /// What it is called in messages.
    const NAME: &'static str;

    /// The set observations come from.
    fn observation_space(&self) -> Self::ObservationSpace;

    /// The set actions come from; no other reaches [`advance`](Process::advance).
    fn action_space(&self) -> Self::ActionSpace;

    /// Steps after which an episode is truncated. A horizon that belongs to the process, after which
    /// nothing follows, is a matter of [`advance`](Process::advance).
    fn max_steps(&self) -> Option<u32> {
        None
    }

    /// Checks the parameters and makes of them what a lane keeps.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] naming the first that is outside its range.
    fn model(&self, task: &Self::Task) -> Result<Self::Model, Error>;

    /// Where the first episode starts after a reset.
    fn start(&self, model: &Self::Model, rng: &mut Rng) -> Self::State;

    /// Moves a state in which an episode ended to where the next one starts. Whatever should outlive
    /// the episode, such as arms that wander, is kept here.
    fn restart(&self, model: &Self::Model, state: &mut Self::State, rng: &mut Rng) {
        *state = self.start(model, rng);
    }

    /// What is seen of a state.
    fn observe(
        &self,
        model: &Self::Model,
        state: &Self::State,
    ) -> <Self::ObservationSpace as Space>::Element;

    /// One step.
    fn advance(
        &self,
        model: &Self::Model,
        state: &mut Self::State,
        action: &<Self::ActionSpace as Space>::Element,
        rng: &mut Rng,
    ) -> Outcome;
}

/// What a step of a [`Process`] gave.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// The reward.
    pub reward: f32,
    /// Whether the process ended.
    pub terminated: bool,
}

/// A batch of lanes, each with its own task, state and random stream.
pub struct Lanes<P: Process> {
    process: P,
    /// Assigned, but not reset yet. Apart, so that lanes at play lie close together.
    next: Vec<Option<(P::Model, Rng)>>,
    lanes: Vec<Option<Lane<P>>>,
}

struct Lane<P: Process> {
    model: P::Model,
    rng: Rng,
    state: P::State,
    n_steps: u32,
}

impl<P: Process> Lanes<P> {
    /// `n_lanes` lanes of a process that wait for their tasks.
    #[must_use]
    pub fn of(process: P, n_lanes: usize) -> Self {
        Self {
            process,
            next: (0..n_lanes).map(|_| None).collect(),
            lanes: (0..n_lanes).map(|_| None).collect(),
        }
    }

    /// `n_lanes` lanes of the process as it is by default.
    #[must_use]
    pub fn new(n_lanes: usize) -> Self
    where
        P: Default,
    {
        Self::of(P::default(), n_lanes)
    }

    /// The process.
    #[must_use]
    pub fn process(&self) -> &P {
        &self.process
    }
}

impl<P: Process + Debug> Debug for Lanes<P> {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lanes")
            .field("process", &self.process)
            .field("n_lanes", &self.lanes.len())
            .finish_non_exhaustive()
    }
}

impl<P: Process> Environment for Lanes<P> {
    type Task = P::Task;
    type ObservationSpace = P::ObservationSpace;
    type ActionSpace = P::ActionSpace;

    fn observation_space(&self) -> P::ObservationSpace {
        self.process.observation_space()
    }

    fn action_space(&self) -> P::ActionSpace {
        self.process.action_space()
    }

    fn n_lanes(&self) -> usize {
        self.lanes.len()
    }

    /// # Errors
    ///
    /// Those of [`Process::model`], and [`Error::OutOfRange`] when there is no such lane.
    fn assign(&mut self, lane: usize, task: &P::Task, rng: Rng) -> Result<(), Error> {
        let model = self.process.model(task)?;
        let next = lane_mut(&mut self.next, lane)?;
        *next = Some((model, rng));
        Ok(())
    }

    /// # Errors
    ///
    /// [`Error::OutOfRange`] when there are no lanes, [`Error::LaneMismatch`] when `observation` is not
    /// one per lane, [`Error::Environment`] when a lane was never given a task.
    fn reset(
        &mut self,
        observation: &mut [<P::ObservationSpace as Space>::Element],
    ) -> Result<(), Error> {
        let n_lanes = self.n_lanes();
        check_range("the number of lanes", "at least 1", n_lanes, n_lanes > 0)?;
        check_lanes("observation", observation.len(), n_lanes)?;
        let lanes = self.lanes.iter_mut().zip(&mut self.next).zip(observation);
        for (idx, ((lane, next), observation)) in lanes.enumerate() {
            let played = lane.take().map(|lane| (lane.model, lane.rng));
            let Some((model, mut rng)) = next.take().or(played) else {
                return Err(failed::<P>(idx, "has no task"));
            };
            let state = self.process.start(&model, &mut rng);
            *observation = self.process.observe(&model, &state);
            *lane = Some(Lane {
                model,
                rng,
                state,
                n_steps: 0,
            });
        }
        Ok(())
    }

    /// # Errors
    ///
    /// [`Error::LaneMismatch`], [`Error::InvalidAction`], and [`Error::Environment`] when a lane was
    /// never reset.
    fn step(
        &mut self,
        action: &[<P::ActionSpace as Space>::Element],
        step: &mut StepBatch<<P::ObservationSpace as Space>::Element>,
    ) -> Result<(), Error> {
        check_lanes("action", action.len(), self.n_lanes())?;
        check_lanes("step", step.n_lanes(), self.n_lanes())?;
        let process = &self.process;
        let (space, max_steps) = (process.action_space(), process.max_steps());
        for (idx, (lane, action)) in self.lanes.iter_mut().zip(action).enumerate() {
            let Some(lane) = lane else {
                return Err(failed::<P>(idx, "was never reset"));
            };
            if !space.contains(action) {
                return Err(Error::InvalidAction {
                    environment: P::NAME,
                    lane: idx,
                    step: lane.n_steps,
                    action: format!("{action:?}"),
                    space: space.describe(),
                });
            }
            let Lane { model, rng, .. } = lane;
            let Outcome { reward, terminated } =
                process.advance(model, &mut lane.state, action, rng);
            lane.n_steps += 1;
            let out_of_time = max_steps.is_some_and(|most| lane.n_steps >= most);
            let truncated = !terminated && out_of_time;

            step.reward[idx] = reward;
            step.terminated[idx] = terminated;
            step.truncated[idx] = truncated;
            step.successor[idx] = process.observe(model, &lane.state);
            step.observation[idx] = if terminated || truncated {
                process.restart(model, &mut lane.state, rng);
                lane.n_steps = 0;
                process.observe(model, &lane.state)
            } else {
                step.successor[idx]
            };
        }
        Ok(())
    }
}

#[cold]
fn failed<P: Process>(lane: usize, what: &str) -> Error {
    Error::Environment(format!("{}: lane {lane} {what}", P::NAME))
}
