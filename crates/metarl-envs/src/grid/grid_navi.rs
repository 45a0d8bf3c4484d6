//! Finding a goal in a grid, and going back to it.

use metarl_core::{Continuous, Discrete, Error, Lanes, Outcome, Process, Rng, TaskDistribution};
use serde::{Deserialize, Serialize};

use super::cell::{Cell, Move, anywhere, check_goal, coordinates, room, seen};
use crate::draw::{Draw, Picture};

/// Columns, and rows.
const SIZE: u8 = 5;
const HORIZON: u32 = 15;

/// A goal the walker is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GridNaviTask {
    /// The goal's cell.
    pub goal: Cell,
}

/// Goals uniform on the 21 cells that are neither the start nor next to it, diagonally included.
///
/// # References
///
/// Zintgraf et al., *VariBAD*, 2020, [arXiv:1910.08348](https://arxiv.org/abs/1910.08348), section
/// 5.1, with the goals of its code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct GridNaviTasks;

impl TaskDistribution for GridNaviTasks {
    type Task = GridNaviTask;

    fn name(&self) -> String {
        "grid-navi/uniform@1".to_owned()
    }

    fn sample(&self, rng: &mut Rng) -> GridNaviTask {
        loop {
            let goal = anywhere(SIZE, rng);
            if goal.iter().any(|c| *c > 1) {
                return GridNaviTask { goal };
            }
        }
    }
}

/// A batch of walkers in rooms of 5 × 5, each of which is paid on a cell it has to find.
///
/// | | |
/// |---|---|
/// | observation | column and row |
/// | action | stay, up, right, down, left; walls stop ([`Move`]) |
/// | start | cell (0, 0) |
/// | reward | 1 on the goal, −0.1 elsewhere |
/// | terminated | after 15 steps: the horizon belongs to the process |
///
/// An agent that is to learn plays [`Trial`](metarl_core::Trial)s of four episodes. Who knows the goal
/// earns `16.1 − 1.1 d` at a distance of `d` steps, 11.071 on average.
///
/// # References
///
/// Zintgraf et al., *VariBAD*, 2020, [arXiv:1910.08348](https://arxiv.org/abs/1910.08348), section 5.1.
pub type GridNavi = Lanes<GridNaviProcess>;

/// The process behind [`GridNavi`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GridNaviProcess;

impl Process for GridNaviProcess {
    type Task = GridNaviTask;
    type Model = Cell;
    /// Where it is, and steps done.
    type State = (Cell, u32);
    type ObservationSpace = Continuous<2>;
    type ActionSpace = Discrete<5>;

    const NAME: &'static str = "grid-navi";

    fn observation_space(&self) -> Continuous<2> {
        coordinates(SIZE)
    }

    fn action_space(&self) -> Discrete<5> {
        Discrete
    }

    fn model(&self, task: &GridNaviTask) -> Result<Cell, Error> {
        check_goal(task.goal, SIZE, "a cell of the 5 × 5")?;
        Ok(task.goal)
    }

    #[inline]
    fn start(&self, _: &Cell, _: &mut Rng) -> (Cell, u32) {
        ([0, 0], 0)
    }

    #[inline]
    fn observe(&self, _: &Cell, (cell, _): &(Cell, u32)) -> [f32; 2] {
        seen(*cell)
    }

    #[inline]
    fn advance(
        &self,
        goal: &Cell,
        (cell, n_steps): &mut (Cell, u32),
        action: &usize,
        _: &mut Rng,
    ) -> Outcome {
        *cell = Move::of(*action).from(*cell, SIZE);
        *n_steps += 1;
        Outcome {
            reward: if cell == goal { 1.0 } else { -0.1 },
            terminated: *n_steps == HORIZON,
        }
    }
}

impl Draw for GridNaviProcess {
    fn draw(&self, goal: &Cell, (walker, _): &(Cell, u32), _: Option<&usize>) -> Picture {
        room(SIZE, *goal, *walker)
    }
}
