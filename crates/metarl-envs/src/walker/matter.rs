//! What only a physics engine needs to know of the walker: the measures of Gymnasium's BipedalWalker.

use std::ops::RangeInclusive;

use super::body::SCALE;

pub(super) const GRAVITY: f32 = -10.0;

pub(super) const HULL_DENSITY: f32 = 5.0;
pub(super) const HULL_FRICTION: f32 = 0.1;
pub(super) const LEG_DENSITY: f32 = 1.0;
pub(super) const LEG_FRICTION: f32 = 0.2;
pub(super) const GROUND_FRICTION: f32 = 2.5;

/// Height of the hips in the hull: below its origin.
pub(super) const HIP: f64 = -8.0 / SCALE;
/// Angles of the joints.
pub(super) const HIP_RANGE: RangeInclusive<f32> = -0.8..=1.1;
pub(super) const KNEE_RANGE: RangeInclusive<f32> = -1.6..=-0.1;
/// Where the angles of the two hips are measured from: one this way, one that way.
pub(super) const START_ANGLE: [f64; 2] = [-0.05, 0.05];
