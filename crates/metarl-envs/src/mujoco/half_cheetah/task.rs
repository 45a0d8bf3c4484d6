//! What can differ between two cheetahs, and how it is drawn.

use metarl_core::{Error, Purpose, Rng, Seed, Split, TaskDistribution, check_range};
use rand::RngExt;
use serde::{Deserialize, Serialize};

use super::{Ground, Pier, Slopes};

/// What can differ between two cheetahs; by default nothing does from Gymnasium's.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HalfCheetahTask {
    /// What is paid for.
    pub goal: HalfCheetahGoal,
    /// The joint that does not obey, 0 to 5 in the order of the actions.
    pub disabled_joint: Option<u8>,
    /// What it runs on.
    pub ground: Ground,
}

/// What a cheetah is paid for; [`HalfCheetah`](super::HalfCheetah) has the formulas.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HalfCheetahGoal {
    /// Speed, as in Gymnasium.
    #[default]
    Run,
    /// Speed one way.
    Direction(Heading),
    /// A velocity, m/s.
    Velocity(f64),
}

/// One way or the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Heading {
    /// Along x.
    Forward,
    /// Against x.
    Backward,
}

impl Heading {
    pub(super) fn sign(self) -> f64 {
        match self {
            Self::Forward => 1.0,
            Self::Backward => -1.0,
        }
    }
}

impl HalfCheetahTask {
    /// A cheetah with everything but the goal as in Gymnasium.
    #[must_use]
    pub fn with_goal(goal: HalfCheetahGoal) -> Self {
        Self {
            goal,
            ..Self::default()
        }
    }

    /// Checks every parameter.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] naming the first that is outside its range.
    pub fn check(&self) -> Result<(), Error> {
        if let HalfCheetahGoal::Velocity(goal) = self.goal {
            check_range("velocity", "finite", goal, goal.is_finite())?;
        }
        if let Some(joint) = self.disabled_joint {
            check_range("disabled_joint", "in [0, 5]", joint, joint < 6)?;
        }
        self.ground.check()
    }
}

/// Distributions over cheetahs.
///
/// | name | a task is | drawn as | source |
/// |---|---|---|---|
/// | `half-cheetah/default@1` | nothing | | Gymnasium |
/// | `half-cheetah/direction@1` | a direction | either | Finn et al. 2017 |
/// | `half-cheetah/velocity@1` | a velocity | `U[0, 2]` m/s | Finn et al. 2017 |
/// | `half-cheetah/velocity-3@1` | a velocity | `U[0, 3]` m/s | the code of Rakelly et al. 2019 |
/// | `half-cheetah/disabled-joint@1` | a joint | one of 1 to 5; the test split is joint 0 | Nagabandi et al. 2018 |
/// | `half-cheetah/slopes@1` | [`Slopes`] | [`Slopes::sample`]; the test split is hill, basin, gentle and steep in turn | the same |
/// | `half-cheetah/pier@1` | [`Pier`] | eight dampings `U[0, 10]` | the same |
///
/// The last three are paid for running forward, `Direction(Forward)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HalfCheetahs {
    /// Gymnasium's cheetah, always.
    #[default]
    Default,
    /// Forward or backward.
    Direction,
    /// Up to 2 m/s.
    Velocity,
    /// Up to 3 m/s.
    #[serde(rename = "velocity-3")]
    Velocity3,
    /// A joint does not obey.
    DisabledJoint,
    /// Uphill and downhill.
    Slopes,
    /// Blocks that float.
    Pier,
}

/// Running forward, as the tasks of Nagabandi et al. ask for.
fn forward() -> HalfCheetahTask {
    HalfCheetahTask::with_goal(HalfCheetahGoal::Direction(Heading::Forward))
}

fn disabled(joint: u8) -> HalfCheetahTask {
    HalfCheetahTask {
        disabled_joint: Some(joint),
        ..forward()
    }
}

fn on(ground: Ground) -> HalfCheetahTask {
    HalfCheetahTask {
        ground,
        ..forward()
    }
}

impl TaskDistribution for HalfCheetahs {
    type Task = HalfCheetahTask;

    fn name(&self) -> String {
        let family = match self {
            Self::Default => "default",
            Self::Direction => "direction",
            Self::Velocity => "velocity",
            Self::Velocity3 => "velocity-3",
            Self::DisabledJoint => "disabled-joint",
            Self::Slopes => "slopes",
            Self::Pier => "pier",
        };
        format!("half-cheetah/{family}@1")
    }

    fn sample(&self, rng: &mut Rng) -> HalfCheetahTask {
        let velocity = |rng: &mut Rng, most: f64| {
            HalfCheetahTask::with_goal(HalfCheetahGoal::Velocity(rng.random_range(0.0..most)))
        };
        match self {
            Self::Default => HalfCheetahTask::default(),
            Self::Direction => {
                let forward = rng.random_bool(0.5);
                let heading = if forward {
                    Heading::Forward
                } else {
                    Heading::Backward
                };
                HalfCheetahTask::with_goal(HalfCheetahGoal::Direction(heading))
            }
            Self::Velocity => velocity(rng, 2.0),
            Self::Velocity3 => velocity(rng, 3.0),
            Self::DisabledJoint => disabled(rng.random_range(1..6)),
            Self::Slopes => on(Ground::Slopes(Slopes::sample(rng))),
            Self::Pier => on(Ground::Pier(Pier {
                damping: [(); 8].map(|()| rng.random_range(0.0..10.0)),
            })),
        }
    }

    fn frozen(&self, split: Split, index: u64) -> HalfCheetahTask {
        match (self, split) {
            (Self::DisabledJoint, Split::Test) => disabled(0),
            (Self::Slopes, Split::Test) => {
                let slopes = [Slopes::HILL, Slopes::BASIN, Slopes::GENTLE, Slopes::STEEP];
                on(Ground::Slopes(slopes[(index % 4) as usize]))
            }
            (_, Split::Test) => self.sample(&mut stream(Purpose::TestSplit, index)),
            (_, Split::Train) => self.sample(&mut stream(Purpose::TrainSplit, index)),
        }
    }
}

/// The stream of a frozen task, as every distribution has it.
fn stream(purpose: Purpose, index: u64) -> Rng {
    Seed::new(0).stream(purpose, index, 0, 0)
}
