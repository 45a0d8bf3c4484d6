//! Meta-World: a robot arm, fifty things to do with it, and benchmarks of tasks made of them.

use metarl_core::{Continuous, Rng, Split, TaskDistribution};
use rand::RngExt;
use serde::{Deserialize, Serialize};

use super::{Gymnasium, GymnasiumError, GymnasiumTask, Recipe};

/// A Meta-World benchmark, with its tasks as the package numbers them.
///
/// | | |
/// |---|---|
/// | observation | hand, gripper and two objects, now and a step before; where the goal would be are zeros: 39 numbers |
/// | action | the hand's displacement and the gripper's effort, `[−1, 1]⁴` |
/// | reward | how far the thing is done, from 0 to 10 |
/// | termination | never |
/// | truncation | after 500 steps |
///
/// Needs `pip install metaworld packaging`.
///
/// # Examples
///
/// ```no_run
/// use metarl_core::{Environment, Purpose, Seed, Split, TaskDistribution};
/// use metarl_envs::gymnasium::MetaWorld;
///
/// let reach = MetaWorld::Ml1("reach-v3".to_owned());
/// let mut arms = reach.lanes(2)?;
/// for lane in 0..2 {
///     let task = reach.frozen(Split::Test, lane as u64);
///     arms.assign(lane, &task, Seed::new(1).stream(Purpose::Environment, 0, lane as u64, 0))?;
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
///
/// Yu et al., *Meta-World: A Benchmark and Evaluation for Multi-Task and Meta Reinforcement
/// Learning*, 2019, [arXiv:1910.10897](https://arxiv.org/abs/1910.10897).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MetaWorld {
    /// One thing to do, such as `reach-v3`, with 50 goals to learn from and 50 others to be judged on.
    Ml1(String),
    /// Ten things to do and five others, 50 goals each.
    Ml10,
    /// Forty-five things to do and five others, 50 goals each.
    Ml45,
}

/// Lanes of a [`MetaWorld`] benchmark.
pub type MetaWorldLanes = Gymnasium<Continuous<39>, Continuous<4>>;

/// Goals of one thing to do.
const GOALS: u64 = 50;

impl MetaWorld {
    /// `n_lanes` lanes that wait for their tasks.
    ///
    /// # Errors
    ///
    /// [`GymnasiumError`] when the package is not installed or knows no such thing to do.
    pub fn lanes(&self, n_lanes: usize) -> Result<MetaWorldLanes, GymnasiumError> {
        let recipe =
            Recipe::new("metarl_bridge:metarl/MetaWorld-v0").with("benchmark", self.class());
        let recipe = match self {
            Self::Ml1(environment) => recipe.with("environment", environment.as_str()),
            Self::Ml10 | Self::Ml45 => recipe,
        };
        Gymnasium::new(&recipe.with("split", "train"), n_lanes)
    }

    /// Its name in Python.
    fn class(&self) -> &'static str {
        match self {
            Self::Ml1(_) => "ML1",
            Self::Ml10 => "ML10",
            Self::Ml45 => "ML45",
        }
    }

    /// Tasks of a split.
    #[must_use]
    pub fn n_tasks(&self, split: Split) -> u64 {
        GOALS
            * match (self, split) {
                (Self::Ml1(_), _) => 1,
                (Self::Ml10, Split::Train) => 10,
                (Self::Ml45, Split::Train) => 45,
                (Self::Ml10 | Self::Ml45, Split::Test) => 5,
            }
    }

    fn task(&self, split: Split, index: u64) -> GymnasiumTask {
        let split = match split {
            Split::Train => "train",
            Split::Test => "test",
        };
        GymnasiumTask::default().with("split", split).set(index)
    }
}

impl TaskDistribution for MetaWorld {
    type Task = GymnasiumTask;

    /// The number is that of Meta-World's environments.
    fn name(&self) -> String {
        match self {
            Self::Ml1(environment) => format!("meta-world/ml1-{environment}@3"),
            Self::Ml10 => "meta-world/ml10@3".to_owned(),
            Self::Ml45 => "meta-world/ml45@3".to_owned(),
        }
    }

    /// Any training task, each as likely as another.
    fn sample(&self, rng: &mut Rng) -> GymnasiumTask {
        self.task(
            Split::Train,
            rng.random_range(0..self.n_tasks(Split::Train)),
        )
    }

    /// In the package's order, goals of one thing after those of another, and then again.
    fn frozen(&self, split: Split, index: u64) -> GymnasiumTask {
        self.task(split, index % self.n_tasks(split))
    }
}
