//! The C++ side, and a safe face for it.
#![expect(unsafe_code, reason = "calls into Box2D, which is C++")]

use std::fmt::{Debug, Formatter};

#[repr(C)]
struct RawWorld {
    _opaque: [u8; 0],
}

/// What a shape is made of, and what it meets: shapes collide where the category of each is in the
/// mask of the other.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Material {
    /// Mass an area; 0 for what does not move.
    pub density: f32,
    /// Coefficient of friction; two of them meet in their geometric mean.
    pub friction: f32,
    /// One bit.
    pub category: u16,
    /// The categories it collides with.
    pub mask: u16,
}

/// Two bodies held together at a point, with a motor and limits; angles are from that of the moment it
/// is made.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hinge {
    /// The two bodies.
    pub bodies: [Body; 2],
    /// The point, as each of them sees it.
    pub anchors: [[f32; 2]; 2],
    /// Smallest and largest angle.
    pub limits: [f32; 2],
    /// Torque the motor may use.
    pub max_torque: f32,
    /// Speed it aims at.
    pub speed: f32,
}

/// How a body moves.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Motion {
    /// Its origin.
    pub position: [f32; 2],
    /// Velocity of its center of mass.
    pub velocity: [f32; 2],
    /// How far it is turned.
    pub angle: f32,
    /// How fast it turns.
    pub angular_velocity: f32,
}

/// How a hinge moves.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct HingeMotion {
    /// Its angle.
    pub angle: f32,
    /// How fast it turns.
    pub speed: f32,
}

/// A body of a [`World`].
#[repr(transparent)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Body(u32);

/// A hinge of a [`World`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Joint(u32);

// SAFETY: these are the functions of shim.cpp, with the types they have there; a `bool` of C++ is one
// of Rust's.
unsafe extern "C" {
    fn metarl_world_new(x: f32, y: f32) -> *mut RawWorld;
    fn metarl_world_free(world: *mut RawWorld);
    fn metarl_world_step(world: *mut RawWorld, dt: f32, velocity: i32, position: i32);
    fn metarl_world_ray(
        world: *const RawWorld,
        from: *const [f32; 2],
        to: *const [f32; 2],
        categories: u16,
    ) -> f32;
    fn metarl_body_new(world: *mut RawWorld, dynamic: bool, position: *const [f32; 2], angle: f32);
    fn metarl_attach_polygon(
        world: *mut RawWorld,
        body: Body,
        corners: *const [f32; 2],
        n_corners: i32,
        material: *const Material,
    );
    fn metarl_attach_box(
        world: *mut RawWorld,
        body: Body,
        half_width: f32,
        half_height: f32,
        material: *const Material,
    );
    fn metarl_attach_edge(
        world: *mut RawWorld,
        body: Body,
        ends: *const [[f32; 2]; 2],
        material: *const Material,
    );
    fn metarl_body_push(world: *mut RawWorld, body: Body, force: *const [f32; 2]);
    fn metarl_body_motion(world: *const RawWorld, body: Body, motion: *mut Motion);
    fn metarl_body_touches(world: *const RawWorld, body: Body) -> bool;
    fn metarl_body_has_touched(world: *const RawWorld, body: Body) -> bool;
    fn metarl_hinge_new(world: *mut RawWorld, hinge: *const Hinge);
    fn metarl_hinge_drive(world: *mut RawWorld, joint: u32, speed: f32, torque: f32);
    fn metarl_hinge_motion(world: *const RawWorld, joint: u32, angle: *mut f32, speed: *mut f32);
}

/// Corners that a polygon has, at least and at most.
const CORNERS: std::ops::RangeInclusive<usize> = 3..=16;

/// A world of Box2D.
///
/// # Panics
///
/// Its methods panic for a body or joint that another, larger world gave out. Where Box2D finds that a
/// shape has no area or a number is none, it ends the program.
///
/// # Examples
///
/// ```
/// use metarl_box2d::{Material, World};
///
/// let mut world = World::new([0.0, -10.0]);
/// let (ground, stone) = (world.fixed(), world.movable([0.0, 3.0], 0.0));
/// let material = Material { density: 1.0, friction: 0.5, category: 1, mask: 1 };
/// world.attach_edge(ground, [[-5.0, 0.0], [5.0, 0.0]], material);
/// world.attach_box(stone, [0.5, 0.5], material);
/// for _ in 0..100 {
///     world.step(0.02, 8, 3);
/// }
/// assert!(world.touches(stone));
/// // It lies on the ground, a hair above it.
/// let height = world.motion(stone).position[1];
/// assert!((height - 0.51).abs() < 0.01, "{height}");
/// ```
pub struct World {
    /// Never null: C++'s `new` gives an object or ends the program.
    raw: *mut RawWorld,
    n_bodies: u32,
    n_joints: u32,
}

// SAFETY: a world of Box2D 2.3.0 has its own allocators and touches nothing outside itself that
// changes, so it may be used from one thread after another.
unsafe impl Send for World {}

impl World {
    /// An empty world.
    #[must_use]
    pub fn new(gravity: [f32; 2]) -> Self {
        // SAFETY: takes two numbers; the pointer is owned from here on.
        let raw = unsafe { metarl_world_new(gravity[0], gravity[1]) };
        Self {
            raw,
            n_bodies: 0,
            n_joints: 0,
        }
    }

    /// A new body that never moves, at the origin.
    pub fn fixed(&mut self) -> Body {
        self.body(false, [0.0; 2], 0.0)
    }

    /// A new body that moves.
    pub fn movable(&mut self, position: [f32; 2], angle: f32) -> Body {
        self.body(true, position, angle)
    }

