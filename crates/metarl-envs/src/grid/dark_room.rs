//! A room without light.

use metarl_core::{Continuous, Discrete, Error, Lanes, Outcome, Process, Rng, TaskDistribution};
use serde::{Deserialize, Serialize};

use super::cell::{Cell, Move, anywhere, check_goal, coordinates, room, seen};
use crate::draw::{Draw, Picture};

/// Columns, and rows.
const SIZE: u8 = 10;

/// A goal the walker is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DarkRoomTask {
    /// The goal's cell.
    pub goal: Cell,
}

/// Goals uniform on all hundred cells.
///
/// # References
///
/// Lee et al., *Supervised Pretraining Can Learn In-Context Reinforcement Learning*, 2023,
/// [arXiv:2306.14892](https://arxiv.org/abs/2306.14892), section 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DarkRooms;

impl TaskDistribution for DarkRooms {
    type Task = DarkRoomTask;

    fn name(&self) -> String {
        "dark-room/uniform@1".to_owned()
    }

    fn sample(&self, rng: &mut Rng) -> DarkRoomTask {
        DarkRoomTask {
            goal: anywhere(SIZE, rng),
        }
    }
}

/// A batch of walkers in dark rooms of 10 × 10: the goal shows itself by nothing but its reward.
///
/// | | |
/// |---|---|
/// | observation | column and row |
/// | action | stay, up, right, down, left; walls stop ([`Move`]) |
/// | start | cell (0, 0) |
/// | reward | 1 on the goal, 0 elsewhere |
/// | truncated | after 100 steps |
///
/// Who knows the goal earns `101 − d` at a distance of `d ≥ 1` steps, 91.99 on average.
///
/// # References
///
/// Laskin et al., *In-context Reinforcement Learning with Algorithm Distillation*, 2022,
/// [arXiv:2210.14215](https://arxiv.org/abs/2210.14215), with the size and the length of Lee et al.,
/// 2023, [arXiv:2306.14892](https://arxiv.org/abs/2306.14892).
pub type DarkRoom = Lanes<DarkRoomProcess>;

/// The process behind [`DarkRoom`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DarkRoomProcess;

impl Process for DarkRoomProcess {
    type Task = DarkRoomTask;
    type Model = Cell;
    type State = Cell;
    type ObservationSpace = Continuous<2>;
    type ActionSpace = Discrete<5>;

    const NAME: &'static str = "dark-room";

    fn observation_space(&self) -> Continuous<2> {
        coordinates(SIZE)
    }

    fn action_space(&self) -> Discrete<5> {
        Discrete
    }

    fn max_steps(&self) -> Option<u32> {
        Some(100)
    }

    fn model(&self, task: &DarkRoomTask) -> Result<Cell, Error> {
        check_goal(task.goal, SIZE, "a cell of the 10 × 10")?;
        Ok(task.goal)
    }

    #[inline]
    fn start(&self, _: &Cell, _: &mut Rng) -> Cell {
        [0, 0]
    }

    #[inline]
    fn observe(&self, _: &Cell, cell: &Cell) -> [f32; 2] {
        seen(*cell)
    }

    #[inline]
    fn advance(&self, goal: &Cell, cell: &mut Cell, action: &usize, _: &mut Rng) -> Outcome {
        *cell = Move::of(*action).from(*cell, SIZE);
        Outcome {
            reward: f32::from(u8::from(cell == goal)),
            terminated: false,
        }
    }
}

impl Draw for DarkRoomProcess {
    fn draw(&self, goal: &Cell, walker: &Cell, _: Option<&usize>) -> Picture {
        room(SIZE, *goal, *walker)
    }
}
