//! The robot and what it is paid for.

use std::sync::{Arc, OnceLock};

use metarl_core::{Error, Lanes};

use super::{AntObjective, AntTask, crippled};
use crate::mujoco::locomotion::{compiled_once, joined, sum_of_squares};
use crate::mujoco::{Body, Judgment, Locomotion, Model, MujocoError, Noise, Robot, Simulation};

/// A batch of ants.
///
/// Per step of 0.05 s, `v` the velocity of the torso in the plane, `u` the control and `f` the
/// contact forces clipped to `[−1, 1]`:
///
/// ```text
/// Direction θ   r = v · (cos θ, sin θ) + 1 − 0.5 ‖u‖² − 0.0005 ‖f‖²      0 for 1 where the ant fell
/// Progress      r = v · (1, 0) + 0.05
/// ```
///
/// | | |
/// |---|---|
/// | observation | 13 positions without x and y, 14 velocities, 13 × 6 contact forces clipped to `[−1, 1]` |
/// | action | 8 torques in `[−1, 1]`: hip and ankle of the back right, front left, front right, back left leg |
/// | start | positions `U[−0.1, 0.1]`, velocities `N(0, 0.1²)` around standing |
/// | terminated | `Direction`: the torso is not between 0.2 m and 1 m high; `Progress`: never |
/// | truncated | after 1000 steps |
///
/// `Direction` 0 is Gymnasium's `Ant-v5`.
///
/// # References
///
/// Directions: Finn et al. 2017, [arXiv:1703.03400](https://arxiv.org/abs/1703.03400), section 5.3
/// (forward and backward), and Rakelly et al. 2019,
/// [arXiv:1903.08254](https://arxiv.org/abs/1903.08254), whose code (`katerakelly/oyster`) has the
/// reward above. Progress and crippled legs: Nagabandi et al. 2018,
/// [arXiv:1803.11347](https://arxiv.org/abs/1803.11347), section 6, with the numbers of its code
/// (`iclavera/learning_to_adapt`).
pub type Ant = Lanes<Locomotion<AntRobot, 105, 8>>;

/// The robot of [`Ant`].
#[derive(Debug, Clone, PartialEq)]
pub struct AntRobot {
    task: AntTask,
}

impl Robot<105, 8> for AntRobot {
    type Task = AntTask;

    const NAME: &'static str = "ant";
    const BODY: Body = BODY;

    fn of(task: &AntTask) -> Result<Self, Error> {
        task.check()?;
        Ok(Self { task: *task })
    }

    fn model(&self) -> Result<Arc<Model>, MujocoError> {
        match self.task.crippled {
            None => whole(),
            Some(leg) => Ok(Arc::new(crippled::without(leg, whole()?.try_clone()?))),
        }
    }

    fn place(&self, simulation: &Simulation) -> [f64; 2] {
        torso(simulation)
    }

    fn observe(&self, simulation: &Simulation) -> [f64; 105] {
        let positions = simulation.positions()[2..].iter().copied();
        let moving = positions.chain(simulation.velocities().iter().copied());
        // The world's body is left out.
        joined(moving.chain(clipped(simulation).skip(6)))
    }

    fn control(&self, action: &[f64; 8]) -> [f64; 8] {
        match self.task.crippled {
            None => *action,
            Some(leg) => leg.limp(action),
        }
    }

    fn judge(&self, simulation: &Simulation, velocity: [f64; 2], control: &[f64; 8]) -> Judgment {
        let AntObjective::Direction(angle) = self.task.objective else {
            return Judgment {
                reward: velocity[0] + 0.05,
                terminated: false,
            };
        };
        let healthy = (0.2..=1.0).contains(&simulation.positions()[2]);
        let forward = velocity[0] * angle.cos() + velocity[1] * angle.sin();
        let survival = if healthy { 1.0 } else { 0.0 };
        let cost = 0.5 * sum_of_squares(control) + contact_cost(simulation);
        Judgment {
            reward: forward + survival - cost,
            terminated: !healthy,
        }
    }
}

pub(super) const BODY: Body = Body {
    n_positions: 15,
    n_velocities: 14,
    frame_skip: 5,
    max_action: 1.0,
    noise: Noise::Normal(0.1),
    contact_forces: true,
};

/// The model with all legs.
pub(super) fn whole() -> Result<Arc<Model>, MujocoError> {
    static WHOLE: OnceLock<Arc<Model>> = OnceLock::new();
    compiled_once(&WHOLE, include_str!("../assets/ant.xml"))
}

/// Where the torso is, which is the first body after the world's.
pub(super) fn torso(simulation: &Simulation) -> [f64; 2] {
    let at = simulation.body_positions();
    [at[3], at[4]]
}

pub(super) fn clipped(simulation: &Simulation) -> impl Iterator<Item = f64> + '_ {
    simulation
        .contact_forces()
        .iter()
        .map(|force| force.clamp(-1.0, 1.0))
}

pub(super) fn contact_cost(simulation: &Simulation) -> f64 {
    5e-4 * clipped(simulation).map(|force| force * force).sum::<f64>()
}
