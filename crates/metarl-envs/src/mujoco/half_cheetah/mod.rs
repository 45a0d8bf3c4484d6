//! A planar cheetah that runs.

mod ground;
mod robot;
mod task;

pub use ground::{Ground, Pier, Slopes};
pub use robot::{HalfCheetah, HalfCheetahRobot};
pub use task::{HalfCheetahGoal, HalfCheetahTask, HalfCheetahs, Heading};
