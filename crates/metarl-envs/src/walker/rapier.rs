//! The walker in rapier2d.

use metarl_core::Lanes;
use rapier2d::prelude::*;

use super::body::{LEG, SHIN_WIDTH, STEPS_PER_SECOND, hull};
use super::engine::{Engine, HullMotion, JointMotion, Motor, Pose};
use super::matter::{
    GRAVITY, GROUND_FRICTION, HIP, HIP_RANGE, HULL_DENSITY, HULL_FRICTION, KNEE_RANGE, LEG_DENSITY,
    LEG_FRICTION, START_ANGLE,
};
use super::process::WalkerProcess;
use super::terrain::{HEIGHT, START_PAD, STEP, Terrain};

/// A batch of walkers in [`RapierEngine`]; [`WalkerProcess`] has the rules.
pub type BipedalWalker = Lanes<WalkerProcess<RapierEngine>>;

/// Damping of a motor's velocity: so stiff that a joint has the speed it aims at unless that takes more
/// torque than it may use.
const MOTOR_GAIN: f32 = 1e4;
/// A part touches the ground where it is as near as this: as near as Box2D's polygons keep to it.
const TOUCH: f32 = 0.02;

/// How thighs and shins are turned at the start.
const START: [f64; 2] = [0.38, -0.5];

const WALKER: Group = Group::GROUP_1;
const GROUND: Group = Group::GROUP_2;

/// The walker in rapier2d, a physics engine in pure Rust.
///
/// Body, motors and ground are those of Gymnasium's walker, but the solver is another one, so motion
/// differs from Box2D's from the first contact on. Gymnasium's walker starts with its legs half a unit too
/// far up, and its solver pulls them into a crouch; this one starts in that crouch, its feet on the ground.
///
/// The crate's deterministic mode is on, so motion does not depend on the machine but for the last bit of a
/// sine or cosine in the start and in the lidar's rays.
pub struct RapierEngine {
    world: PhysicsWorld,
    body: [RigidBodyHandle; 5],
    collider: [ColliderHandle; 5],
    joint: [ImpulseJointHandle; 4],
    pushed: bool,
    fallen: bool,
    touches: [bool; 2],
}

impl std::fmt::Debug for RapierEngine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RapierEngine")
            .field("poses", &self.poses())
            .field("touches", &self.touches)
            .field("fallen", &self.fallen)
            .finish_non_exhaustive()
    }
}

impl RapierEngine {
    fn touches_ground(&self, part: usize) -> bool {
        let pairs = self.world.contact_pairs_with(self.collider[part]);
        let mut points = pairs
            .flat_map(|pair| pair.manifolds())
            .flat_map(|m| &m.points);
        points.any(|point| point.dist < TOUCH)
    }
}

/// Twice the default's sweeps over the joints, each starting from the impulses of the step before: so
/// legs are stiff enough to stand on. Contacts are found anew at every step; feet are too small to keep
/// them while they move by the default's 0.05. Nothing is fast enough to pass through the ground.
fn tune(parameters: &mut IntegrationParameters) {
    parameters.dt = (1.0 / STEPS_PER_SECOND) as f32;
    parameters.num_solver_iterations = 4;
    parameters.num_internal_pgs_iterations = 2;
    parameters.num_internal_stabilization_iterations = 2;
    parameters.warmstart_joints = true;
    parameters.contact_recycling = false;
    parameters.max_ccd_substeps = 0;
}

fn insert_terrain(world: &mut PhysicsWorld, terrain: &Terrain) {
    let groups = InteractionGroups::new(GROUND, WALKER, InteractionTestMode::And);
    let mut insert = |shape: ColliderBuilder| {
        let shape = shape.friction(GROUND_FRICTION).collision_groups(groups);
        world.insert_collider(shape, None);
    };
    // From right to left, so that the ground is solid from above.
    let points = terrain.ground().iter().rev();
    let points = points.map(|[x, y]| Vector::new(*x, *y)).collect();
    insert(ColliderBuilder::oriented_polyline(points, None));
    for block in terrain.blocks() {
        let ([left, low], [right, high]) = (block.low, block.high);
        let middle = Vector::new((left + right) / 2.0, (low + high) / 2.0);
        let shape = ColliderBuilder::cuboid((right - left) / 2.0, (high - low) / 2.0);
        insert(shape.translation(middle));
    }
}

fn insert_part(
    world: &mut PhysicsWorld,
    place: [f64; 2],
    angle: f32,
    shape: ColliderBuilder,
) -> (RigidBodyHandle, ColliderHandle) {
    let body = RigidBodyBuilder::dynamic()
        .translation(vector(place))
        .rotation(angle)
        .can_sleep(false);
    let groups = InteractionGroups::new(WALKER, GROUND, InteractionTestMode::And);
    let shape = shape.collision_groups(groups);
    world.insert(
        body,
        shape.friction_combine_rule(CoefficientCombineRule::GeometricMean),
    )
}

fn vector([x, y]: [f64; 2]) -> Vector {
    Vector::new(x as f32, y as f32)
}

