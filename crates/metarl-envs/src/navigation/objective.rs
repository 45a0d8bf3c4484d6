//! What a point robot is paid for, and how long it may try.

use std::fmt::Debug;

use serde::{Deserialize, Serialize};

/// Rewards and endings of a [`PointRobot`](super::PointRobot), from where it is after a step.
pub trait PointObjective: Debug + Default + Send {
    /// Steps after which an episode is cut.
    const MAX_STEPS: u32;

    /// The reward, and whether the episode terminates, at this offset from the goal.
    fn judge(&self, offset: [f32; 2]) -> (f32, bool);
}

/// Minus the distance to the goal, until it is reached.
///
/// ```text
/// r = −‖p − g‖        terminated where |pₓ − gₓ| < 0.01 and |p_y − g_y| < 0.01
/// ```
///
/// Episodes are cut after 100 steps; time is not observed, so the process itself knows no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ReachGoal;

impl PointObjective for ReachGoal {
    const MAX_STEPS: u32 = 100;

    fn judge(&self, [x, y]: [f32; 2]) -> (f32, bool) {
        (-x.hypot(y), x.abs() < 0.01 && y.abs() < 0.01)
    }
}

/// The reward of the sparse point robot, which trains on one and is judged by another.
///
/// ```text
/// sparse    r = 1 − ‖p − g‖ where ‖p − g‖ ≤ 0.2, else 0
/// dense     r = −‖p − g‖
/// ```
///
/// Nothing terminates; episodes are cut after 20 steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PointReward {
    /// Only near the goal: what the agent is judged by, and all it sees when it adapts.
    #[default]
    Sparse,
    /// Everywhere: for the losses of meta-training.
    Dense,
}

impl PointObjective for PointReward {
    const MAX_STEPS: u32 = 20;

    fn judge(&self, [x, y]: [f32; 2]) -> (f32, bool) {
        let distance = x.hypot(y);
        let reward = match self {
            Self::Dense => -distance,
            Self::Sparse if distance <= 0.2 => 1.0 - distance,
            Self::Sparse => 0.0,
        };
        (reward, false)
    }
}
