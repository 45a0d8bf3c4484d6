//! Point robots in the plane that must find their goal.

mod action_scale;
mod goals;
mod objective;
mod robot;

pub use action_scale::ActionScale;
pub use goals::{HalfCircleGoals, NavigationTask, SquareGoals};
pub use objective::{PointObjective, PointReward, ReachGoal};
pub use robot::{PointNavigation, PointRobot, SparsePointRobot};