    fn body(&mut self, dynamic: bool, position: [f32; 2], angle: f32) -> Body {
        // SAFETY: the world is alive; the position is read during the call alone.
        unsafe { metarl_body_new(self.raw, dynamic, &raw const position, angle) };
        self.n_bodies += 1;
        Body(self.n_bodies - 1)
    }

    /// Gives a body the shape of a convex polygon of 3 to 16 corners.
    ///
    /// # Panics
    ///
    /// With fewer or more corners.
    pub fn attach_polygon(&mut self, body: Body, corners: &[[f32; 2]], material: Material) {
        self.check_body(body);
        let n_corners = corners.len();
        assert!(
            CORNERS.contains(&n_corners),
            "{n_corners} corners, not 3 to 16"
        );
        // SAFETY: the body is one of this world; there are as many corners as it says, and Box2D has
        // room for them; all is read during the call alone.
        unsafe {
            metarl_attach_polygon(
                self.raw,
                body,
                corners.as_ptr(),
                n_corners as i32,
                &raw const material,
            );
        }
    }

    /// Gives a body the shape of a box around its origin.
    pub fn attach_box(&mut self, body: Body, half_size: [f32; 2], material: Material) {
        self.check_body(body);
        let [width, height] = half_size;
        // SAFETY: the body is one of this world; the material is read during the call alone.
        unsafe {
            metarl_attach_box(self.raw, body, width, height, &raw const material);
        }
    }

    /// Gives a body the shape of a line.
    pub fn attach_edge(&mut self, body: Body, ends: [[f32; 2]; 2], material: Material) {
        self.check_body(body);
        // SAFETY: the body is one of this world; all is read during the call alone.
        unsafe {
            metarl_attach_edge(self.raw, body, &raw const ends, &raw const material);
        }
    }

    /// Applies a force to a body's center of mass during the next step.
    pub fn push(&mut self, body: Body, force: [f32; 2]) {
        self.check_body(body);
        // SAFETY: the body is one of this world; the force is read during the call alone.
        unsafe { metarl_body_push(self.raw, body, &raw const force) };
    }

    /// Holds two bodies together.
    pub fn join(&mut self, hinge: Hinge) -> Joint {
        for body in hinge.bodies {
            self.check_body(body);
        }
        // SAFETY: the bodies are of this world; the hinge is read during the call alone.
        unsafe { metarl_hinge_new(self.raw, &raw const hinge) };
        self.n_joints += 1;
        Joint(self.n_joints - 1)
    }

    /// Sets the speed that a hinge's motor aims at, and the torque it may use.
    pub fn drive(&mut self, joint: Joint, speed: f32, torque: f32) {
        self.check_joint(joint);
        // SAFETY: the joint is one of this world.
        unsafe { metarl_hinge_drive(self.raw, joint.0, speed, torque) };
    }

    /// Lets time pass.
    pub fn step(&mut self, dt: f32, velocity_iterations: u16, position_iterations: u16) {
        let (velocity, position) = (velocity_iterations.into(), position_iterations.into());
        // SAFETY: the world is alive.
        unsafe { metarl_world_step(self.raw, dt, velocity, position) };
    }

    /// Which part of the way between two points is free of shapes of these categories: 1 where nothing
    /// is in the way.
    #[must_use]
    pub fn free_fraction(&self, from: [f32; 2], to: [f32; 2], categories: u16) -> f32 {
        // SAFETY: the world is alive and a ray changes nothing; the points are read during the call.
        unsafe { metarl_world_ray(self.raw, &raw const from, &raw const to, categories) }
    }

    /// How a body moves.
    #[must_use]
    pub fn motion(&self, body: Body) -> Motion {
        self.check_body(body);
        let mut motion = Motion::default();
        // SAFETY: the body is one of this world; the motion is written during the call alone.
        unsafe { metarl_body_motion(self.raw, body, &raw mut motion) };
        motion
    }

    /// Whether the last contact of a body to begin or end began: as Gymnasium has it, the end of one
    /// contact hides that others last.
    #[must_use]
    pub fn touches(&self, body: Body) -> bool {
        self.check_body(body);
        // SAFETY: the body is one of this world.
        unsafe { metarl_body_touches(self.raw, body) }
    }

    /// Whether anything ever touched a body.
    #[must_use]
    pub fn has_touched(&self, body: Body) -> bool {
        self.check_body(body);
        // SAFETY: the body is one of this world.
        unsafe { metarl_body_has_touched(self.raw, body) }
    }

    /// How a hinge moves.
    #[must_use]
    pub fn hinge(&self, joint: Joint) -> HingeMotion {
        self.check_joint(joint);
        let HingeMotion {
            mut angle,
            mut speed,
        } = HingeMotion::default();
        // SAFETY: the joint is one of this world; both numbers are written during the call alone.
        unsafe {
            metarl_hinge_motion(self.raw, joint.0, &raw mut angle, &raw mut speed);
        }
        HingeMotion { angle, speed }
    }

    fn check_body(&self, Body(body): Body) {
        assert!(body < self.n_bodies, "body {body} is of another world");
    }

    fn check_joint(&self, Joint(joint): Joint) {
        assert!(joint < self.n_joints, "joint {joint} is of another world");
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // SAFETY: the world is alive, and nothing uses it afterwards.
        unsafe { metarl_world_free(self.raw) };
    }
}

impl Debug for World {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World")
            .field("n_bodies", &self.n_bodies)
            .field("n_joints", &self.n_joints)
            .finish_non_exhaustive()
    }
}
