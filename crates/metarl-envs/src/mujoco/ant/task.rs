//! What can differ between two ants, and how it is drawn.

use std::f64::consts::{PI, TAU};

use metarl_core::{Error, Purpose, Rng, Seed, Split, TaskDistribution, check_range};
use rand::RngExt;
use serde::{Deserialize, Serialize};

/// What can differ between two ants; by default nothing does from Gymnasium's.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AntTask {
    /// What is paid for.
    pub objective: AntObjective,
    /// The leg that hangs limp: its two actions do nothing, and it is made small and drawn in.
    pub crippled: Option<Leg>,
}

/// What an ant is paid for; [`Ant`](super::Ant) has the formulas.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AntObjective {
    /// Speed one way, given as an angle from the x axis, rad.
    Direction(f64),
    /// Speed along x, without costs and without an end.
    Progress,
}

impl Default for AntObjective {
    fn default() -> Self {
        Self::Direction(0.0)
    }
}

/// A leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Leg {
    /// Gymnasium's `front_left_leg`.
    FrontLeft,
    /// Gymnasium's `front_right_leg`.
    FrontRight,
    /// Gymnasium's `back_leg`.
    BackLeft,
    /// Gymnasium's `right_back_leg`.
    BackRight,
}

impl AntTask {
    /// Checks every parameter.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] naming the first that is outside its range.
    pub fn check(&self) -> Result<(), Error> {
        match self.objective {
            AntObjective::Direction(angle) => {
                check_range("direction", "finite", angle, angle.is_finite())
            }
            AntObjective::Progress => Ok(()),
        }
    }
}

/// Distributions over ants.
///
/// | name | a task is | drawn as | source |
/// |---|---|---|---|
/// | `ant/default@1` | nothing | | Gymnasium |
/// | `ant/forward-backward@1` | a direction | 0 or π | Finn et al. 2017 |
/// | `ant/direction@1` | a direction | `U[0, 2π]` | the code of Rakelly et al. 2019 |
/// | `ant/crippled-leg@1` | a leg | one of three; the test split is the fourth, back right | Nagabandi et al. 2018 |
///
/// Ants with a crippled leg are paid for [`Progress`](AntObjective::Progress).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ants {
    /// Gymnasium's ant, always.
    #[default]
    Default,
    /// Along x or against it.
    ForwardBackward,
    /// Any way.
    Direction,
    /// A leg hangs limp.
    CrippledLeg,
}

fn towards(angle: f64) -> AntTask {
    AntTask {
        objective: AntObjective::Direction(angle),
        crippled: None,
    }
}

fn without(leg: Leg) -> AntTask {
    AntTask {
        objective: AntObjective::Progress,
        crippled: Some(leg),
    }
}

impl TaskDistribution for Ants {
    type Task = AntTask;

    fn name(&self) -> String {
        let family = match self {
            Self::Default => "default",
            Self::ForwardBackward => "forward-backward",
            Self::Direction => "direction",
            Self::CrippledLeg => "crippled-leg",
        };
        format!("ant/{family}@1")
    }

    fn sample(&self, rng: &mut Rng) -> AntTask {
        match self {
            Self::Default => AntTask::default(),
            Self::ForwardBackward => towards(if rng.random_bool(0.5) { 0.0 } else { PI }),
            Self::Direction => towards(rng.random_range(0.0..TAU)),
            Self::CrippledLeg => {
                let trained = [Leg::FrontLeft, Leg::FrontRight, Leg::BackLeft];
                without(trained[rng.random_range(0..3)])
            }
        }
    }

    fn frozen(&self, split: Split, index: u64) -> AntTask {
        let purpose = match (self, split) {
            (Self::CrippledLeg, Split::Test) => return without(Leg::BackRight),
            (_, Split::Test) => Purpose::TestSplit,
            (_, Split::Train) => Purpose::TrainSplit,
        };
        self.sample(&mut Seed::new(0).stream(purpose, index, 0, 0))
    }
}
