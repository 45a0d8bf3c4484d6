//! MinAtar's five games.

mod asterix;
mod board;
mod breakout;
mod draws;
mod freeway;
mod game;
mod seaquest;
mod space_invaders;
mod task;

pub use asterix::{Asterix, AsterixGame};
pub use board::{Board, Boards, Cell, Cells, N_CELLS, SIZE};
pub use breakout::{Breakout, BreakoutGame};
pub use draws::{Draw, Draws, Replay};
pub use freeway::{Freeway, FreewayGame};
pub use game::{Action, Game, MinAtar, Play};
pub use seaquest::{Seaquest, SeaquestGame};
pub use space_invaders::{SpaceInvaders, SpaceInvadersGame};
pub use task::{MinAtarTask, MinAtarTasks, Stickiness};
