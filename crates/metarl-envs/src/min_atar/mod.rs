//! MinAtar: five Atari games on a board of ten by ten cells.
//!
//! | lanes | channels of the board | useful actions | an episode ends |
//! |---|---|---|---|
//! | [`Breakout`] | 4 | 3 | where the ball passes the paddle |
//! | [`Asterix`] | 4 | 5 | at the touch of an enemy |
//! | [`Freeway`] | 7 | 3 | after 2501 steps |
//! | [`Seaquest`] | 10 | 6 | hit, out of oxygen, or at the surface without a diver |
//! | [`SpaceInvaders`] | 6 | 4 | hit by a bomb, reached by an alien |
//!
//! All of them take the same six actions ([`Action`]); [`Game::MINIMAL_ACTIONS`] lists those that a game
//! has a use for. What is seen is a [`Board`], a set of cells for each kind of object; nothing is cut by a
//! time limit. What differs between two tasks ([`MinAtarTask`]) is how often actions stick, and whether a
//! game ramps: whether it becomes harder the longer it lasts.
//!
//! A game is its rules and the numbers it draws ([`Draws`]). With the numbers that the package `minatar`
//! 1.0.15 drew, [`Play`] shows the same boards and pays the same rewards, step for step
//! (`cargo xtask parity`). Where that package and the paper differ, the package is followed, and the
//! game's page says so.
//!
//! # Examples
//!
//! ```
//! use metarl_core::{Environment, Purpose, Seed, Space, StepBatch};
//! use metarl_envs::min_atar::{Action, Boards, MinAtarTask, SpaceInvaders};
//!
//! let mut lanes = SpaceInvaders::new(1);
//! let task = MinAtarTask { sticky_probability: 0.0, ..MinAtarTask::default() };
//! lanes.assign(0, &task, Seed::new(1).stream(Purpose::Environment, 0, 0, 0))?;
//! let mut step = StepBatch::new(1, Boards::<6>.zero());
//! lanes.reset(&mut step.observation)?;
//! // A shot from the last row meets the lowest alien, in row 3, with its sixth step.
//! let mut earned = 0.0;
//! for action in [Action::Fire, Action::Left, Action::Left, Action::Left, Action::Left, Action::Left] {
//!     lanes.step(&[action as usize], &mut step)?;
//!     earned += step.reward[0];
//! }
//! assert_eq!(earned, 1.0);
//! # Ok::<(), metarl_core::Error>(())
//! ```
//!
//! # References
//!
//! Young and Tian, *MinAtar: An Atari-Inspired Testbed for Thorough and Reproducible Reinforcement
//! Learning Experiments*, 2019, [arXiv:1903.03176](https://arxiv.org/abs/1903.03176).

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
