//! What a walker looks like.

use super::body::{LEG, SHIN_WIDTH, hull};
use super::engine::{Engine, Pose};
use super::episode::Walker;
use super::process::WalkerProcess;
use super::task::WalkerTask;
use crate::draw::{Color, Draw, Picture};

/// A filled polygon in world coordinates, y upward.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    /// Its corners in order.
    pub polygon: Vec<[f32; 2]>,
    /// What it stands for.
    pub color: Color,
}

/// The leg that is farther away, and the near one.
const LEGS: [Color; 2] = [Color::Kind(9), Color::Ink];
/// How far is seen behind the walker, ahead of it, and upward.
const VIEW: [f32; 3] = [5.0, 10.0, 9.0];

impl<E: Engine> Draw for WalkerProcess<E> {
    fn draw(&self, _: &WalkerTask, walker: &Walker<E>, _: Option<&[f32; 4]>) -> Picture {
        let [behind, ahead, upward] = VIEW;
        let x = walker.engine().hull().position[0];
        let picture = Picture::new([x - behind, 0.0], [x + ahead, upward]);
        let is_seen = |[at, _]: &[f32; 2]| x - behind <= *at && *at <= x + ahead;
        let shapes = walker.shapes().into_iter();
        shapes
            .filter(|shape| shape.polygon.iter().any(is_seen))
            .fold(picture, |picture, shape| {
                picture.polygon(shape.polygon, shape.color)
            })
    }
}

impl<E: Engine> Walker<E> {
    /// The picture of this moment, from back to front: the ground down to height 0, blocks, far leg,
    /// hull, near leg.
    #[must_use]
    pub fn shapes(&self) -> Vec<Shape> {
        let ground = self.terrain().ground().windows(2).map(|ends| {
            let lowest = |point: [f32; 2]| [point[0], point[1].min(0.0)];
            Shape {
                polygon: vec![ends[0], ends[1], lowest(ends[1]), lowest(ends[0])],
                color: Color::Muted,
            }
        });
        let blocks = self.terrain().blocks().iter().map(|block| Shape {
            polygon: block.corners().to_vec(),
            color: Color::Danger,
        });
        let [body, legs @ ..] = self.engine().poses();
        let leg = |side: usize| {
            [LEG[0], SHIN_WIDTH].into_iter().enumerate().map({
                let legs = &legs;
                move |(part, width)| Shape {
                    polygon: placed(legs[2 * side + part], &rectangle(width)),
                    color: LEGS[side],
                }
            })
        };
        let hull = Shape {
            polygon: placed(body, &hull()),
            color: Color::Agent,
        };
        let scenery = ground.chain(blocks);
        scenery.chain(leg(0)).chain([hull]).chain(leg(1)).collect()
    }
}

fn rectangle(width: f64) -> [[f32; 2]; 4] {
    let (x, y) = ((width / 2.0) as f32, (LEG[1] / 2.0) as f32);
    [[-x, -y], [x, -y], [x, y], [-x, y]]
}

fn placed(pose: Pose, outline: &[[f32; 2]]) -> Vec<[f32; 2]> {
    let (sine, cosine) = pose.angle.sin_cos();
    let place = |[x, y]: [f32; 2]| {
        [
            pose.position[0] + cosine * x - sine * y,
            pose.position[1] + sine * x + cosine * y,
        ]
    };
    outline.iter().copied().map(place).collect()
}
