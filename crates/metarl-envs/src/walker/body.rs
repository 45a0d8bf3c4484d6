//! The walker's body and senses: the measures of Gymnasium's BipedalWalker.

/// Pixels of the original drawing in one unit of length.
pub(super) const SCALE: f64 = 30.0;

/// Outline of the hull, in pixels around its origin.
const HULL_PIXELS: [[f64; 2]; 5] = [
    [-30.0, 9.0],
    [6.0, 9.0],
    [34.0, 1.0],
    [34.0, -8.0],
    [-30.0, -8.0],
];

/// Width and height of a thigh; a shin is 0.8 times as wide.
pub(super) const LEG: [f64; 2] = [8.0 / SCALE, 34.0 / SCALE];
pub(super) const SHIN_WIDTH: f64 = 0.8 * LEG[0];

/// Speed that a full action drives a joint to: hip, knee, hip, knee.
pub(super) const JOINT_SPEED: [f64; 4] = [4.0, 6.0, 4.0, 6.0];
/// Torque that a full action may use for it.
pub(super) const MOTOR_TORQUE: f64 = 80.0;
/// The start's random push is at most this, to either side.
pub(super) const START_PUSH: f64 = 5.0;

pub(super) const LIDAR_RANGE: f64 = 160.0 / SCALE;
pub(super) const STEPS_PER_SECOND: f64 = 50.0;

/// Outline of the hull around its origin.
pub(super) fn hull() -> [[f32; 2]; 5] {
    HULL_PIXELS.map(|corner| corner.map(|x| (x / SCALE) as f32))
}
