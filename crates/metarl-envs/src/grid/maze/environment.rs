//! A walk in a maze.

use std::array::from_fn;

use metarl_core::{Continuous, Discrete, Error, Lanes, Outcome, Process, Rng};

use super::layout::{LARGEST, MazeLayout};
use super::oracle::MazeOracle;
use super::task::MazeTask;
use crate::draw::{Color, Draw, Picture};
use crate::grid::cell::{Cell, anywhere};
use crate::grid::direction::Direction;

/// For reaching the goal.
pub(super) const GOAL: f32 = 1.0;
/// For running into a wall.
const WALL: f32 = -0.001;
/// For every step.
pub(super) const STEP: f32 = -0.04;

/// Walls between the 3 × 3 cells around the walker, and these cells.
const WIDTH: usize = 12 + 9;
/// Where the walls of the walker's own cell are, in the order of [`Direction`].
const OWN_WALL: [usize; 4] = [10, 3, 7, 2];
/// Where the goal is seen by who stands on it.
const OWN_CELL: usize = 12 + 4;

/// A batch of walkers in mazes, who see no farther than to the next cell and look for a goal.
///
/// | | |
/// |---|---|
/// | observation | 21 numbers: the walls and the goal within the 3 × 3 cells around the walker |
/// | action | up, right, down, left ([`Direction`]); walls stop |
/// | start | uniform on the cells that are not the goal, anew in every episode |
/// | reward | −0.04 a step, −0.001 for running into a wall, 1 for arriving |
/// | terminated | at the goal |
/// | truncated | after 250 steps ([`MazeProcess::SMALL`]) or 1000 ([`MazeProcess::LARGE`]) |
///
/// | numbers | are 1 where there is |
/// |---|---|
/// | 0 … 5 | a wall between two columns, row by row from below |
/// | 6 … 11 | a wall between two rows, row by row from below |
/// | 12 … 20 | the goal, row by row from below |
///
/// With walls drawn as squares of their own that is a window of 5 × 5, without its four pillars, which
/// never change. Walls within it hide nothing; outside the maze all is wall. Neither column nor row
/// is shown: where one is has to be concluded from what one has passed, as in the visual mazes. The moves
/// are those of the points of the compass, as in other mazes with a local view (Miconi et al. 2018): to turn
/// without seeing farther would cost steps and teach nothing.
///
/// Who knows the way earns `1 − 0.04 d` at a distance of `d` ([`MazeOracle`]), on
/// average 0.71 in small mazes and 0.19 in large ones. The small and the large have one type, so that who
/// learned in the ones can be tried in the others.
///
/// # Examples
///
/// ```
/// use metarl_core::{Lanes, Split, TaskDistribution};
/// use metarl_envs::{Maze, MazeProcess, Mazes};
///
/// let small = Maze::new(32);
/// let large = Maze::of(MazeProcess::LARGE, 32);
/// let task = Mazes::Small.frozen(Split::Train, 0);
/// let drawn = task.layout.to_string();
/// assert_eq!(drawn.lines().count(), 11);
/// # let _ = (small, large);
/// ```
///
/// # References
///
/// Duan et al., *RL²*, 2016, [arXiv:1611.02779](https://arxiv.org/abs/1611.02779), section 3.3: rewards,
/// sizes and lengths are its, images and turns are not, so its numbers are no targets here; that the second
/// episode on a maze is shorter than the first is. The moves are those of Miconi et al.,
/// *Differentiable plasticity*, 2018, [arXiv:1804.02464](https://arxiv.org/abs/1804.02464).
pub type Maze = Lanes<MazeProcess>;

/// The process behind [`Maze`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MazeProcess {
    /// Steps after which an episode is truncated.
    pub max_steps: u32,
}

impl MazeProcess {
    /// The horizon of small mazes.
    pub const SMALL: Self = Self { max_steps: 250 };
    /// The horizon of large mazes.
    pub const LARGE: Self = Self { max_steps: 1000 };
}

impl Default for MazeProcess {
    fn default() -> Self {
        Self::SMALL
    }
}

/// What a lane keeps of a [`MazeTask`]: what is seen from each cell, which tells also where one can go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MazeModel {
    size: u8,
    goal: Cell,
    view: [[u32; LARGEST]; LARGEST],
}

