//! Small rooms in which something has to be found, and found again.

mod cell;
mod dark_room;
mod grid_navi;
mod t_maze;

pub use cell::{Cell, Move};
pub use dark_room::{DarkRoom, DarkRoomProcess, DarkRoomTask, DarkRooms};
pub use grid_navi::{GridNavi, GridNaviProcess, GridNaviTask, GridNaviTasks};
pub use t_maze::{Arm, TMaze, TMazeProcess, TMazeState, TMazeTask, TMazes};
