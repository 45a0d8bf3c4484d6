//! One Python environment that steps all lanes.

use std::fmt::{Debug, Formatter};

use metarl_core::{
    Element, Environment, Error, Rng, StepBatch, check_actions, check_lanes, check_range, lane_mut,
};
use numpy::{PyArray1, PyArrayDyn, PyArrayMethods};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use rand::Rng as _;

use super::array::read_numbers;
use super::check::at_play;
use super::python::{bridge, caught, close};
use super::space::{Spaces, returned};
use super::thread::attach;
use super::{GymnasiumError, GymnasiumSpace, GymnasiumTask, Place, Recipe, interned};

/// How Gymnasium makes several lanes of an environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vectorization {
    /// One after the other in this process. [`Gymnasium`](super::Gymnasium) is faster, and its lanes
    /// play different tasks.
    Sync,
    /// Each lane in a process of its own.
    Async,
    /// The environment's own way, such as ALE's threads or CartPole in NumPy.
    EntryPoint,
}

impl Vectorization {
    /// Gymnasium's name for it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Sync => "sync",
            Self::Async => "async",
            Self::EntryPoint => "vector_entry_point",
        }
    }
}

/// A vector environment of Gymnasium: one call of Python steps all lanes, which play the same task.
///
/// A lane that ends must start anew within the same step. Gymnasium has three modes for that:
///
/// | `autoreset_mode` | what is done |
/// |---|---|
/// | `SAME_STEP` | asked for wherever it can be; `successor` is what `info["final_obs"]` says |
/// | `DISABLED` | the lanes that ended are reset through `options["reset_mask"]` |
/// | `NEXT_STEP` | the same, where the environment knows `reset_mask`; otherwise an error |
///
/// With [`Sync`](Vectorization::Sync) and [`Async`](Vectorization::Async), and for ALE, each lane has a seed
/// of its own. Other entry points draw for all lanes from one generator, seeded from the first
/// lane's stream: then what happens in one lane does depend on when episodes end in the others.
pub struct GymnasiumVector<O: GymnasiumSpace, A: GymnasiumSpace> {
    recipe: Recipe,
    name: &'static str,
    vectorization: Vectorization,
    spaces: Spaces<O, A>,
    /// Assigned, but not reset yet.
    next: Vec<Option<(GymnasiumTask, Rng)>>,
    /// At play: the environment, the task it was made with, and the lanes' streams.
    environment: Py<PyAny>,
    autoreset: Autoreset,
    task: GymnasiumTask,
    rng: Vec<Rng>,
    /// Of each lane's episode, and of all since the reset.
    n_steps: Vec<u32>,
    n_calls: u32,
    /// Whether all lanes are in an episode.
    at_play: bool,
}

/// How a lane that ended gets its next first observation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Autoreset {
    /// The step returns it, and the last one apart.
    SameStep,
    /// It is asked for.
    Masked,
}

/// A Python vector environment, its spaces, and how its lanes start anew.
type Made<O, A> = (Py<PyAny>, Spaces<O, A>, Autoreset);

impl<O: GymnasiumSpace, A: GymnasiumSpace> GymnasiumVector<O, A> {
    /// `n_lanes` lanes that wait for their task.
    ///
    /// # Errors
    ///
    /// [`GymnasiumError`] when Python has no Gymnasium, Gymnasium no such environment, the
    /// environment's spaces are not `O` and `A`, or its lanes only start anew one step late.
    pub fn new(
        recipe: &Recipe,
        vectorization: Vectorization,
        n_lanes: usize,
    ) -> Result<Self, GymnasiumError> {
        let task = GymnasiumTask::default();
        let made = attach(|py| make::<O, A>(py, recipe, &task, vectorization, n_lanes))?;
        let (environment, spaces, autoreset) = made;
        Ok(Self {
            recipe: recipe.clone(),
            name: interned(recipe.name()),
            vectorization,
            spaces,
            next: (0..n_lanes).map(|_| None).collect(),
            environment,
            autoreset,
            task,
            rng: Vec::new(),
            n_steps: vec![0; n_lanes],
            n_calls: 0,
            at_play: false,
        })
    }

    fn refuse(&self, lane: usize, reason: &'static str) -> GymnasiumError {
        let place = Place::of(self.name).lane(lane);
        GymnasiumError::Assignment { place, reason }
    }

    /// The one task of all lanes, after the next reset.
    fn next_task(&self) -> Result<GymnasiumTask, GymnasiumError> {
        let no_task = self.next.iter().position(Option::is_none);
        if let (true, Some(lane)) = (self.rng.is_empty(), no_task) {
            return Err(self.refuse(lane, "has no task"));
        }
        let tasks = self.next.iter().map(|next| match next {
            Some((task, _)) => task,
            None => &self.task,
        });
        let first = tasks.clone().next().unwrap_or(&self.task);
        let mut tasks = tasks.enumerate();
        if let Some((lane, _)) = tasks.find(|(_, task)| *task != first) {
            let reason = "has another task than lane 0, but a vector environment plays one; Gymnasium plays one a lane";
            return Err(self.refuse(lane, reason));
        }
        if first.set_task.is_some() {
            return Err(self.refuse(0, "a vector environment has no set_task; Gymnasium has"));
        }
        Ok(first.clone())
    }