impl MazeModel {
    fn new(task: &MazeTask) -> Self {
        let MazeTask { layout, goal } = *task;
        let mut view = [[0; LARGEST]; LARGEST];
        for [x, y] in layout.cells() {
            view[usize::from(y)][usize::from(x)] = seen_from([x, y], &layout, goal);
        }
        Self {
            size: layout.size,
            goal,
            view,
        }
    }

    #[inline]
    fn view(&self, [x, y]: Cell) -> u32 {
        self.view[usize::from(y)][usize::from(x)]
    }
}

/// The numbers of the observation as bits.
fn seen_from([x, y]: Cell, layout: &MazeLayout, goal: Cell) -> u32 {
    // The cell so many columns and rows away. Outside, coordinates wrap and are no cell's.
    let around = |column: usize, row: usize| {
        let shift = |at: u8, by: usize| at.wrapping_add(by as u8).wrapping_sub(1);
        [shift(x, column), shift(y, row)]
    };
    let columns = (0..6).map(|i| !layout.is_open(around(i % 2, i / 2), Direction::Right));
    let rows = (0..6).map(|i| !layout.is_open(around(i % 3, i / 3), Direction::Up));
    let cells = (0..9).map(|i| around(i % 3, i / 3) == goal);
    let bits = columns.chain(rows).chain(cells).enumerate();
    bits.fold(0, |view, (i, bit)| view | u32::from(bit) << i)
}

impl Process for MazeProcess {
    type Task = MazeTask;
    type Model = MazeModel;
    type State = Cell;
    type ObservationSpace = Continuous<WIDTH>;
    type ActionSpace = Discrete<4>;

    const NAME: &'static str = "maze";

    fn observation_space(&self) -> Continuous<WIDTH> {
        Continuous {
            low: 0.0,
            high: 1.0,
        }
    }

    fn action_space(&self) -> Discrete<4> {
        Discrete
    }

    fn max_steps(&self) -> Option<u32> {
        Some(self.max_steps)
    }

    fn model(&self, task: &MazeTask) -> Result<MazeModel, Error> {
        MazeOracle::new(task)?;
        Ok(MazeModel::new(task))
    }

    #[inline]
    fn start(&self, maze: &MazeModel, rng: &mut Rng) -> Cell {
        loop {
            let cell = anywhere(maze.size, rng);
            if cell != maze.goal {
                return cell;
            }
        }
    }

    #[inline]
    fn observe(&self, maze: &MazeModel, at: &Cell) -> [f32; WIDTH] {
        let view = maze.view(*at);
        from_fn(|i| (view >> i & 1) as f32)
    }

    #[inline]
    fn advance(&self, maze: &MazeModel, at: &mut Cell, action: &usize, _: &mut Rng) -> Outcome {
        let way = Direction::of(*action);
        let wall = maze.view(*at) >> OWN_WALL[way as usize] & 1 == 1;
        if !wall {
            *at = way.from(*at);
        }
        let arrived = maze.view(*at) >> OWN_CELL & 1 == 1;
        let hit = if wall { WALL } else { 0.0 };
        let arrival = if arrived { GOAL } else { 0.0 };
        Outcome {
            reward: STEP + hit + arrival,
            terminated: arrived,
        }
    }
}

impl Draw for MazeProcess {
    fn draw(&self, maze: &MazeModel, at: &Cell, _: Option<&usize>) -> Picture {
        let size = f32::from(maze.size);
        let corner = |[x, y]: Cell| [f32::from(x), f32::from(y)];
        let center = |cell| corner(cell).map(|x| x + 0.5);
        let mut picture = Picture::new([-0.1, -0.1], [size + 0.1, size + 0.1])
            .disc(center(maze.goal), 0.3, Color::Goal)
            .disc(center(*at), 0.25, Color::Agent);
        for cell in (0..maze.size).flat_map(|y| (0..maze.size).map(move |x| [x, y])) {
            let [x, y] = corner(cell);
            let sides = [
                [[x, y + 1.0], [x + 1.0, y + 1.0]],
                [[x + 1.0, y], [x + 1.0, y + 1.0]],
                [[x, y], [x + 1.0, y]],
                [[x, y], [x, y + 1.0]],
            ];
            for (bit, side) in OWN_WALL.into_iter().zip(sides) {
                if maze.view(cell) >> bit & 1 == 1 {
                    picture = picture.line(side, 0.08, Color::Ink);
                }
            }
        }
        picture
    }
}
