//! One Python environment a lane.

use std::fmt::{Debug, Formatter};

use metarl_core::{
    Element, Environment, Error, Rng, StepBatch, check_actions, check_lanes, check_range, lane_mut,
};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{IntoPyDict, PyTuple};
use rand::Rng as _;

use super::check::at_play;
use super::python::{bridge, caught, close};
use super::space::Spaces;
use super::thread::attach;
use super::{GymnasiumError, GymnasiumSpace, GymnasiumTask, Place, Recipe, interned};

/// Any environment of Gymnasium, one Python object a lane.
///
/// Lanes play different tasks side by side, each from its own seed, and do not touch each other. A
/// lane that ends is reset within the same step, so `successor` is what `step` returned, and
/// `observation` what `reset` did.
///
/// The lane's stream gives one seed at each [`reset`](Environment::reset), for `reset(seed=…)`; from
/// then on the environment draws from a generator of its own, as Gymnasium means it.
///
/// # Examples
///
/// ```no_run
/// use metarl_core::{Continuous, Discrete, Environment, Purpose, Seed, StepBatch};
/// use metarl_envs::gymnasium::{Gymnasium, GymnasiumTask, Recipe};
///
/// let recipe = Recipe::new("CartPole-v1");
/// let mut poles = Gymnasium::<Continuous<4>, Discrete<2>>::new(&recipe, 16)?;
/// for lane in 0..16 {
///     let rng = Seed::new(1).stream(Purpose::Environment, 0, lane as u64, 0);
///     poles.assign(lane, &GymnasiumTask::default(), rng)?;
/// }
/// let mut step = StepBatch::new(16, [0.0; 4]);
/// poles.reset(&mut step.observation)?;
/// poles.step(&[1; 16], &mut step)?;
/// assert_eq!(step.reward, [1.0; 16]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Gymnasium<O: GymnasiumSpace, A: GymnasiumSpace> {
    recipe: Recipe,
    name: &'static str,
    spaces: Spaces<O, A>,
    lanes: Vec<Lane>,
    /// Whether all lanes are in an episode.
    at_play: bool,
}

#[derive(Default)]
struct Lane {
    /// Assigned, but not reset yet.
    next: Option<(GymnasiumTask, Rng)>,
    /// At play: the environment, the task it has, and its stream.
    environment: Option<Py<PyAny>>,
    task: GymnasiumTask,
    rng: Option<Rng>,
    n_steps: u32,
}

impl<O: GymnasiumSpace, A: GymnasiumSpace> Gymnasium<O, A> {
    /// `n_lanes` lanes that wait for their tasks.
    ///
    /// # Errors
    ///
    /// [`GymnasiumError`] when Python has no Gymnasium, Gymnasium no such environment, or the
    /// environment's spaces are not `O` and `A`.
    pub fn new(recipe: &Recipe, n_lanes: usize) -> Result<Self, GymnasiumError> {
        let place = Place::of(recipe.name());
        // The first lane's environment says what the spaces are.
        let (environment, spaces) = attach(|py| {
            let environment = recipe.make(py, &GymnasiumTask::default(), &place)?;
            let spaces = Spaces::of_one(&environment, &place)?;
            Ok((environment.unbind(), spaces))
        })?;
        let mut lanes: Vec<Lane> = (0..n_lanes).map(|_| Lane::default()).collect();
        if let Some(first) = lanes.first_mut() {
            first.environment = Some(environment);
        }
        Ok(Self {
            recipe: recipe.clone(),
            name: interned(recipe.name()),
            spaces,
            lanes,
            at_play: false,
        })
    }

    /// Gives the lane the task that waits for it, and starts an episode.
    fn start(
        &mut self,
        py: Python<'_>,
        lane: usize,
        out: &mut Element<O>,
    ) -> Result<(), GymnasiumError> {
        let place = Place::of(self.name).lane(lane);
        let catch = |error| caught(py, &error, &place);
        let Lane {
            next,
            environment,
            task,
            rng,
            n_steps,
        } = &mut self.lanes[lane];
        if let Some((new, _)) = next {
            if environment.is_none() || !new.can_follow(task) {
                if let Some(old) = environment.take() {
                    close(old.bind(py));
                }
                let made = self.recipe.make(py, new, &place)?;
                if !self.spaces.are_those_of(&Spaces::of_one(&made, &place)?) {
                    close(&made);
                    let reason = "has a task with other spaces";
                    return Err(GymnasiumError::Assignment { place, reason });
                }
                *environment = Some(made.unbind());
            }
            if let (Some(environment), Some(set)) = (&environment, &new.set_task) {
                bridge(py)?
                    .call_method1(intern!(py, "set_task"), (environment, set.to_string()))
                    .map_err(catch)?;
            }
        }
        // Only now: what failed above can be tried again.
        if let Some((new, stream)) = next.take() {
            (*task, *rng) = (new, Some(stream));
        }
        let (Some(environment), Some(rng)) = (environment, rng) else {
            let reason = "has no task";
            return Err(GymnasiumError::Assignment { place, reason });
        };
        *n_steps = 0;
        let seed = rng.next_u32() >> 1;
        let reset = || {
            let keywords = [("seed", seed)].into_py_dict(py)?;
            environment
                .bind(py)
                .call_method(intern!(py, "reset"), (), Some(&keywords))?
                .get_item(0)
        };
        let observation = reset().map_err(catch)?;
        let out = std::slice::from_mut(out);
        self.spaces.read(&observation, out, || place.clone())
    }

