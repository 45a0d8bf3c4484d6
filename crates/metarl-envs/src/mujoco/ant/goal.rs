//! An ant that is to go to a place it is not shown.

use std::f64::consts::TAU;
use std::sync::Arc;

use metarl_core::{Error, Lanes, Rng, TaskDistribution, check_range};
use rand::RngExt;
use serde::{Deserialize, Serialize};

use super::robot::{BODY, clipped, contact_cost, torso, whole};
use crate::mujoco::locomotion::{joined, sum_of_squares};
use crate::mujoco::{Body, Judgment, Locomotion, Model, MujocoError, Robot, Simulation};

/// A batch of ants, each with a goal in the plane that it is not shown.
///
/// Per step of 0.05 s, `p` the place of the torso, `g` the goal, `u` the control and `f` the contact
/// forces clipped to `[−1, 1]`:
///
/// ```text
/// r = −|p₁ − g₁| − |p₂ − g₂| − 0.1 ‖u‖² − 0.0005 ‖f‖²
/// ```
///
/// | | |
/// |---|---|
/// | observation | 15 positions, 14 velocities, 13 × 6 contact forces clipped to `[−1, 1]` |
/// | action, start | those of [`Ant`](super::Ant) |
/// | terminated | never |
/// | truncated | after 1000 steps |
///
/// Unlike [`Ant`](super::Ant) it sees where it is, as Gymnasium's `Ant-v5` does with
/// `exclude_current_positions_from_observation=False`.
///
/// # References
///
/// Rakelly et al. 2019, [arXiv:1903.08254](https://arxiv.org/abs/1903.08254), with the reward of its
/// code (`katerakelly/oyster`), which has it from `jonasrothfuss/ProMP`.
pub type AntGoal = Lanes<Locomotion<AntGoalRobot, 107, 8>>;

/// The robot of [`AntGoal`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AntGoalRobot {
    goal: [f64; 2],
}

/// Where an ant is to go.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AntGoalTask {
    /// Coordinates of the goal, m; the ant starts near the origin.
    pub goal: [f64; 2],
}

/// Goals uniform in the disk of radius 3 m around the start, `ant/goal@1`.
///
/// # References
///
/// The code of Rakelly et al. 2019 and of `jonasrothfuss/ProMP`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AntGoals;

impl TaskDistribution for AntGoals {
    type Task = AntGoalTask;

    fn name(&self) -> String {
        "ant/goal@1".to_owned()
    }

    fn sample(&self, rng: &mut Rng) -> AntGoalTask {
        let angle = rng.random_range(0.0..TAU);
        let radius = 3.0 * rng.random::<f64>().sqrt();
        AntGoalTask {
            goal: [radius * angle.cos(), radius * angle.sin()],
        }
    }
}

impl Robot<107, 8> for AntGoalRobot {
    type Task = AntGoalTask;

    const NAME: &'static str = "ant-goal";
    const BODY: Body = BODY;

    fn of(task: &AntGoalTask) -> Result<Self, Error> {
        let goal = task.goal;
        let holds = goal.iter().all(|x| x.is_finite());
        check_range("goal", "finite", format_args!("{goal:?}"), holds)?;
        Ok(Self { goal })
    }

    fn model(&self) -> Result<Arc<Model>, MujocoError> {
        whole()
    }

    fn place(&self, simulation: &Simulation) -> [f64; 2] {
        torso(simulation)
    }

    fn observe(&self, simulation: &Simulation) -> [f64; 107] {
        let positions = simulation.positions().iter().copied();
        let moving = positions.chain(simulation.velocities().iter().copied());
        joined(moving.chain(clipped(simulation).skip(6)))
    }

    fn judge(&self, simulation: &Simulation, _: [f64; 2], control: &[f64; 8]) -> Judgment {
        let at = torso(simulation);
        let distance: f64 = at
            .iter()
            .zip(&self.goal)
            .map(|(x, goal)| (x - goal).abs())
            .sum();
        let cost = 0.1 * sum_of_squares(control) + contact_cost(simulation);
        Judgment {
            reward: -distance - cost,
            terminated: false,
        }
    }

    fn goal(&self) -> Option<[f64; 2]> {
        Some(self.goal)
    }
}
