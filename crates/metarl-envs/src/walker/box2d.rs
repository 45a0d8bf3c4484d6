//! The walker in Box2D, bit for bit as in Gymnasium.

use metarl_box2d::{Body, Hinge, Joint, Material, World};
use metarl_core::Lanes;

use super::body::{LEG, MOTOR_TORQUE, SHIN_WIDTH, STEPS_PER_SECOND, hull};
use super::engine::{Engine, HullMotion, JointMotion, Motor, Pose};
use super::matter::{
    GRAVITY, GROUND_FRICTION, HIP, HIP_RANGE, HULL_DENSITY, HULL_FRICTION, KNEE_RANGE, LEG_DENSITY,
    LEG_FRICTION, START_ANGLE,
};
use super::process::WalkerProcess;
use super::terrain::{HEIGHT, START_PAD, STEP, Terrain};

/// A batch of walkers in [`Box2dEngine`]; [`WalkerProcess`] has the rules.
pub type Box2dWalker = Lanes<WalkerProcess<Box2dEngine>>;

const GROUND: u16 = 0x01;
const WALKER: u16 = 0x20;
/// Iterations of the solver: for velocities, for positions.
const ITERATIONS: [u16; 2] = [180, 60];

/// The walker in Box2D 2.3.0: on the same course, with the same push and the same actions it sees and
/// earns what Gymnasium's `BipedalWalker-v3` does, bit for bit.
///
/// What that takes beyond the documented rules: every piece of ground is a body of its own, blocks
/// before the line; the legs start half a unit too far up and are pulled into place by the solver; a
/// hinge measures its angle from that of its start; and a shin that touches two pieces of ground counts
/// as off the ground as soon as it leaves one of them.
#[derive(Debug)]
pub struct Box2dEngine {
    world: World,
    body: [Body; 5],
    joint: [Joint; 4],
}

impl Engine for Box2dEngine {
    const NAME: &'static str = "bipedal-walker-box2d";

    fn build(terrain: &Terrain, push: f32) -> Self {
        let mut world = World::new([0.0, GRAVITY]);
        let ground = Material {
            density: 0.0,
            friction: GROUND_FRICTION,
            category: GROUND,
            mask: u16::MAX,
        };
        for block in terrain.blocks() {
            let piece = world.fixed();
            world.attach_polygon(piece, &block.corners(), ground);
        }
        for ends in terrain.ground().windows(2) {
            let piece = world.fixed();
            world.attach_edge(piece, [ends[0], ends[1]], ground);
        }

        let part = |density, friction| Material {
            density,
            friction,
            category: WALKER,
            mask: GROUND,
        };
        let start = [START_PAD as f64 * STEP / 2.0, HEIGHT + 2.0 * LEG[1]];
        let body = world.movable(single(start), 0.0);
        world.attach_polygon(body, &hull(), part(HULL_DENSITY, HULL_FRICTION));
        world.push(body, [push, 0.0]);

        let mut bodies = vec![body];
        let mut joints = Vec::with_capacity(4);
        for angle in START_ANGLE {
            let (mut upper, mut hangs) = (body, [0.0, HIP]);
            for (width, range, middle) in [
                (LEG[0], HIP_RANGE, start[1] - LEG[1] / 2.0 - HIP),
                (SHIN_WIDTH, KNEE_RANGE, start[1] - LEG[1] * 3.0 / 2.0 - HIP),
            ] {
                let lower = world.movable(single([start[0], middle]), angle as f32);
                let half = single([width / 2.0, LEG[1] / 2.0]);
                world.attach_box(lower, half, part(LEG_DENSITY, LEG_FRICTION));
                joints.push(world.join(Hinge {
                    bodies: [upper, lower],
                    anchors: [hangs, [0.0, LEG[1] / 2.0]].map(single),
                    limits: [*range.start(), *range.end()],
                    max_torque: MOTOR_TORQUE as f32,
                    speed: 0.0,
                }));
                bodies.push(lower);
                (upper, hangs) = (lower, [0.0, -LEG[1] / 2.0]);
            }
        }
        Self {
            world,
            body: std::array::from_fn(|i| bodies[i]),
            joint: std::array::from_fn(|i| joints[i]),
        }
    }

    fn step(&mut self, motors: [Motor; 4]) {
        for (joint, motor) in self.joint.into_iter().zip(motors) {
            self.world.drive(joint, motor.speed, motor.torque);
        }
        let [velocity, position] = ITERATIONS;
        let dt = (1.0 / STEPS_PER_SECOND) as f32;
        self.world.step(dt, velocity, position);
    }

    fn hull(&self) -> HullMotion {
        let hull = self.world.motion(self.body[0]);
        HullMotion {
            position: hull.position,
            velocity: hull.velocity,
            angle: hull.angle,
            angular_velocity: hull.angular_velocity,
        }
    }

    fn joints(&self) -> [JointMotion; 4] {
        self.joint.map(|joint| {
            let hinge = self.world.hinge(joint);
            JointMotion {
                angle: hinge.angle,
                speed: hinge.speed,
            }
        })
    }

    fn ground_contacts(&self) -> [bool; 2] {
        [2, 4].map(|shin| self.world.touches(self.body[shin]))
    }

    fn has_fallen(&self) -> bool {
        self.world.has_touched(self.body[0])
    }

    fn free_fraction(&self, _: &Terrain, from: [f32; 2], to: [f32; 2]) -> f32 {
        self.world.free_fraction(from, to, GROUND)
    }

    fn poses(&self) -> [Pose; 5] {
        self.body.map(|body| {
            let motion = self.world.motion(body);
            Pose {
                position: motion.position,
                angle: motion.angle,
            }
        })
    }
}

fn single(point: [f64; 2]) -> [f32; 2] {
    point.map(|x| x as f32)
}
