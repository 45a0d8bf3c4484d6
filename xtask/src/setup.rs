//! What features need and cargo cannot fetch, into `third_party`.

mod box2d;
mod mujoco;

pub(crate) use box2d::{BOX2D, box2d};
pub(crate) use mujoco::{MUJOCO, mujoco};
