//! A humanoid that walks.

use std::f64::consts::TAU;
use std::sync::{Arc, OnceLock};

use metarl_core::{Error, Lanes, Rng, TaskDistribution, check_range};
use rand::RngExt;
use serde::{Deserialize, Serialize};

use super::locomotion::{compiled_once, joined, sum_of_squares};
use super::{Body, Judgment, Locomotion, Model, MujocoError, Noise, Robot, Simulation};

/// A batch of humanoids, each paid for walking its way.
///
/// Per step of 0.015 s, `v` the velocity of the center of mass in the plane, θ the task's direction,
/// `u` the control and `f` the contact forces:
///
/// ```text
/// r = 1.25 v · (cos θ, sin θ) + 5 − 0.1 ‖u‖² − min(5·10⁻⁷ ‖f‖², 10)       0 for 5 where it fell
/// ```
///
/// | | |
/// |---|---|
/// | observation | 22 positions without x and y, 23 velocities, of 13 bodies inertia (10), velocity (6) and contact force (6), before the last 17 forces of the actuators |
/// | action | 17 torques in `[−0.4, 0.4]` |
/// | start | positions and velocities `U[−0.01, 0.01]` around standing |
/// | terminated | the torso is not between 1 m and 2 m high |
/// | truncated | after 1000 steps |
///
/// Direction 0 is Gymnasium's `Humanoid-v5`.
///
/// # References
///
/// Rakelly et al. 2019, [arXiv:1903.08254](https://arxiv.org/abs/1903.08254), whose code
/// (`katerakelly/oyster`) has this reward, but for paying the 5 also where the humanoid fell.
pub type Humanoid = Lanes<Locomotion<HumanoidRobot, 348, 17>>;

/// The robot of [`Humanoid`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HumanoidRobot {
    direction: f64,
}

/// Which way a humanoid is to walk; by default along x, as in Gymnasium.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HumanoidTask {
    /// Angle from the x axis, rad.
    pub direction: f64,
}

/// Distributions over directions.
///
/// | name | drawn as | source |
/// |---|---|---|
/// | `humanoid/default@1` | 0 | Gymnasium |
/// | `humanoid/direction@1` | `U[0, 2π]` | the code of Rakelly et al. 2019 |
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Humanoids {
    /// Gymnasium's humanoid, always.
    #[default]
    Default,
    /// Any way.
    Direction,
}

impl TaskDistribution for Humanoids {
    type Task = HumanoidTask;

    fn name(&self) -> String {
        let family = match self {
            Self::Default => "default",
            Self::Direction => "direction",
        };
        format!("humanoid/{family}@1")
    }

    fn sample(&self, rng: &mut Rng) -> HumanoidTask {
        match self {
            Self::Default => HumanoidTask::default(),
            Self::Direction => HumanoidTask {
                direction: rng.random_range(0.0..TAU),
            },
        }
    }
}

impl Robot<348, 17> for HumanoidRobot {
    type Task = HumanoidTask;

    const NAME: &'static str = "humanoid";
    const BODY: Body = Body {
        n_positions: 24,
        n_velocities: 23,
        frame_skip: 5,
        max_action: 0.4,
        noise: Noise::Uniform(0.01),
        contact_forces: true,
    };

    fn of(&HumanoidTask { direction }: &HumanoidTask) -> Result<Self, Error> {
        check_range("direction", "finite", direction, direction.is_finite())?;
        Ok(Self { direction })
    }

    fn model(&self) -> Result<Arc<Model>, MujocoError> {
        static MODEL: OnceLock<Arc<Model>> = OnceLock::new();
        compiled_once(&MODEL, include_str!("assets/humanoid.xml"))
    }

    /// The center of mass.
    fn place(&self, simulation: &Simulation) -> [f64; 2] {
        let mass = simulation.model().body_mass();
        let centers = simulation.body_centers().chunks_exact(3);
        let mut moment = [0.0; 2];
        for (mass, center) in mass.iter().zip(centers) {
            for (moment, x) in moment.iter_mut().zip(center) {
                *moment += mass * x;
            }
        }
        let total: f64 = mass.iter().sum();
        moment.map(|moment| moment / total)
    }

    /// The world's body and the forces on the free joint are left out.
    fn observe(&self, simulation: &Simulation) -> [f64; 348] {
        let parts = [
            &simulation.positions()[2..],
            simulation.velocities(),
            &simulation.body_inertias()[10..],
            &simulation.body_velocities()[6..],
            &simulation.actuator_forces()[6..],
            &simulation.contact_forces()[6..],
        ];
        joined(parts.into_iter().flatten().copied())
    }

    fn judge(&self, simulation: &Simulation, velocity: [f64; 2], control: &[f64; 17]) -> Judgment {
        let height = simulation.positions()[2];
        let healthy = 1.0 < height && height < 2.0;
        let forward = velocity[0] * self.direction.cos() + velocity[1] * self.direction.sin();
        let survival = if healthy { 5.0 } else { 0.0 };
        let contact = (5e-7 * sum_of_squares(simulation.contact_forces())).min(10.0);
        let cost = 0.1 * sum_of_squares(control) + contact;
        Judgment {
            reward: 1.25 * forward + survival - cost,
            terminated: !healthy,
        }
    }
}
