//! What a walker asks of a physics engine.

use super::terrain::Terrain;

/// A physics engine with a walker in it, standing at the start of a terrain: a hull on two legs of a
/// thigh and a shin each, which collide with the terrain and not with one another.
pub trait Engine: Send + Sized {
    /// What the environment is called in messages.
    const NAME: &'static str;

    /// A walker at the start, its hull pushed by a horizontal force during the first step.
    fn build(terrain: &Terrain, push: f32) -> Self;

    /// One fiftieth of a second, with these motors: of hip and knee of the first leg, then of the
    /// second.
    fn step(&mut self, motors: [Motor; 4]);

    /// How the hull moves.
    fn hull(&self) -> HullMotion;

    /// Angles and speeds of the joints, in the order of the motors.
    fn joints(&self) -> [JointMotion; 4];

    /// Whether the shins touch the ground.
    fn ground_contacts(&self) -> [bool; 2];

    /// Whether the hull touched the ground since the start.
    fn has_fallen(&self) -> bool;

    /// Which part of the way between two points is free of terrain.
    fn free_fraction(&self, terrain: &Terrain, from: [f32; 2], to: [f32; 2]) -> f32 {
        terrain.free_fraction(from, to)
    }

    /// Where hull, first thigh and shin, second thigh and shin are.
    fn poses(&self) -> [Pose; 5];
}

/// What drives a joint.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Motor {
    /// The speed it aims at.
    pub speed: f32,
    /// The torque it may use.
    pub torque: f32,
}

/// How a hull moves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HullMotion {
    /// Where its origin is.
    pub position: [f32; 2],
    /// How fast its center of mass moves.
    pub velocity: [f32; 2],
    /// How far it leans, counterclockwise.
    pub angle: f32,
    /// How fast it turns.
    pub angular_velocity: f32,
}

/// How a joint moves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct JointMotion {
    /// Its angle, from that of the start.
    pub angle: f32,
    /// How fast it turns.
    pub speed: f32,
}

/// Where a body is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pose {
    /// Its origin.
    pub position: [f32; 2],
    /// How far it is turned, counterclockwise.
    pub angle: f32,
}
