//! An ant with a leg that hangs limp.

use super::Leg;
use crate::mujoco::Model;

/// Numbers of a shape's size, and of its position.
const PER_GEOM: usize = 3;

/// The ant with a leg made small and drawn in: radius and length of its two outer parts are halved,
/// and the foot is where the shin is.
pub(super) fn without(leg: Leg, mut ant: Model) -> Model {
    let shin = leg.shin();
    for geom in [shin, shin + 1] {
        for size in &mut ant.geom_size_mut()[PER_GEOM * geom..][..2] {
            *size /= 2.0;
        }
    }
    let start = PER_GEOM * shin;
    ant.geom_position_mut()
        .copy_within(start..start + PER_GEOM, start + PER_GEOM);
    ant
}

impl Leg {
    /// The shape of its second part; the third follows. Floor and torso come first, then three parts
    /// a leg.
    fn shin(self) -> usize {
        let order = match self {
            Self::FrontLeft => 0,
            Self::FrontRight => 1,
            Self::BackLeft => 2,
            Self::BackRight => 3,
        };
        2 + 3 * order + 1
    }

    /// The action without this leg's.
    pub(super) fn limp(self, action: &[f64; 8]) -> [f64; 8] {
        let hip = match self {
            Self::BackRight => 0,
            Self::FrontLeft => 2,
            Self::FrontRight => 4,
            Self::BackLeft => 6,
        };
        let mut control = *action;
        control[hip..hip + 2].fill(0.0);
        control
    }
}
