//! Environments written one lane at a time.

use std::fmt::{Debug, Formatter};

use serde::{Deserialize, Serialize};

use crate::environment::{check_actions, check_lanes, lane_mut};
use crate::space::Element;
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

    /// One step of several lanes, one after the other; a process whose equations suit vector
    /// instructions does them together, to the same bits.
    fn advance_lanes(&self, lanes: LanesMut<'_, Self>)
    where
        Self: Sized,
    {
        let inputs = lanes.model.iter().zip(lanes.action).zip(lanes.rng);
        let outputs = lanes.reward.iter_mut().zip(lanes.terminated);
        let lanes = lanes.state.iter_mut().zip(lanes.successor);
        for ((((model, action), rng), (reward, terminated)), (state, successor)) in
            inputs.zip(outputs).zip(lanes)
        {
            let outcome = self.advance(model, state, action, rng);
            (*reward, *terminated) = (outcome.reward, outcome.terminated);
            *successor = self.observe(model, state);
        }
    }
}

/// Lanes side by side, each slice with one entry a lane.
#[derive(Debug)]
pub struct LanesMut<'a, P: Process> {
    /// What is played.
    pub model: &'a [P::Model],
    /// Where it is, and where the step leads.
    pub state: &'a mut [P::State],
    /// What is done, checked.
    pub action: &'a [Element<P::ActionSpace>],
    /// Where randomness comes from.
    pub rng: &'a mut [Rng],
    /// The reward, to be written.
    pub reward: &'a mut [f32],
    /// Whether the process ended, to be written.
    pub terminated: &'a mut [bool],
    /// What is seen of the state reached, to be written.
    pub successor: &'a mut [Element<P::ObservationSpace>],
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
    /// Assigned, but not reset yet.
    next: Vec<Option<(P::Model, Rng)>>,
    /// The lanes at play, field by field; empty before the first reset.
    model: Vec<P::Model>,
    rng: Vec<Rng>,
    state: Vec<P::State>,
    n_steps: Vec<u32>,
}

impl<P: Process> Lanes<P> {
    /// `n_lanes` lanes of a process that wait for their tasks.
    #[must_use]
    pub fn of(process: P, n_lanes: usize) -> Self {
        Self {
            process,
            next: (0..n_lanes).map(|_| None).collect(),
            model: Vec::with_capacity(n_lanes),
            rng: Vec::with_capacity(n_lanes),
            state: Vec::with_capacity(n_lanes),
            n_steps: Vec::with_capacity(n_lanes),
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

    /// Gives each lane the task that waits for it.
    fn take_tasks(&mut self) -> Result<(), Error> {
        if self.model.is_empty() {
            if let Some(lane) = self.next.iter().position(Option::is_none) {
                return Err(failed::<P>(lane, "has no task"));
            }
            (self.model, self.rng) = self.next.iter_mut().filter_map(Option::take).unzip();
        }
        let played = self.model.iter_mut().zip(&mut self.rng);
        for (next, (model, rng)) in self.next.iter_mut().zip(played) {
            if let Some(next) = next.take() {
                (*model, *rng) = next;
            }
        }
        Ok(())
    }
}

impl<P: Process + Debug> Debug for Lanes<P> {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lanes")
            .field("process", &self.process)
            .field("n_lanes", &self.next.len())
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
        self.next.len()
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
    fn reset(&mut self, observation: &mut [Element<P::ObservationSpace>]) -> Result<(), Error> {
        let n_lanes = self.n_lanes();
        check_range("the number of lanes", "at least 1", n_lanes, n_lanes > 0)?;
        check_lanes("observation", observation.len(), n_lanes)?;
        self.take_tasks()?;
        self.state.clear();
        self.n_steps.clear();
        self.n_steps.resize(n_lanes, 0);
        let lanes = self.model.iter().zip(&mut self.rng).zip(observation);
        self.state.extend(lanes.map(|((model, rng), observation)| {
            let state = self.process.start(model, rng);
            *observation = self.process.observe(model, &state);
            state
        }));
        Ok(())
    }

    /// # Errors
    ///
    /// [`Error::LaneMismatch`], [`Error::InvalidAction`], and [`Error::Environment`] when the lanes
    /// were never reset. No lane has moved then.
    fn step(
        &mut self,
        action: &[Element<P::ActionSpace>],
        step: &mut StepBatch<Element<P::ObservationSpace>>,
    ) -> Result<(), Error> {
        check_lanes("action", action.len(), self.n_lanes())?;
        check_lanes("step", step.n_lanes(), self.n_lanes())?;
        if self.state.is_empty() {
            return Err(failed::<P>(0, "was never reset"));
        }
        let space = self.process.action_space();
        check_actions(P::NAME, &space, action, self.n_steps.iter().copied())?;
        self.process.advance_lanes(LanesMut {
            model: &self.model,
            state: &mut self.state,
            action,
            rng: &mut self.rng,
            reward: &mut step.reward,
            terminated: &mut step.terminated,
            successor: &mut step.successor,
        });
        step.observation.copy_from_slice(&step.successor);
        let max_steps = self.process.max_steps();
        let ends = step.terminated.iter().zip(&mut step.truncated);
        for (n_steps, (terminated, truncated)) in self.n_steps.iter_mut().zip(ends) {
            *n_steps = n_steps.wrapping_add(1);
            *truncated = !terminated & max_steps.is_some_and(|most| *n_steps >= most);
        }
        let ends = step.terminated.chunks(WORD);
        for (word, (terminated, truncated)) in ends.zip(step.truncated.chunks(WORD)).enumerate() {
            let mut bits = ended(terminated, truncated);
            while bits != 0 {
                let lane = WORD * word + bits.trailing_zeros() as usize;
                bits &= bits - 1;
                let (model, state) = (&self.model[lane], &mut self.state[lane]);
                self.process.restart(model, state, &mut self.rng[lane]);
                step.observation[lane] = self.process.observe(model, state);
                self.n_steps[lane] = 0;
            }
        }
        Ok(())
    }
}

/// How many lanes have their bits in one word.
const WORD: usize = u64::BITS as usize;

/// A bit a lane, no more than a word of them, set where an episode ended either way. Few did: going
/// from bit to bit costs less than asking every lane.
fn ended(terminated: &[bool], truncated: &[bool]) -> u64 {
    let (terminated, last_terminated) = terminated.as_chunks();
    let (truncated, last_truncated) = truncated.as_chunks();
    let last = last_terminated.iter().zip(last_truncated).rev();
    let last = last.fold(0, |bits, (a, b)| bits << 1 | u64::from(a | b));
    let eights = terminated.iter().zip(truncated).rev();
    eights.fold(last, |bits, (a, b)| bits << 8 | pack(*a) | pack(*b))
}

/// A bit a flag.
fn pack(flags: [bool; 8]) -> u64 {
    // The sum of shifted copies that has the lowest bits of all bytes next to each other at its top.
    u64::from_le_bytes(flags.map(u8::from)).wrapping_mul(0x0102_0408_1020_4080) >> 56
}

#[cold]
fn failed<P: Process>(lane: usize, what: &str) -> Error {
    Error::Environment(format!("{}: lane {lane} {what}", P::NAME))
}
