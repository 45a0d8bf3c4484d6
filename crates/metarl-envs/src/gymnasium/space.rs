//! Spaces: which of Gymnasium's fit which of ours, and how elements cross over.

use metarl_core::{Continuous, Discrete, Space};
use numpy::PyArray1;
use pyo3::prelude::*;

use super::array::{read_numbers, write_numbers};
use super::python::{bridge, caught, one_line};
use super::{GymnasiumError, Place};

/// A space of ours that Gymnasium's can be read as: [`Continuous`] and [`Discrete`].
pub trait GymnasiumSpace: Space {
    /// Reads a Python space that observations come from; otherwise says why it does not fit.
    #[doc(hidden)]
    fn of_observations(python: &PythonSpace) -> Result<Self, String>;

    /// Reads a Python space that actions come from.
    #[doc(hidden)]
    fn of_actions(python: &PythonSpace) -> Result<Self, String>;

    /// Reads elements out of one Python object, all or those that are wanted; false when it holds
    /// others, or not as many.
    #[doc(hidden)]
    fn read(
        python: &PythonSpace,
        value: &Bound<'_, PyAny>,
        out: &mut [Self::Element],
        wanted: Option<&[bool]>,
    ) -> PyResult<bool>;

    /// Makes the Python object of one element.
    #[doc(hidden)]
    fn write<'py>(
        python: &PythonSpace,
        py: Python<'py>,
        element: &Self::Element,
    ) -> PyResult<Bound<'py, PyAny>>;

    /// Makes one Python object of an element a lane.
    #[doc(hidden)]
    fn write_lanes<'py>(
        python: &PythonSpace,
        py: Python<'py>,
        elements: &[Self::Element],
    ) -> PyResult<Bound<'py, PyAny>>;
}

/// What there is to know about a Python space.
#[doc(hidden)]
#[derive(Debug, Clone, PartialEq)]
pub struct PythonSpace {
    kind: String,
    shape: Vec<usize>,
    dtype: String,
    /// Smallest and largest.
    low: (f64, f64),
    high: (f64, f64),
    start: i64,
    /// Coordinates of a vector, or indices.
    n: usize,
}

impl PythonSpace {
    fn of(space: &Bound<'_, PyAny>, place: &Place) -> Result<Self, GymnasiumError> {
        let py = space.py();
        let described = bridge(py)?.call_method1("describe", (space,));
        let (kind, shape, dtype, low, high, start, n) = described
            .and_then(|described| described.extract())
            .map_err(|error| caught(py, &error, place))?;
        Ok(Self {
            kind,
            shape,
            dtype,
            low,
            high,
            start,
            n,
        })
    }

    fn is_vector(&self) -> bool {
        ["box", "bits", "indices"].contains(&self.kind.as_str())
    }
}

/// The spaces of an environment, in both languages.
#[derive(Debug)]
pub(super) struct Spaces<O, A> {
    pub(super) observation: O,
    pub(super) action: A,
    pub(super) seen: PythonSpace,
    pub(super) done: PythonSpace,
}

impl<O: GymnasiumSpace, A: GymnasiumSpace> Spaces<O, A> {
    /// Of an environment.
    pub(super) fn of_one(
        environment: &Bound<'_, PyAny>,
        place: &Place,
    ) -> Result<Self, GymnasiumError> {
        Self::of(environment, ["observation_space", "action_space"], place)
    }

    /// Of the lanes of a vector environment.
    pub(super) fn of_lanes(
        environment: &Bound<'_, PyAny>,
        place: &Place,
    ) -> Result<Self, GymnasiumError> {
        let names = ["single_observation_space", "single_action_space"];
        Self::of(environment, names, place)
    }

    /// Whether another environment of the same type has the same.
    pub(super) fn are_those_of(&self, other: &Self) -> bool {
        self.seen == other.seen && self.done == other.done
    }

    /// Reads observations, or says what came instead.
    pub(super) fn read(
        &self,
        python: &Bound<'_, PyAny>,
        out: &mut [O::Element],
        place: impl Fn() -> Place,
    ) -> Result<(), GymnasiumError> {
        self.read_wanted(python, out, None, place)
    }

    /// Reads the observations of some lanes out of those of all.
    pub(super) fn read_wanted(
        &self,
        python: &Bound<'_, PyAny>,
        out: &mut [O::Element],
        wanted: Option<&[bool]>,
        place: impl Fn() -> Place,
    ) -> Result<(), GymnasiumError> {
        let read = O::read(&self.seen, python, out, wanted);
        if read.map_err(|error| caught(python.py(), &error, &place()))? {
            return Ok(());
        }
        let (n, space) = (out.len(), self.observation.describe());
        Err(returned(python, format!("{n} × {space}"), place()))
    }

    fn of(
        environment: &Bound<'_, PyAny>,
        [observation, action]: [&str; 2],
        place: &Place,
    ) -> Result<Self, GymnasiumError> {
        let attribute = |name: &str| {
            let space = environment.getattr(name);
            space.map_err(|error| caught(environment.py(), &error, place))
        };
        let refuse = |role, space: &Bound<'_, PyAny>, reason| GymnasiumError::Space {
            environment: place.to_string(),
            role,
            found: one_line(&space.to_string()),
            reason,
        };
        let (seen_in, done_in) = (attribute(observation)?, attribute(action)?);
        let seen = PythonSpace::of(&seen_in, place)?;
        let done = PythonSpace::of(&done_in, place)?;
        let observation = O::of_observations(&seen);
        let action = A::of_actions(&done);
        Ok(Self {
            observation: observation.map_err(|reason| refuse("observation", &seen_in, reason))?,
            action: action.map_err(|reason| refuse("action", &done_in, reason))?,
            seen,
            done,
        })
    }
}