    /// One step of one lane, and a new episode where it ended one.
    fn advance(
        &mut self,
        py: Python<'_>,
        lane: usize,
        action: &Element<A>,
        step: &mut StepBatch<Element<O>>,
    ) -> Result<(), GymnasiumError> {
        let n_steps = self.lanes[lane].n_steps;
        let place = || Place::of(self.name).lane(lane).step(n_steps);
        let catch = |error| caught(py, &error, &place());
        let Some(environment) = &self.lanes[lane].environment else {
            let reason = "was never reset";
            return Err(GymnasiumError::Assignment {
                place: place(),
                reason,
            });
        };
        let environment = environment.bind(py);
        let moved = || {
            let action = A::write(&self.spaces.done, py, action)?;
            let returned = environment.call_method1(intern!(py, "step"), (action,))?;
            let returned = returned.cast_into::<PyTuple>()?;
            let reward: f32 = returned.get_item(1)?.extract()?;
            let terminated = returned.get_item(2)?.is_truthy()?;
            let truncated = returned.get_item(3)?.is_truthy()?;
            Ok((returned.get_item(0)?, reward, terminated, truncated))
        };
        let (successor, reward, terminated, truncated) = moved().map_err(catch)?;
        let read = |python: &Bound<'_, PyAny>, out| {
            self.spaces.read(python, std::slice::from_mut(out), place)
        };
        read(&successor, &mut step.successor[lane])?;
        step.reward[lane] = reward;
        step.terminated[lane] = terminated;
        step.truncated[lane] = truncated && !terminated;
        if terminated || truncated {
            let reset = environment.call_method0(intern!(py, "reset"));
            let first = reset.and_then(|reset| reset.get_item(0)).map_err(catch)?;
            read(&first, &mut step.observation[lane])?;
            self.lanes[lane].n_steps = 0;
        } else {
            step.observation[lane] = step.successor[lane];
            self.lanes[lane].n_steps = n_steps.saturating_add(1);
        }
        Ok(())
    }
}

impl<O: GymnasiumSpace, A: GymnasiumSpace> Environment for Gymnasium<O, A> {
    type Task = GymnasiumTask;
    type ObservationSpace = O;
    type ActionSpace = A;

    fn observation_space(&self) -> O {
        self.spaces.observation.clone()
    }

    fn action_space(&self) -> A {
        self.spaces.action.clone()
    }

    fn n_lanes(&self) -> usize {
        self.lanes.len()
    }

    /// The task is not looked at before the next reset: only Python knows what it takes.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] when there is no such lane.
    fn assign(&mut self, lane: usize, task: &GymnasiumTask, rng: Rng) -> Result<(), Error> {
        lane_mut(&mut self.lanes, lane)?.next = Some((task.clone(), rng));
        Ok(())
    }

    /// # Errors
    ///
    /// [`Error::LaneMismatch`], and [`Error::Environment`] with the words of a [`GymnasiumError`].
    fn reset(&mut self, observation: &mut [Element<O>]) -> Result<(), Error> {
        let n_lanes = self.lanes.len();
        check_range("the number of lanes", "at least 1", n_lanes, n_lanes > 0)?;
        check_lanes("observation", observation.len(), n_lanes)?;
        self.at_play = false;
        attach(|py| {
            let mut lanes = observation.iter_mut().enumerate();
            lanes.try_for_each(|(lane, observation)| self.start(py, lane, observation))
        })?;
        self.at_play = true;
        Ok(())
    }

    /// # Errors
    ///
    /// [`Error::LaneMismatch`] and [`Error::InvalidAction`], after which no lane has moved, and
    /// [`Error::Environment`] with the words of a [`GymnasiumError`].
    fn step(
        &mut self,
        action: &[Element<A>],
        step: &mut StepBatch<Element<O>>,
    ) -> Result<(), Error> {
        check_lanes("action", action.len(), self.n_lanes())?;
        check_lanes("step", step.n_lanes(), self.n_lanes())?;
        at_play(self.at_play, self.name)?;
        let n_steps = self.lanes.iter().map(|lane| lane.n_steps);
        check_actions(self.name, &self.spaces.action, action, n_steps)?;
        self.at_play = false;
        attach(|py| {
            let mut lanes = action.iter().enumerate();
            lanes.try_for_each(|(lane, action)| self.advance(py, lane, action, step))
        })?;
        self.at_play = true;
        Ok(())
    }
}

impl<O: GymnasiumSpace, A: GymnasiumSpace> Drop for Gymnasium<O, A> {
    fn drop(&mut self) {
        // `None` when the interpreter is gone, and the environments with it.
        let _ = Python::try_attach(|py| {
            for environment in self
                .lanes
                .iter()
                .filter_map(|lane| lane.environment.as_ref())
            {
                close(environment.bind(py));
            }
        });
    }
}

impl<O: GymnasiumSpace, A: GymnasiumSpace> Debug for Gymnasium<O, A> {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gymnasium")
            .field("recipe", &self.recipe)
            .field("n_lanes", &self.lanes.len())
            .finish_non_exhaustive()
    }
}
