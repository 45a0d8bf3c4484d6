//! How an environment is made.

use pyo3::prelude::*;
use serde_json::Value;

use super::python::{bridge, caught};
use super::{GymnasiumError, GymnasiumTask, Keywords, Place, Vectorization};

/// The name of an environment, what it is made with, and what is put around it.
///
/// # Examples
///
/// ```
/// use metarl_envs::gymnasium::{Keywords, Recipe};
///
/// // The module before the colon is imported first, so that it can register its environments.
/// let breakout = Recipe::new("ale_py:ALE/Breakout-v5")
///     .with("frameskip", 1)
///     .wrap("AtariPreprocessing", Keywords::new());
/// assert_eq!(breakout.name(), "ale_py:ALE/Breakout-v5");
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Recipe {
    name: String,
    keywords: Keywords,
    wrappers: Vec<Value>,
}

impl Recipe {
    /// What `gymnasium.make(name)` makes.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            keywords: Keywords::new(),
            wrappers: Vec::new(),
        }
    }

    /// With one more keyword argument, for all tasks.
    #[must_use]
    pub fn with(mut self, keyword: &str, value: impl Into<Value>) -> Self {
        self.keywords.insert(keyword.to_owned(), value.into());
        self
    }

    /// With one more wrapper of `gymnasium.wrappers` around what is there.
    #[must_use]
    pub fn wrap(mut self, wrapper: &str, keywords: Keywords) -> Self {
        let wrapper = Value::from(wrapper);
        self.wrappers
            .push(Value::from(vec![wrapper, Value::from(keywords)]));
        self
    }

    /// What it is called in messages.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The arguments of both `make` and `make_vec`, as JSON.
    fn arguments(&self, task: &GymnasiumTask) -> (String, String) {
        let mut keywords = self.keywords.clone();
        keywords.extend(task.make.clone());
        let wrappers = Value::from(self.wrappers.clone());
        (Value::from(keywords).to_string(), wrappers.to_string())
    }

    /// One environment.
    pub(super) fn make<'py>(
        &self,
        py: Python<'py>,
        task: &GymnasiumTask,
        place: &Place,
    ) -> Result<Bound<'py, PyAny>, GymnasiumError> {
        let (keywords, wrappers) = self.arguments(task);
        bridge(py)?
            .call_method1("make", (&self.name, keywords, wrappers))
            .map_err(|error| caught(py, &error, place))
    }

    /// One environment of several lanes.
    pub(super) fn make_vec<'py>(
        &self,
        py: Python<'py>,
        task: &GymnasiumTask,
        vectorization: Vectorization,
        n_lanes: usize,
    ) -> Result<Bound<'py, PyAny>, GymnasiumError> {
        let (keywords, wrappers) = self.arguments(task);
        let mode = vectorization.name();
        bridge(py)?
            .call_method1("make_vec", (&self.name, n_lanes, mode, keywords, wrappers))
            .map_err(|error| caught(py, &error, &Place::of(&self.name)))
    }
}