    /// Makes the environment anew where its task is another.
    fn take_task(&mut self, py: Python<'_>) -> Result<(), GymnasiumError> {
        let task = self.next_task()?;
        if task != self.task {
            let n_lanes = self.next.len();
            let made = make(py, &self.recipe, &task, self.vectorization, n_lanes)?;
            let (environment, spaces, autoreset) = made;
            if !self.spaces.are_those_of(&spaces) {
                close(environment.bind(py));
                return Err(self.refuse(0, "has a task with other spaces"));
            }
            close(self.environment.bind(py));
            (self.environment, self.autoreset, self.task) = (environment, autoreset, task);
        }
        let streams: Vec<Option<Rng>> = self.next.iter_mut().map(assigned_stream).collect();
        if self.rng.is_empty() {
            self.rng = streams.into_iter().flatten().collect();
        } else {
            let assigned = self.rng.iter_mut().zip(streams);
            for (rng, stream) in assigned.filter_map(|(rng, stream)| Some((rng, stream?))) {
                *rng = stream;
            }
        }
        Ok(())
    }

    fn advance(
        &self,
        py: Python<'_>,
        action: &[Element<A>],
        step: &mut StepBatch<Element<O>>,
    ) -> Result<(), GymnasiumError> {
        let place = Place::of(self.name).step(self.n_calls);
        let catch = |error| caught(py, &error, &place);
        let n_lanes = self.next.len();
        let action = A::write_lanes(&self.spaces.done, py, action).map_err(catch)?;
        let result = self.environment.bind(py);
        let result = result.call_method1(intern!(py, "step"), (action,));
        let result = result.map_err(catch)?.cast_into::<PyTuple>();
        let result = result.map_err(|error| catch(error.into()))?;
        let entry = |i| result.get_item(i).map_err(catch);
        let wrong = |found: &Bound<'_, PyAny>, what: &str| {
            returned(found, format!("{n_lanes} {what}"), place.clone())
        };

        let out = &mut step.successor;
        self.spaces.read(&entry(0)?, out, || place.clone())?;
        let reward = entry(1)?;
        let (out, _) = step.reward.as_chunks_mut::<1>();
        if !read_numbers(&reward, out, None).map_err(catch)? {
            return Err(wrong(&reward, "rewards"));
        }
        for (i, out) in [(2, &mut step.terminated), (3, &mut step.truncated)] {
            let flags = entry(i)?;
            if !read_flags(&flags, out).map_err(catch)? {
                return Err(wrong(&flags, "flags"));
            }
        }
        for (truncated, terminated) in step.truncated.iter_mut().zip(&step.terminated) {
            *truncated &= !terminated;
        }
        step.observation.copy_from_slice(&step.successor);
        if step.terminated.contains(&true) || step.truncated.contains(&true) {
            self.start_anew(&entry(4)?, step)?;
        }
        Ok(())
    }

    /// Tells the two observations of the lanes that ended apart.
    fn start_anew(
        &self,
        info: &Bound<'_, PyAny>,
        step: &mut StepBatch<Element<O>>,
    ) -> Result<(), GymnasiumError> {
        let py = info.py();
        let place = Place::of(self.name).step(self.n_calls);
        let catch = |error| caught(py, &error, &place);
        let ended: Vec<bool> = (0..step.n_lanes()).map(|lane| step.ended(lane)).collect();
        let lanes = || ended.iter().enumerate();
        match self.autoreset {
            Autoreset::SameStep => {
                let last = info.get_item(intern!(py, "final_obs")).map_err(catch)?;
                // One array of all lanes, or an object a lane.
                if last.cast::<PyArrayDyn<Py<PyAny>>>().is_err() {
                    let out = &mut step.successor;
                    self.spaces
                        .read_wanted(&last, out, Some(&ended), || place.clone())?;
                    return Ok(());
                }
                for (lane, _) in lanes().filter(|(_, ended)| **ended) {
                    let last = last.get_item(lane).map_err(catch)?;
                    let out = std::slice::from_mut(&mut step.successor[lane]);
                    self.spaces.read(&last, out, || place.clone().lane(lane))?;
                }
            }
            Autoreset::Masked => {
                let arguments = (&self.environment, &ended);
                let first = bridge(py)?.call_method1(intern!(py, "restart"), arguments);
                let (first, out) = (first.map_err(catch)?, &mut step.observation);
                self.spaces.read(&first, out, || place.clone())?;
                for (lane, _) in lanes().filter(|(_, ended)| !**ended) {
                    step.observation[lane] = step.successor[lane];
                }
            }
        }
        Ok(())
    }
}

