//! One episode of a walker: what it sees and what it earns, whatever engine moves it.

use super::body::{JOINT_SPEED, LIDAR_RANGE, MOTOR_TORQUE, SCALE, STEPS_PER_SECOND};
use super::engine::{Engine, Motor};
use super::terrain::{GOAL, Terrain};

/// Numbers of an observation.
pub(super) const OBSERVATION: usize = 24;
/// Rays of the lidar; they start downward and turn forward by a tenth of this angle each.
const RAYS: usize = 10;
const LIDAR_ANGLE: f64 = 1.5;

/// What one unit of torque costs, of 80.
const TORQUE_COST: f64 = 0.00035;
/// What the whole way is worth, were it 30 long, and what leaning by one radian costs.
const WAY_WORTH: f64 = 130.0;
const LEAN_COST: f64 = 5.0;
const FALL: f64 = -100.0;

/// A walker on its way; [`WalkerProcess`](super::WalkerProcess) says what it sees and earns.
#[derive(Debug)]
pub struct Walker<E> {
    engine: E,
    terrain: Terrain,
    worth: f64,
    observation: [f32; OBSERVATION],
}

/// What a step of a [`Walker`] gave.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WalkerStep {
    /// The reward, in double precision.
    pub reward: f64,
    /// Whether it fell, left the course on the left, or arrived.
    pub terminated: bool,
}

impl<E: Engine> Walker<E> {
    /// A walker at the start of a terrain, one step without any torque later, in which its hull is
    /// pushed by a force.
    #[must_use]
    pub fn new(terrain: Terrain, push: f32) -> Self {
        let engine = E::build(&terrain, push);
        let mut walker = Self {
            engine,
            terrain,
            worth: 0.0,
            observation: [0.0; OBSERVATION],
        };
        walker.step(&[0.0; 4]);
        walker
    }

    /// What it sees.
    #[must_use]
    pub fn observation(&self) -> &[f32; 24] {
        &self.observation
    }

    /// What it walks on.
    #[must_use]
    pub fn terrain(&self) -> &Terrain {
        &self.terrain
    }

    /// The engine that moves it.
    #[must_use]
    pub fn engine(&self) -> &E {
        &self.engine
    }

    /// Which part of the way it has come: 1 is the goal, and more than 0 the start.
    #[must_use]
    pub fn progress(&self) -> f32 {
        self.engine.hull().position[0] / GOAL as f32
    }

    /// One step; actions beyond 1 count as 1.
    pub fn step(&mut self, action: &[f32; 4]) -> WalkerStep {
        let effort = action.map(|a| f64::from(a).abs().min(1.0));
        self.engine.step(std::array::from_fn(|i| Motor {
            speed: (JOINT_SPEED[i] * sign(action[i])) as f32,
            torque: (MOTOR_TORQUE * effort[i]) as f32,
        }));
        self.observation = self.observe().map(|x| x as f32);

        let hull = self.engine.hull();
        let x = f64::from(hull.position[0]);
        let worth = WAY_WORTH * x / SCALE - LEAN_COST * f64::from(hull.angle).abs();
        let gained = worth - self.worth;
        self.worth = worth;
        let cost = |reward, effort| reward - TORQUE_COST * MOTOR_TORQUE * effort;
        let reward = effort.into_iter().fold(gained, cost);

        let fell = self.engine.has_fallen() || x < 0.0;
        WalkerStep {
            reward: if fell { FALL } else { reward },
            terminated: fell || x > GOAL,
        }
    }

    fn observe(&self) -> [f64; OBSERVATION] {
        let hull = self.engine.hull();
        let [vx, vy] = hull.velocity.map(|v| 0.3 * f64::from(v));
        let mut seen = [0.0; OBSERVATION];
        seen[0] = f64::from(hull.angle);
        seen[1] = 2.0 * f64::from(hull.angular_velocity) / STEPS_PER_SECOND;
        seen[2] = vx * (600.0 / SCALE) / STEPS_PER_SECOND;
        seen[3] = vy * (400.0 / SCALE) / STEPS_PER_SECOND;
        let joints = self.engine.joints();
        let contacts = self.engine.ground_contacts();
        for (leg, seen) in seen[4..14].chunks_exact_mut(5).enumerate() {
            for (joint, rest) in [0.0, 1.0].into_iter().enumerate() {
                let i = 2 * leg + joint;
                seen[2 * joint] = f64::from(joints[i].angle) + rest;
                seen[2 * joint + 1] = f64::from(joints[i].speed) / JOINT_SPEED[i];
            }
            seen[4] = f64::from(u8::from(contacts[leg]));
        }
        let ends = self.lidar_ends();
        for (seen, end) in seen[14..].iter_mut().zip(ends) {
            let free = self.engine.free_fraction(&self.terrain, hull.position, end);
            *seen = f64::from(free);
        }
        seen
    }

    /// How far the rays of the lidar go.
    pub(super) fn lidar_ends(&self) -> [[f32; 2]; RAYS] {
        let [x, y] = self.engine.hull().position.map(f64::from);
        std::array::from_fn(|i| {
            let (sine, cosine) = (LIDAR_ANGLE * i as f64 / RAYS as f64).sin_cos();
            [
                (x + sine * LIDAR_RANGE) as f32,
                (y - cosine * LIDAR_RANGE) as f32,
            ]
        })
    }
}

/// −1, 0 or 1.
fn sign(x: f32) -> f64 {
    f64::from(u8::from(x > 0.0)) - f64::from(u8::from(x < 0.0))
}
