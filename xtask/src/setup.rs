//! What features and experiments need and cargo cannot fetch, into `third_party`.

mod box2d;
mod digits;
mod mujoco;

pub(crate) use box2d::{BOX2D, box2d};
pub(crate) use digits::digits;
pub(crate) use mujoco::{MUJOCO, mujoco};