fn assigned_stream(next: &mut Option<(GymnasiumTask, Rng)>) -> Option<Rng> {
    next.take().map(|(_, rng)| rng)
}

/// Makes the environment and looks at what was made.
fn make<O: GymnasiumSpace, A: GymnasiumSpace>(
    py: Python<'_>,
    recipe: &Recipe,
    task: &GymnasiumTask,
    vectorization: Vectorization,
    n_lanes: usize,
) -> Result<Made<O, A>, GymnasiumError> {
    let place = Place::of(recipe.name());
    let environment = recipe.make_vec(py, task, vectorization, n_lanes)?;
    let spaces = Spaces::of_lanes(&environment, &place)?;
    let (mode, masked) = bridge(py)?
        .call_method1("autoreset", (&environment,))
        .and_then(|autoreset| autoreset.extract::<(String, bool)>())
        .map_err(|error| caught(py, &error, &place))?;
    // All lanes of one are reset by resetting it.
    let autoreset = match mode.as_str() {
        "SAME_STEP" => Autoreset::SameStep,
        _ if masked || n_lanes == 1 => Autoreset::Masked,
        _ => {
            close(&environment);
            let environment = place.environment;
            return Err(GymnasiumError::Autoreset { environment, mode });
        }
    };
    Ok((environment.unbind(), spaces, autoreset))
}

/// False when these are not as many truth values.
fn read_flags(python: &Bound<'_, PyAny>, out: &mut [bool]) -> PyResult<bool> {
    let Ok(array) = python.cast::<PyArray1<bool>>() else {
        let numpy = python.py().import("numpy")?;
        let array = numpy.call_method1("ascontiguousarray", (python, "bool"))?;
        return match array.cast::<PyArray1<bool>>() {
            Ok(_) => read_flags(&array, out),
            Err(_) => Ok(false),
        };
    };
    let Ok(flags) = array.try_readonly() else {
        return Ok(false);
    };
    match flags.as_slice() {
        Ok(flags) if flags.len() == out.len() => out.copy_from_slice(flags),
        _ => return Ok(false),
    }
    Ok(true)
}

impl<O: GymnasiumSpace, A: GymnasiumSpace> Environment for GymnasiumVector<O, A> {
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
        self.next.len()
    }

    /// The task is not looked at before the next reset, when all lanes must have the same.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] when there is no such lane.
    fn assign(&mut self, lane: usize, task: &GymnasiumTask, rng: Rng) -> Result<(), Error> {
        *lane_mut(&mut self.next, lane)? = Some((task.clone(), rng));
        Ok(())
    }

    /// # Errors
    ///
    /// [`Error::LaneMismatch`], and [`Error::Environment`] with the words of a [`GymnasiumError`].
    fn reset(&mut self, observation: &mut [Element<O>]) -> Result<(), Error> {
        let n_lanes = self.next.len();
        check_range("the number of lanes", "at least 1", n_lanes, n_lanes > 0)?;
        check_lanes("observation", observation.len(), n_lanes)?;
        self.at_play = false;
        attach(|py| {
            self.take_task(py)?;
            let place = || Place::of(self.name);
            let seeds: Vec<u32> = self.rng.iter_mut().map(|rng| rng.next_u32() >> 1).collect();
            let first = bridge(py)?
                .call_method1("reset", (&self.environment, seeds))
                .map_err(|error| caught(py, &error, &place()))?;
            self.spaces.read(&first, observation, place)
        })?;
        self.n_steps.fill(0);
        self.n_calls = 0;
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
        let n_steps = self.n_steps.iter().copied();
        check_actions(self.name, &self.spaces.action, action, n_steps)?;
        self.at_play = false;
        attach(|py| self.advance(py, action, step))?;
        self.at_play = true;
        self.n_calls = self.n_calls.saturating_add(1);
        let ends = step.terminated.iter().zip(&step.truncated);
        for (n_steps, (terminated, truncated)) in self.n_steps.iter_mut().zip(ends) {
            let goes_on = !(terminated | truncated);
            *n_steps = if goes_on {
                n_steps.saturating_add(1)
            } else {
                0
            };
        }
        Ok(())
    }
}

impl<O: GymnasiumSpace, A: GymnasiumSpace> Drop for GymnasiumVector<O, A> {
    fn drop(&mut self) {
        // `None` when the interpreter is gone, and the environment with it.
        let _ = Python::try_attach(|py| close(self.environment.bind(py)));
    }
}

impl<O: GymnasiumSpace, A: GymnasiumSpace> Debug for GymnasiumVector<O, A> {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GymnasiumVector")
            .field("recipe", &self.recipe)
            .field("vectorization", &self.vectorization)
            .field("n_lanes", &self.next.len())
            .finish_non_exhaustive()
    }
}
