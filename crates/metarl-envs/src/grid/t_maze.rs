//! A corridor with a choice at its end.

use metarl_core::{Discrete, Error, Lanes, Outcome, Process, Rng, TaskDistribution, check_range};
use rand::RngExt;
use serde::{Deserialize, Serialize};

use crate::draw::{Board, Color, Draw, Picture};

/// Where the prize is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Arm {
    /// In the upper arm.
    Up,
    /// In the lower arm.
    Down,
}

/// A corridor and its prize.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TMazeTask {
    /// Steps from the start to the junction, 1 to 100.
    pub length: u32,
    /// Where the prize is.
    pub prize: Arm,
    /// Whether the start shows where. With a sign it is a task for a memory within an episode, without
    /// one for a memory across episodes.
    pub sign: bool,
}

/// Corridors of one length with the prize in either arm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TMazes {
    /// Steps from the start to the junction, 1 to 100.
    pub length: u32,
    /// Whether the start shows where the prize is.
    pub sign: bool,
}

impl TaskDistribution for TMazes {
    type Task = TMazeTask;

    fn name(&self) -> String {
        let sign = if self.sign { "sign" } else { "no-sign" };
        format!("t-maze/{}-{sign}@1", self.length)
    }

    fn sample(&self, rng: &mut Rng) -> TMazeTask {
        TMazeTask {
            length: self.length,
            prize: if rng.random() { Arm::Up } else { Arm::Down },
            sign: self.sign,
        }
    }
}

/// A batch of T-mazes.
///
/// | observation | 0 | 1 | 2 | 3 |
/// |---|---|---|---|---|
/// | | start, prize above | start, prize below | corridor | junction |
///
/// | | |
/// |---|---|
/// | action | up, right, down, left |
/// | start | at the left end; without a sign it looks like the corridor |
/// | reward | 4 for the right arm; −0.1 for the wrong one, and for running into a wall |
/// | terminated | in either arm |
/// | truncated | after 200 steps |
///
/// Who knows the prize earns 4.
///
/// # References
///
/// Bakker, *Reinforcement Learning with Long Short-Term Memory*, 2001.
pub type TMaze = Lanes<TMazeProcess>;

/// The process behind [`TMaze`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TMazeProcess;

/// Where a walker of a [`TMaze`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TMazeState {
    /// This far from the left end.
    Corridor(u32),
    /// In an arm.
    Arm(Arm),
}

impl Process for TMazeProcess {
    type Task = TMazeTask;
    type Model = TMazeTask;
    type State = TMazeState;
    type ObservationSpace = Discrete<4>;
    type ActionSpace = Discrete<4>;

    const NAME: &'static str = "t-maze";

    fn observation_space(&self) -> Discrete<4> {
        Discrete
    }

    fn action_space(&self) -> Discrete<4> {
        Discrete
    }

    fn max_steps(&self) -> Option<u32> {
        Some(200)
    }

    fn model(&self, task: &TMazeTask) -> Result<TMazeTask, Error> {
        let allowed = (1..=100).contains(&task.length);
        check_range("length", "between 1 and 100", task.length, allowed)?;
        Ok(*task)
    }

    #[inline]
    fn start(&self, _: &TMazeTask, _: &mut Rng) -> TMazeState {
        TMazeState::Corridor(0)
    }

    /// An arm looks like the junction it was reached from.
    #[inline]
    fn observe(&self, task: &TMazeTask, state: &TMazeState) -> usize {
        match (*state, task.sign, task.prize) {
            (TMazeState::Corridor(0), true, Arm::Up) => 0,
            (TMazeState::Corridor(0), true, Arm::Down) => 1,
            (TMazeState::Corridor(at), ..) if at < task.length => 2,
            _ => 3,
        }
    }

    #[inline]
    fn advance(
        &self,
        task: &TMazeTask,
        state: &mut TMazeState,
        action: &usize,
        _: &mut Rng,
    ) -> Outcome {
        let stuck = Outcome {
            reward: -0.1,
            terminated: false,
        };
        let moved = Outcome {
            reward: 0.0,
            terminated: false,
        };
        let TMazeState::Corridor(at) = *state else {
            return stuck;
        };
        let junction = at >= task.length;
        let arm = match action {
            0 => Arm::Up,
            2 => Arm::Down,
            1 if !junction => {
                *state = TMazeState::Corridor(at + 1);
                return moved;
            }
            3 if at > 0 => {
                *state = TMazeState::Corridor(at - 1);
                return moved;
            }
            _ => return stuck,
        };
        if !junction {
            return stuck;
        }
        *state = TMazeState::Arm(arm);
        Outcome {
            reward: if arm == task.prize { 4.0 } else { -0.1 },
            terminated: true,
        }
    }
}

impl Draw for TMazeProcess {
    /// The junction is at the right; a sign shows the prize's side above or below the start.
    fn draw(&self, task: &TMazeTask, state: &TMazeState, _: Option<&usize>) -> Picture {
        let end = task.length as usize;
        let row = |arm: Arm| match arm {
            Arm::Up => 2,
            Arm::Down => 0,
        };
        let mut board = Board::new(end + 1, 3)
            .fill([end, row(task.prize)], Color::Goal)
            .disc(
                match *state {
                    TMazeState::Corridor(at) => [at as usize, 1],
                    TMazeState::Arm(arm) => [end, row(arm)],
                },
                Color::Agent,
            );
        for column in 0..end {
            board = board
                .fill([column, 0], Color::Muted)
                .fill([column, 2], Color::Muted);
        }
        if task.sign {
            board = board.text([0, row(task.prize)], "sign");
        }
        board.picture()
    }
}
