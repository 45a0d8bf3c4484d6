//! Mazes whose walkers know where they are.

use metarl_core::{Continuous, Lanes, Process};

use super::environment::{MazeModel, MazeProcess};
use super::layout::LARGEST;
use crate::Cell;
use crate::draw::{Draw, Picture};

/// A column and a row, one-hot.
const WIDTH: usize = 2 * LARGEST;

/// A batch of walkers in mazes, who see neither walls nor goal but know where they are.
///
/// All but the observation is as in [`Maze`](crate::Maze). Numbers 0 … 8 of the observation are the
/// column, 9 … 17 the row, one-hot. To who stays in one maze it is a Markov decision process that is
/// fully observed, and every cell has to be learned by itself.
///
/// # Examples
///
/// ```
/// use metarl_core::{Environment, Purpose, Seed, Split, TaskDistribution};
/// use metarl_envs::{LocatedMaze, Mazes};
///
/// let mut maze = LocatedMaze::new(1);
/// let task = Mazes::Small.frozen(Split::Train, 0);
/// maze.assign(0, &task, Seed::new(1).stream(Purpose::Environment, 0, 0, 0))?;
/// let mut observation = [[0.0; 18]];
/// maze.reset(&mut observation)?;
/// assert_eq!(observation[0].iter().sum::<f32>(), 2.0);
/// # Ok::<(), metarl_core::Error>(())
/// ```
pub type LocatedMaze = Lanes<LocatedMazeProcess>;

/// The process behind [`LocatedMaze`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LocatedMazeProcess {
    /// The walk, whatever is seen of it.
    pub process: MazeProcess,
}

/// What everything but the observation is left to.
type P = MazeProcess;

impl Process for LocatedMazeProcess {
    forward! { Task Model State ActionSpace action_space max_steps model start advance }

    type ObservationSpace = Continuous<WIDTH>;

    const NAME: &'static str = "located-maze";

    fn observation_space(&self) -> Continuous<WIDTH> {
        Continuous {
            low: 0.0,
            high: 1.0,
        }
    }

    #[inline]
    fn observe(&self, _: &MazeModel, [x, y]: &Cell) -> [f32; WIDTH] {
        let mut numbers = [0.0; WIDTH];
        numbers[usize::from(*x)] = 1.0;
        numbers[LARGEST + usize::from(*y)] = 1.0;
        numbers
    }
}

impl Draw for LocatedMazeProcess {
    fn draw(&self, maze: &MazeModel, at: &Cell, action: Option<&usize>) -> Picture {
        self.process.draw(maze, at, action)
    }
}
