//! The robot and what it is paid for.

use std::sync::{Arc, OnceLock};

use metarl_core::{Error, Lanes};

use super::{Ground, HalfCheetahGoal, HalfCheetahTask};
use crate::mujoco::locomotion::{compiled_once, joined, sum_of_squares};
use crate::mujoco::{Body, Judgment, Locomotion, Model, MujocoError, Noise, Robot, Simulation};

/// A batch of cheetahs in a vertical plane.
///
/// Per step of 0.05 s, `v` the velocity of the root along x and `u` the control:
///
/// ```text
/// Run            r = v − 0.1 ‖u‖²                   Gymnasium
/// Direction ±1   r = ±v − 0.05 ‖u‖²                 Finn et al. 2017, Nagabandi et al. 2018
/// Velocity g     r = −|v − g| − 0.05 ‖u‖²           Finn et al. 2017
/// ```
///
/// | | |
/// |---|---|
/// | observation | 8 positions without x (m, rad), 9 velocities |
/// | action | 6 torques in `[−1, 1]`: back thigh, shin, foot, front thigh, shin, foot |
/// | start | positions `U[−0.1, 0.1]`, velocities `N(0, 0.1²)` around standing |
/// | terminated | never |
/// | truncated | after 1000 steps |
///
/// Dynamics and observations are those of Gymnasium's `HalfCheetah-v5`. The papers cut episodes after
/// 200 steps, those on disabled joints, slopes and piers after 1000 of 0.01 s.
///
/// # References
///
/// Finn et al., *Model-Agnostic Meta-Learning for Fast Adaptation of Deep Networks*, 2017,
/// [arXiv:1703.03400](https://arxiv.org/abs/1703.03400), section 5.3, with the rewards of its code
/// (`cbfinn/maml_rl`), which Rakelly et al. 2019, [arXiv:1903.08254](https://arxiv.org/abs/1903.08254),
/// share (`katerakelly/oyster`). Nagabandi et al., *Learning to Adapt in Dynamic, Real-World
/// Environments Through Meta-Reinforcement Learning*, 2018,
/// [arXiv:1803.11347](https://arxiv.org/abs/1803.11347), section 6, with the numbers of its code
/// (`iclavera/learning_to_adapt`).
pub type HalfCheetah = Lanes<Locomotion<HalfCheetahRobot, 17, 6>>;

/// The robot of [`HalfCheetah`].
#[derive(Debug, Clone, PartialEq)]
pub struct HalfCheetahRobot {
    task: HalfCheetahTask,
}

pub(super) const MJCF: &str = include_str!("../assets/half_cheetah.xml");

impl Robot<17, 6> for HalfCheetahRobot {
    type Task = HalfCheetahTask;

    const NAME: &'static str = "half-cheetah";
    const BODY: Body = Body {
        n_positions: 9,
        n_velocities: 9,
        frame_skip: 5,
        max_action: 1.0,
        noise: Noise::Normal(0.1),
        contact_forces: false,
    };

    fn of(task: &HalfCheetahTask) -> Result<Self, Error> {
        task.check()?;
        Ok(Self { task: task.clone() })
    }

    fn model(&self) -> Result<Arc<Model>, MujocoError> {
        static FLAT: OnceLock<Arc<Model>> = OnceLock::new();
        match &self.task.ground {
            Ground::Flat => compiled_once(&FLAT, MJCF),
            ground => Ok(Arc::new(Model::from_mjcf(&ground.under(MJCF))?)),
        }
    }

    fn place(&self, simulation: &Simulation) -> [f64; 2] {
        [simulation.positions()[0], 0.0]
    }

    fn observe(&self, simulation: &Simulation) -> [f64; 17] {
        let positions = &simulation.positions()[1..9];
        joined(
            positions
                .iter()
                .chain(&simulation.velocities()[..9])
                .copied(),
        )
    }

    fn control(&self, action: &[f64; 6]) -> [f64; 6] {
        let mut control = *action;
        if let Some(joint) = self.task.disabled_joint {
            control[usize::from(joint)] = 0.0;
        }
        control
    }

    fn judge(&self, _: &Simulation, [velocity, _]: [f64; 2], control: &[f64; 6]) -> Judgment {
        let effort = sum_of_squares(control);
        let reward = match self.task.goal {
            HalfCheetahGoal::Run => velocity - 0.1 * effort,
            HalfCheetahGoal::Direction(heading) => heading.sign() * velocity - 0.05 * effort,
            HalfCheetahGoal::Velocity(goal) => -(velocity - goal).abs() - 0.05 * effort,
        };
        Judgment {
            reward,
            terminated: false,
        }
    }

    fn ground(&self, x: f64) -> f64 {
        match self.task.ground {
            Ground::Slopes(slopes) => slopes.height(x),
            Ground::Flat | Ground::Pier(_) => 0.0,
        }
    }
}