pub(super) fn returned(found: &Bound<'_, PyAny>, expected: String, place: Place) -> GymnasiumError {
    GymnasiumError::Returned {
        place,
        found: one_line(&found.to_string()),
        expected,
    }
}

impl<const N: usize> GymnasiumSpace for Continuous<N> {
    /// The smallest box with the same bounds in every coordinate.
    fn of_observations(python: &PythonSpace) -> Result<Self, String> {
        if !python.is_vector() {
            return Err(format!(
                "not one Continuous<{N}> can show; Recipe::wrap(\"FlattenObservation\", …) makes a vector of most spaces"
            ));
        }
        fits_width::<N>(python)?;
        // Rounding keeps the order, so what lies within the bounds still does when all are rounded.
        Ok(Self {
            low: bound(python.low.0),
            high: bound(python.high.1),
        })
    }

    fn of_actions(python: &PythonSpace) -> Result<Self, String> {
        if python.kind != "box" {
            return Err(format!("not a Box, as Continuous<{N}> needs"));
        }
        fits_width::<N>(python)?;
        if python.low.0 < python.low.1 || python.high.0 < python.high.1 {
            return Err(
                "whose bounds differ from coordinate to coordinate; Recipe::wrap(\"RescaleAction\", …) with min_action and max_action makes them equal"
                    .to_owned(),
            );
        }
        // Inward, so that no action lies outside in double precision.
        let (low, high) = (bound(python.low.0), bound(python.high.1));
        let low_inside = low.is_infinite() || f64::from(low) >= python.low.0;
        let high_inside = high.is_infinite() || f64::from(high) <= python.high.1;
        Ok(Self {
            low: if low_inside { low } else { low.next_up() },
            high: if high_inside { high } else { high.next_down() },
        })
    }

    fn read(
        _: &PythonSpace,
        value: &Bound<'_, PyAny>,
        out: &mut [[f32; N]],
        wanted: Option<&[bool]>,
    ) -> PyResult<bool> {
        read_numbers(value, out, wanted)
    }

    fn write<'py>(
        python: &PythonSpace,
        py: Python<'py>,
        element: &[f32; N],
    ) -> PyResult<Bound<'py, PyAny>> {
        write_numbers(py, element, &python.dtype, &python.shape)
    }

    fn write_lanes<'py>(
        python: &PythonSpace,
        py: Python<'py>,
        elements: &[[f32; N]],
    ) -> PyResult<Bound<'py, PyAny>> {
        let mut shape = vec![elements.len()];
        shape.extend(&python.shape);
        write_numbers(py, elements.as_flattened(), &python.dtype, &shape)
    }
}

/// The largest number of single precision stands for no bound, as it does in many environments.
fn bound(bound: f64) -> f32 {
    if bound.abs() < f64::from(f32::MAX) {
        bound as f32
    } else {
        f32::INFINITY.copysign(bound as f32)
    }
}

fn fits_width<const N: usize>(python: &PythonSpace) -> Result<(), String> {
    if python.n == N {
        Ok(())
    } else {
        Err(format!("of {} numbers, not Continuous<{N}>", python.n))
    }
}

impl<const N: usize> GymnasiumSpace for Discrete<N> {
    fn of_observations(python: &PythonSpace) -> Result<Self, String> {
        match python.kind.as_str() {
            "index" if python.n == N => Ok(Self),
            "index" => Err(format!("not Discrete<{N}>")),
            _ => Err(format!("not a Discrete, as Discrete<{N}> needs")),
        }
    }

    fn of_actions(python: &PythonSpace) -> Result<Self, String> {
        Self::of_observations(python)
    }

    fn read(
        python: &PythonSpace,
        value: &Bound<'_, PyAny>,
        out: &mut [usize],
        wanted: Option<&[bool]>,
    ) -> PyResult<bool> {
        let numbers = match value.extract::<i64>() {
            Ok(number) => vec![number],
            Err(_) => value.call_method0("tolist")?.extract()?,
        };
        if numbers.len() != out.len() {
            return Ok(false);
        }
        for (i, (out, number)) in out.iter_mut().zip(numbers).enumerate() {
            if wanted.is_some_and(|wanted| !wanted[i]) {
                continue;
            }
            let index = number.checked_sub(python.start).map(usize::try_from);
            match index {
                Some(Ok(index)) if index < N => *out = index,
                _ => return Ok(false),
            }
        }
        Ok(true)
    }

    fn write<'py>(
        python: &PythonSpace,
        py: Python<'py>,
        element: &usize,
    ) -> PyResult<Bound<'py, PyAny>> {
        Ok((python.start + *element as i64)
            .into_pyobject(py)?
            .into_any())
    }

    fn write_lanes<'py>(
        python: &PythonSpace,
        py: Python<'py>,
        elements: &[usize],
    ) -> PyResult<Bound<'py, PyAny>> {
        let numbers = elements.iter().map(|index| python.start + *index as i64);
        Ok(PyArray1::from_slice(py, &numbers.collect::<Vec<i64>>()).into_any())
    }
}
