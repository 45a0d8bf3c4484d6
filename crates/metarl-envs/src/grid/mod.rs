//! Small rooms in which something has to be found, and found again.

mod cell;
mod dark_room;
mod direction;
mod grid_navi;
mod maze;
mod t_maze;

pub use cell::{Cell, Move};
pub use dark_room::{DarkRoom, DarkRoomProcess, DarkRoomTask, DarkRooms};
pub use direction::Direction;
pub use grid_navi::{GridNavi, GridNaviProcess, GridNaviTask, GridNaviTasks};
pub use maze::{
    LocatedMaze, LocatedMazeProcess, Maze, MazeLayout, MazeModel, MazeOracle, MazeProcess,
    MazeTask, Mazes,
};
pub use t_maze::{Arm, TMaze, TMazeProcess, TMazeState, TMazeTask, TMazes};
