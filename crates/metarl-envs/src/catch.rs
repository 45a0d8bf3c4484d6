//! A falling ball, and a paddle under it.

use metarl_core::{Continuous, Discrete, Error, Lanes, Outcome, Process, Rng, TaskDistribution};
use rand::RngExt;
use serde::{Deserialize, Serialize};

use crate::draw::{Board, Color, Draw, Picture};

const ROWS: usize = 10;
const COLUMNS: usize = 5;
const CELLS: usize = ROWS * COLUMNS;

/// What can differ between two games.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CatchTask {
    /// Whether left is right.
    pub mirrored: bool,
}

/// Games of either kind: always the usual one, or the mirrored one half of the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CatchTasks {
    /// The usual game, always.
    #[default]
    Usual,
    /// Mirrored with probability ½: what the actions do has to be found out.
    Either,
}

impl TaskDistribution for CatchTasks {
    type Task = CatchTask;

    fn name(&self) -> String {
        let family = match self {
            Self::Usual => "usual",
            Self::Either => "either",
        };
        format!("catch/{family}@1")
    }

    fn sample(&self, rng: &mut Rng) -> CatchTask {
        CatchTask {
            mirrored: *self == Self::Either && rng.random(),
        }
    }
}

/// A batch of games in which a ball falls through ten rows and is to be caught.
///
/// | | |
/// |---|---|
/// | observation | the board, 10 rows of 5 cells: 1 for the ball and for the paddle, 0 elsewhere |
/// | action | left, stay, right, of the paddle in the last row |
/// | start | ball in a random column of the first row, paddle in the middle |
/// | reward | 1 for catching it, −1 for missing it, in the last row |
/// | terminated | when the ball is in the last row, after 9 steps |
///
/// # References
///
/// Mnih et al., *Recurrent Models of Visual Attention*, 2014, section 4.2; the size is that of Osband
/// et al., *Behaviour Suite for Reinforcement Learning*, 2020,
/// [arXiv:1908.03568](https://arxiv.org/abs/1908.03568).
pub type Catch = Lanes<CatchProcess>;

/// The process behind [`Catch`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CatchProcess;

/// Where ball and paddle of a [`Catch`] are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CatchState {
    /// Row and column of the ball.
    pub ball: [usize; 2],
    /// Column of the paddle.
    pub paddle: usize,
}

impl Process for CatchProcess {
    type Task = CatchTask;
    type Model = CatchTask;
    type State = CatchState;
    type ObservationSpace = Continuous<CELLS>;
    type ActionSpace = Discrete<3>;

    const NAME: &'static str = "catch";

    fn observation_space(&self) -> Continuous<CELLS> {
        Continuous {
            low: 0.0,
            high: 1.0,
        }
    }

    fn action_space(&self) -> Discrete<3> {
        Discrete
    }

    fn model(&self, task: &CatchTask) -> Result<CatchTask, Error> {
        Ok(*task)
    }

    #[inline]
    fn start(&self, _: &CatchTask, rng: &mut Rng) -> CatchState {
        CatchState {
            ball: [0, rng.random_range(0..COLUMNS)],
            paddle: COLUMNS / 2,
        }
    }

    #[inline]
    fn observe(&self, _: &CatchTask, state: &CatchState) -> [f32; CELLS] {
        let mut board = [0.0; CELLS];
        let [row, column] = state.ball;
        board[row * COLUMNS + column] = 1.0;
        board[(ROWS - 1) * COLUMNS + state.paddle] = 1.0;
        board
    }

    #[inline]
    fn advance(
        &self,
        task: &CatchTask,
        state: &mut CatchState,
        action: &usize,
        _: &mut Rng,
    ) -> Outcome {
        let action = if task.mirrored { 2 - action } else { *action };
        state.paddle = (state.paddle + action).saturating_sub(1).min(COLUMNS - 1);
        state.ball[0] += 1;
        let terminated = state.ball[0] == ROWS - 1;
        let caught = state.ball[1] == state.paddle;
        Outcome {
            reward: match (terminated, caught) {
                (false, _) => 0.0,
                (true, true) => 1.0,
                (true, false) => -1.0,
            },
            terminated,
        }
    }
}

impl Draw for CatchProcess {
    fn draw(&self, _: &CatchTask, state: &CatchState, _: Option<&usize>) -> Picture {
        let [row, column] = state.ball;
        Board::new(COLUMNS, ROWS)
            .fill([state.paddle, 0], Color::Agent)
            .disc([column, ROWS - 1 - row], Color::Goal)
            .picture()
    }
}
