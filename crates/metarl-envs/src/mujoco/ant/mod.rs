//! A four-legged ant that walks in the plane.

mod crippled;
mod goal;
mod robot;
mod task;

pub use goal::{AntGoal, AntGoalRobot, AntGoalTask, AntGoals};
pub use robot::{Ant, AntRobot};
pub use task::{AntObjective, AntTask, Ants, Leg};
