//! Rooms full of things, and rules for what becomes of them.

mod environment;
mod expert;
mod object;
mod rule;
mod task;
mod tasks;
mod view;
mod world;

pub use environment::{XLand, XLandProcess};
pub use expert::XLandExpert;
pub use object::{Color, Object, Shape};
pub use rule::{Condition, Goal, Rule, Side};
pub use task::XLandTask;
pub use tasks::XLandTasks;
pub use view::{ViewSpace, WorldView};
pub use world::{Action, Tile, World, WorldMap};