impl Engine for RapierEngine {
    const NAME: &'static str = "bipedal-walker";

    fn build(terrain: &Terrain, push: f32) -> Self {
        let mut world = PhysicsWorld {
            gravity: Vector::new(0.0, GRAVITY),
            ..PhysicsWorld::default()
        };
        tune(&mut world.integration_parameters);
        insert_terrain(&mut world, terrain);

        let reach = LEG[1] * (START[0].cos() + START[1].cos()) - SHIN_WIDTH / 2.0 * START[1].sin();
        let start = [START_PAD as f64 * STEP / 2.0, HEIGHT + reach - HIP];
        let corners = hull().map(|[x, y]| Vector::new(x, y));
        let hull = ColliderBuilder::convex_polyline(corners.into())
            .expect("the hull's outline is convex")
            .density(HULL_DENSITY)
            .friction(HULL_FRICTION);
        let hull = insert_part(&mut world, start, 0.0, hull);
        if let Some(body) = world.bodies.get_mut(hull.0) {
            body.add_force(Vector::new(push, 0.0), true);
        }

        let mut parts = vec![hull];
        let mut joints = Vec::with_capacity(4);
        for hip in START_ANGLE {
            let (mut upper, mut hangs, mut reference) = (hull.0, [0.0, HIP], hip);
            let mut top = [start[0], start[1] + HIP];
            let parts_of_leg = [(LEG[0], HIP_RANGE), (SHIN_WIDTH, KNEE_RANGE)];
            for ((width, range), angle) in parts_of_leg.into_iter().zip(START) {
                let (sine, cosine) = angle.sin_cos();
                let below = |part: f64| [top[0] + part * sine, top[1] - part * cosine];
                let leg = ColliderBuilder::cuboid((width / 2.0) as f32, (LEG[1] / 2.0) as f32)
                    .density(LEG_DENSITY)
                    .friction(LEG_FRICTION);
                let part = insert_part(&mut world, below(LEG[1] / 2.0), angle as f32, leg);
                let mut joint = RevoluteJointBuilder::new()
                    .local_anchor1(vector(hangs))
                    .local_anchor2(vector([0.0, LEG[1] / 2.0]))
                    .limits([*range.start(), *range.end()])
                    .motor_model(MotorModel::ForceBased)
                    .motor_velocity(0.0, MOTOR_GAIN)
                    .motor_max_force(0.0)
                    .contacts_enabled(false)
                    .build();
                joint.data.local_frame1.rotation = Rotation::new(reference as f32);
                joints.push(world.insert_impulse_joint(upper, part.0, joint));
                parts.push(part);
                top = below(LEG[1]);
                (upper, hangs, reference) = (part.0, [0.0, -LEG[1] / 2.0], 0.0);
            }
        }
        Self {
            world,
            body: std::array::from_fn(|i| parts[i].0),
            collider: std::array::from_fn(|i| parts[i].1),
            joint: std::array::from_fn(|i| joints[i]),
            pushed: true,
            fallen: false,
            touches: [false; 2],
        }
    }

    fn step(&mut self, motors: [Motor; 4]) {
        for (handle, motor) in self.joint.into_iter().zip(motors) {
            if let Some(joint) = self.world.impulse_joints.get_mut(handle, false) {
                let axis = JointAxis::AngX;
                joint.data.set_motor_velocity(axis, motor.speed, MOTOR_GAIN);
                joint.data.set_motor_max_force(axis, motor.torque);
            }
        }
        self.world.step();
        if std::mem::take(&mut self.pushed)
            && let Some(hull) = self.world.bodies.get_mut(self.body[0])
        {
            hull.reset_forces(false);
        }
        self.fallen |= self.touches_ground(0);
        self.touches = [2, 4].map(|shin| self.touches_ground(shin));
    }

    fn hull(&self) -> HullMotion {
        let hull = &self.world.bodies[self.body[0]];
        HullMotion {
            position: hull.translation().into(),
            velocity: hull.linvel().into(),
            angle: hull.rotation().angle(),
            angular_velocity: hull.angvel(),
        }
    }

    fn joints(&self) -> [JointMotion; 4] {
        self.joint.map(|handle| {
            let joint = self.world.impulse_joints.get(handle);
            let joint = joint.expect("joints are never removed");
            let [a, b] = [joint.body1(), joint.body2()].map(|body| &self.world.bodies[body]);
            let frame = joint.data.local_frame1.rotation;
            JointMotion {
                angle: ((*a.rotation() * frame).inverse() * *b.rotation()).angle(),
                speed: b.angvel() - a.angvel(),
            }
        })
    }

    fn ground_contacts(&self) -> [bool; 2] {
        self.touches
    }

    fn has_fallen(&self) -> bool {
        self.fallen
    }

    fn poses(&self) -> [Pose; 5] {
        self.body.map(|body| {
            let body = &self.world.bodies[body];
            Pose {
                position: body.translation().into(),
                angle: body.rotation().angle(),
            }
        })
    }
}
