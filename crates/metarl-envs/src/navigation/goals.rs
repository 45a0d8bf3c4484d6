//! Where the goal is.

use std::f32::consts::PI;

use metarl_core::{Error, Rng, TaskDistribution, check_range};
use rand::RngExt;
use serde::{Deserialize, Serialize};

use super::ActionScale;

/// A goal in the plane. The robot, which starts at the origin, is not shown it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NavigationTask {
    /// Coordinates of the goal.
    pub goal: [f32; 2],
}

impl NavigationTask {
    /// Checks that the goal is somewhere.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] when a coordinate is NaN or infinite.
    pub fn check(&self) -> Result<(), Error> {
        check_range(
            "goal",
            "finite",
            format_args!("{:?}", self.goal),
            self.goal.iter().all(|x| x.is_finite()),
        )
    }

    /// The best action of one who knows the goal: as far towards it along each axis as a step goes.
    ///
    /// It is optimal for every reward that falls with the distance, because after each step no
    /// other choice could be nearer to the goal along either axis.
    #[must_use]
    pub fn best_action(&self, position: [f32; 2], scale: ActionScale) -> [f32; 2] {
        scale.action([0, 1].map(|i| self.goal[i] - position[i]))
    }
}

/// Goals uniform in the square `[−½, ½]²` around the start.
///
/// # References
///
/// Finn et al. 2017, [arXiv:1703.03400](https://arxiv.org/abs/1703.03400), section 5.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SquareGoals;

impl TaskDistribution for SquareGoals {
    type Task = NavigationTask;

    fn name(&self) -> String {
        "navigation/square@1".to_owned()
    }

    fn sample(&self, rng: &mut Rng) -> NavigationTask {
        NavigationTask {
            goal: [0, 1].map(|_| rng.random_range(-0.5..0.5)),
        }
    }
}

/// Goals uniform on the upper half of the unit circle around the start.
///
/// # References
///
/// Rakelly et al. 2019, [arXiv:1903.08254](https://arxiv.org/abs/1903.08254), section 6.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct HalfCircleGoals;

impl HalfCircleGoals {
    /// `n` goals at equal angles from 0 to π, both included; the published code has a hundred.
    #[must_use]
    pub fn spaced(n: usize) -> Vec<NavigationTask> {
        let gap = PI / n.saturating_sub(1).max(1) as f32;
        (0..n).map(|i| at(gap * i as f32)).collect()
    }
}

impl TaskDistribution for HalfCircleGoals {
    type Task = NavigationTask;

    fn name(&self) -> String {
        "navigation/half-circle@1".to_owned()
    }

    fn sample(&self, rng: &mut Rng) -> NavigationTask {
        at(rng.random_range(0.0..PI))
    }
}

fn at(angle: f32) -> NavigationTask {
    NavigationTask {
        goal: [angle.cos(), angle.sin()],
    }
}
