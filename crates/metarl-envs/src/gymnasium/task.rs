//! Tasks: what an environment is made with, and what it is set to.

use metarl_core::{Rng, Split, TaskDistribution, check_range};
use rand::RngExt;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Keyword arguments of a Python call.
pub type Keywords = serde_json::Map<String, Value>;

/// One Markov decision process among those of a [`Recipe`](super::Recipe).
///
/// # Examples
///
/// ```
/// use metarl_envs::gymnasium::GymnasiumTask;
///
/// let moon = GymnasiumTask::default().with("gravity", -1.6);
/// assert_eq!(serde_json::to_string(&moon)?, r#"{"make":{"gravity":-1.6}}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GymnasiumTask {
    /// Keyword arguments of `gymnasium.make`, beside the recipe's. A lane whose arguments change is
    /// made anew.
    #[serde(skip_serializing_if = "Keywords::is_empty")]
    pub make: Keywords,
    /// What the environment's `set_task` is called with before a reset, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub set_task: Option<Value>,
}

impl GymnasiumTask {
    /// With one more keyword argument.
    #[must_use]
    pub fn with(mut self, keyword: &str, value: impl Into<Value>) -> Self {
        self.make.insert(keyword.to_owned(), value.into());
        self
    }

    /// With this for `set_task`.
    #[must_use]
    pub fn set(mut self, task: impl Into<Value>) -> Self {
        self.set_task = Some(task.into());
        self
    }

    /// Whether an environment that has the other task can be given this one. What was once set
    /// cannot be unset.
    pub(super) fn can_follow(&self, other: &Self) -> bool {
        self.make == other.make && (self.set_task.is_some() || other.set_task.is_none())
    }
}

/// A list of tasks to learn from and a list of others to be judged on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GymnasiumTasks {
    name: String,
    train: Vec<GymnasiumTask>,
    test: Vec<GymnasiumTask>,
}

impl GymnasiumTasks {
    /// Under a name with a version, such as `lunar-lander/gravities@1`.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`](metarl_core::Error::OutOfRange) when one of the lists is empty.
    pub fn new(
        name: impl Into<String>,
        train: Vec<GymnasiumTask>,
        test: Vec<GymnasiumTask>,
    ) -> Result<Self, metarl_core::Error> {
        for tasks in [&train, &test] {
            let n_tasks = tasks.len();
            check_range("the number of tasks", "at least 1", n_tasks, n_tasks > 0)?;
        }
        let name = name.into();
        Ok(Self { name, train, test })
    }
}

impl TaskDistribution for GymnasiumTasks {
    type Task = GymnasiumTask;

    fn name(&self) -> String {
        self.name.clone()
    }

    /// Any task of the training list, each as likely as another.
    fn sample(&self, rng: &mut Rng) -> GymnasiumTask {
        self.train[rng.random_range(0..self.train.len())].clone()
    }

    /// In the order of the list, and then again.
    fn frozen(&self, split: Split, index: u64) -> GymnasiumTask {
        let tasks = match split {
            Split::Train => &self.train,
            Split::Test => &self.test,
        };
        tasks[(index % tasks.len() as u64) as usize].clone()
    }
}
