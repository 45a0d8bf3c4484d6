//! Runners in a vertical plane that can fall: a walker on two legs and a hopper on one.

use std::sync::{Arc, OnceLock};

use metarl_core::{Error, Lanes};

use super::locomotion::{compiled_once, joined, sum_of_squares};
use super::{
    Body, Judgment, Locomotion, Model, MujocoError, Noise, Parts, RandomParameters, Robot,
    Scalable, ScaledDynamics, Simulation,
};

/// A batch of two-legged walkers in a vertical plane, each with physics of its own.
///
/// Per step of 0.008 s, `v` the velocity of the root along x and `u` the control:
///
/// ```text
/// r = v + 1 − 0.001 ‖u‖²          0 for 1 where it fell
/// ```
///
/// | | |
/// |---|---|
/// | observation | 8 positions without x (m, rad), 9 velocities clipped to `[−10, 10]` |
/// | action | 6 torques in `[−1, 1]`: thigh, leg, foot, and those of the left leg |
/// | start | positions and velocities `U[−0.005, 0.005]` around standing |
/// | terminated | the torso is not between 0.8 m and 2 m high, or leans by more than 1 rad |
/// | truncated | after 1000 steps |
///
/// With the usual physics it is Gymnasium's `Walker2d-v5`.
///
/// # References
///
/// Rakelly et al. 2019, [arXiv:1903.08254](https://arxiv.org/abs/1903.08254), section 6.1.
pub type Walker2d = Lanes<Locomotion<Walker2dRobot, 17, 6>>;

/// A batch of one-legged hoppers in a vertical plane, each with physics of its own.
///
/// Reward, start and limit are those of [`Walker2d`], per step of 0.008 s.
///
/// | | |
/// |---|---|
/// | observation | 5 positions without x (m, rad), 6 velocities clipped to `[−10, 10]` |
/// | action | 3 torques in `[−1, 1]`: thigh, leg, foot |
/// | terminated | the torso is not above 0.7 m, leans by more than 0.2 rad, or another number of the state is beyond ±100 |
/// | truncated | after 1000 steps |
///
/// With the usual physics it is Gymnasium's `Hopper-v5`.
///
/// # References
///
/// Rakelly et al. 2019 use the walker; the hopper is its sister in the code (`dennisl88/rand_param_envs`).
pub type Hopper = Lanes<Locomotion<HopperRobot, 11, 3>>;

/// Walkers with random physics, `walker2d/random-parameters@1`.
pub type RandomWalkers = RandomParameters<Walker2dRobot>;

/// Hoppers with random physics, `hopper/random-parameters@1`.
pub type RandomHoppers = RandomParameters<HopperRobot>;

/// The robot of [`Walker2d`].
#[derive(Debug, Clone, PartialEq)]
pub struct Walker2dRobot {
    dynamics: ScaledDynamics,
}

/// The robot of [`Hopper`].
#[derive(Debug, Clone, PartialEq)]
pub struct HopperRobot {
    dynamics: ScaledDynamics,
}

impl Scalable for Walker2dRobot {
    const NAME: &'static str = "walker2d";
    const PARTS: Parts = Parts {
        n_bodies: 8,
        n_velocities: 9,
        n_geoms: 8,
    };
}

impl Scalable for HopperRobot {
    const NAME: &'static str = "hopper";
    const PARTS: Parts = Parts {
        n_bodies: 5,
        n_velocities: 6,
        n_geoms: 5,
    };
}

impl Robot<17, 6> for Walker2dRobot {
    type Task = ScaledDynamics;

    const NAME: &'static str = <Self as Scalable>::NAME;
    const BODY: Body = Body {
        n_positions: 9,
        n_velocities: 9,
        ..RUNNER
    };

    fn of(dynamics: &ScaledDynamics) -> Result<Self, Error> {
        dynamics.check(Self::PARTS)?;
        let dynamics = dynamics.clone();
        Ok(Self { dynamics })
    }

    fn model(&self) -> Result<Arc<Model>, MujocoError> {
        static USUAL: OnceLock<Arc<Model>> = OnceLock::new();
        let usual = compiled_once(&USUAL, include_str!("assets/walker2d.xml"))?;
        scaled(usual, &self.dynamics)
    }

    fn place(&self, simulation: &Simulation) -> [f64; 2] {
        place(simulation)
    }

    fn observe(&self, simulation: &Simulation) -> [f64; 17] {
        observe(simulation)
    }

    fn judge(&self, simulation: &Simulation, [velocity, _]: [f64; 2], u: &[f64; 6]) -> Judgment {
        let at = simulation.positions();
        let healthy = within(at[1], 0.8, 2.0) && within(at[2], -1.0, 1.0);
        judge(velocity, u, healthy)
    }
}

impl Robot<11, 3> for HopperRobot {
    type Task = ScaledDynamics;

    const NAME: &'static str = <Self as Scalable>::NAME;
    const BODY: Body = Body {
        n_positions: 6,
        n_velocities: 6,
        ..RUNNER
    };

    fn of(dynamics: &ScaledDynamics) -> Result<Self, Error> {
        dynamics.check(Self::PARTS)?;
        let dynamics = dynamics.clone();
        Ok(Self { dynamics })
    }

    fn model(&self) -> Result<Arc<Model>, MujocoError> {
        static USUAL: OnceLock<Arc<Model>> = OnceLock::new();
        let usual = compiled_once(&USUAL, include_str!("assets/hopper.xml"))?;
        scaled(usual, &self.dynamics)
    }

    fn place(&self, simulation: &Simulation) -> [f64; 2] {
        place(simulation)
    }

    fn observe(&self, simulation: &Simulation) -> [f64; 11] {
        observe(simulation)
    }

    fn judge(&self, simulation: &Simulation, [velocity, _]: [f64; 2], u: &[f64; 3]) -> Judgment {
        let at = simulation.positions();
        let upright = within(at[1], 0.7, f64::INFINITY) && within(at[2], -0.2, 0.2);
        let mut state = at[2..].iter().chain(simulation.velocities());
        judge(
            velocity,
            u,
            upright && state.all(|x| within(*x, -100.0, 100.0)),
        )
    }
}

/// What both have in common.
const RUNNER: Body = Body {
    n_positions: 0,
    n_velocities: 0,
    frame_skip: 4,
    max_action: 1.0,
    noise: Noise::Uniform(5e-3),
    contact_forces: false,
};

fn scaled(usual: Arc<Model>, dynamics: &ScaledDynamics) -> Result<Arc<Model>, MujocoError> {
    if dynamics.is_default() {
        return Ok(usual);
    }
    Ok(Arc::new(dynamics.applied(&usual)?))
}

fn place(simulation: &Simulation) -> [f64; 2] {
    [simulation.positions()[0], 0.0]
}

fn observe<const N: usize>(simulation: &Simulation) -> [f64; N] {
    let positions = simulation.positions()[1..].iter().copied();
    let velocities = simulation.velocities().iter();
    joined(positions.chain(velocities.map(|v| v.clamp(-10.0, 10.0))))
}

fn within(x: f64, low: f64, high: f64) -> bool {
    low < x && x < high
}

fn judge(velocity: f64, control: &[f64], healthy: bool) -> Judgment {
    let survival = if healthy { 1.0 } else { 0.0 };
    Judgment {
        reward: velocity + survival - 1e-3 * sum_of_squares(control),
        terminated: !healthy,
    }
}
