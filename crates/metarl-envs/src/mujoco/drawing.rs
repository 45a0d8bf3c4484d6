//! What walking robots look like.

use std::array::from_fn;

use super::{Body, Locomotion, Robot, Scene, Simulation};
use crate::draw::{Color, Draw, Picture, Point};

/// Kinds of shapes that robots and their ground are made of, of MuJoCo's `mjtGeom`.
const PLANE: i32 = 0;
const HEIGHT_FIELD: i32 = 1;
const SPHERE: i32 = 2;
const CAPSULE: i32 = 3;
const BOX: i32 = 6;

/// How much is seen: to either side of the robot, below and above the ground, m.
const ASIDE: f64 = 2.5;
const BELOW: f64 = 0.8;
const ABOVE: f64 = 2.2;

/// Width of lines on the ground and around limbs, m.
const LINE: f32 = 0.015;

impl<R, const OBSERVATION: usize, const ACTION: usize> Draw for Locomotion<R, OBSERVATION, ACTION>
where
    R: Robot<OBSERVATION, ACTION>,
{
    /// The robot in the middle, from the side where it moves in a plane, else from above as well, and
    /// lines on the ground a meter apart.
    fn draw(
        &self,
        scene: &Scene<R>,
        simulation: &Simulation,
        _: Option<&[f32; ACTION]>,
    ) -> Picture {
        let camera = Camera::of(R::BODY);
        let [x, y] = scene.robot.place(simulation);
        let [middle, level] = camera.sees([x, y, scene.robot.ground(x)]).map(f64::from);
        let low = [middle - ASIDE, level - BELOW].map(|x| x as f32);
        let high = [middle + ASIDE, level + ABOVE].map(|x| x as f32);
        let mut picture = Picture::new(low, high);
        let mut solid: Vec<Solid> = solids(simulation).collect();
        for solid in &solid {
            picture = match solid.kind {
                PLANE => camera.plane(picture, [x, y]),
                HEIGHT_FIELD => camera.profile(picture, x, |x| scene.robot.ground(x)),
                _ => picture,
            };
        }
        if let Some([x, y]) = scene.robot.goal() {
            picture = picture.disc(camera.sees([x, y, 0.0]), 0.2, Color::Goal);
        }
        solid.sort_by(|a, b| camera.depth(b.center).total_cmp(&camera.depth(a.center)));
        solid
            .iter()
            .fold(picture, |picture, solid| camera.solid(picture, solid))
    }
}

/// A shape where it is.
struct Solid {
    kind: i32,
    /// Radius and half lengths, m.
    size: [f64; 3],
    center: [f64; 3],
    /// Rows of a rotation matrix.
    rotation: [f64; 9],
}

impl Solid {
    /// The point at `local`, seen from the world.
    fn point(&self, local: [f64; 3]) -> [f64; 3] {
        from_fn(|i| self.center[i] + dot(from_fn(|j| self.rotation[3 * i + j]), local))
    }
}

fn solids(simulation: &Simulation) -> impl Iterator<Item = Solid> {
    let model = simulation.model();
    let kinds = model.geom_kinds().iter().enumerate();
    kinds.map(move |(i, &kind)| Solid {
        kind,
        size: from_fn(|j| model.geom_size()[3 * i + j]),
        center: from_fn(|j| simulation.geom_positions()[3 * i + j]),
        rotation: from_fn(|j| simulation.geom_rotations()[9 * i + j]),
    })
}

/// Looks from far away: what is seen does not depend on how far off it is.
struct Camera {
    right: [f64; 3],
    up: [f64; 3],
    away: [f64; 3],
}

impl Camera {
    /// Beside a robot that moves in a plane, behind and above one that can turn every way.
    fn of(body: Body) -> Self {
        // A quaternion has a number more than there are ways to turn.
        let turns = body.n_positions > body.n_velocities;
        let (azimuth, elevation) = if turns {
            (0.6_f64, 0.5_f64)
        } else {
            (0.0, 0.0)
        };
        let ((sin, cos), (sin_up, cos_up)) = (azimuth.sin_cos(), elevation.sin_cos());
        Self {
            right: [cos, -sin, 0.0],
            up: [sin_up * sin, sin_up * cos, cos_up],
            away: [cos_up * sin, cos_up * cos, -sin_up],
        }
    }

    fn sees(&self, point: [f64; 3]) -> Point {
        [dot(self.right, point) as f32, dot(self.up, point) as f32]
    }

    fn depth(&self, point: [f64; 3]) -> f64 {
        dot(self.away, point)
    }

    /// Lines a meter apart on the ground around a point; from the side, marks on the one that is seen.
    fn plane(&self, picture: Picture, [x, y]: [f64; 2]) -> Picture {
        let (x, y) = (x.round(), y.round());
        if self.up[1] == 0.0 {
            let picture = self.profile(picture, x, |_| 0.0);
            return meters().fold(picture, |picture, m| {
                let ends = [0.0, -0.1].map(|z| self.sees([x + m, 0.0, z]));
                picture.line(ends, LINE, Color::Muted)
            });
        }
        meters().fold(picture, |picture, m| {
            let along = [-REACH, REACH].map(|reach| self.sees([x + reach, y + m, 0.0]));
            let across = [-REACH, REACH].map(|reach| self.sees([x + m, y + reach, 0.0]));
            picture
                .line(along, LINE, Color::Faint)
                .line(across, LINE, Color::Faint)
        })
    }

    /// The ground from the side.
    fn profile(&self, picture: Picture, x: f64, height: impl Fn(f64) -> f64) -> Picture {
        let xs = (-40..=40).map(|i| x + f64::from(i) / 40.0 * REACH);
        let points: Vec<Point> = xs.map(|x| self.sees([x, 0.0, height(x)])).collect();
        picture.line(points, LINE, Color::Muted)
    }

    /// A limb, or a block of the ground, whose side is what is seen of it.
    fn solid(&self, picture: Picture, solid: &Solid) -> Picture {
        let [radius, half, _] = solid.size;
        let limb = |picture: Picture, half: f64| {
            let ends = [-half, half].map(|z| self.sees(solid.point([0.0, 0.0, z])));
            let width = 2.0 * radius as f32;
            picture
                .line(ends, width + 2.0 * LINE, Color::Ink)
                .line(ends, width, Color::Agent)
        };
        match solid.kind {
            SPHERE => limb(picture, 0.0),
            CAPSULE => limb(picture, half),
            BOX => {
                let [x, _, z] = solid.size;
                let corners = [[-x, -z], [x, -z], [x, z], [-x, z]];
                let corners = corners.map(|[x, z]| self.sees(solid.point([x, 0.0, z])));
                picture.polygon(corners, Color::Muted)
            }
            _ => picture,
        }
    }
}

/// How far lines on the ground go, m.
const REACH: f64 = 6.0;

/// Every meter until there.
fn meters() -> impl Iterator<Item = f64> {
    (-6..=6).map(f64::from)
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
