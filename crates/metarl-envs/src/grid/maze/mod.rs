//! Mazes whose layout and goal are the task.

mod environment;
mod layout;
mod located;
mod oracle;
mod task;

pub use environment::{Maze, MazeModel, MazeProcess};
pub use layout::MazeLayout;
pub use located::{LocatedMaze, LocatedMazeProcess};
pub use oracle::MazeOracle;
pub use task::{MazeTask, Mazes};
