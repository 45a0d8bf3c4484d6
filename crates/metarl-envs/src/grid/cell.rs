//! Squares of a room.

use metarl_core::{Continuous, Error, Rng, check_range};
use rand::RngExt;
use serde::{Deserialize, Serialize};

use crate::draw::{Board, Color, Picture};

/// Column and row, from 0.
pub type Cell = [u8; 2];

/// What a walker in a room can do; the number of an action is its place here.
///
/// | action | 0 | 1 | 2 | 3 | 4 |
/// |---|---|---|---|---|---|
/// | | stay | up (row + 1) | right (column + 1) | down | left |
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Move {
    /// Stays where it is.
    Stay,
    /// To the next row.
    Up,
    /// To the next column.
    Right,
    /// To the previous row.
    Down,
    /// To the previous column.
    Left,
}

impl Move {
    /// The move of an action; every number above 3 is the last.
    #[must_use]
    pub fn of(action: usize) -> Self {
        match action {
            0 => Self::Stay,
            1 => Self::Up,
            2 => Self::Right,
            3 => Self::Down,
            _ => Self::Left,
        }
    }

    /// A shortest way's next action, columns first.
    #[must_use]
    pub fn towards([from_x, from_y]: Cell, [to_x, to_y]: Cell) -> usize {
        let toward = if from_x < to_x {
            Self::Right
        } else if from_x > to_x {
            Self::Left
        } else if from_y < to_y {
            Self::Up
        } else if from_y > to_y {
            Self::Down
        } else {
            Self::Stay
        };
        toward as usize
    }

    /// The cell it leads to in a room of `size × size`; walls stop.
    pub(super) fn from(self, [x, y]: Cell, size: u8) -> Cell {
        match self {
            Self::Stay => [x, y],
            Self::Up => [x, (y + 1).min(size - 1)],
            Self::Right => [(x + 1).min(size - 1), y],
            Self::Down => [x, y.saturating_sub(1)],
            Self::Left => [x.saturating_sub(1), y],
        }
    }
}

/// A cell of a room of `size × size`, uniform.
pub(super) fn anywhere(size: u8, rng: &mut Rng) -> Cell {
    [0; 2].map(|_: u8| rng.random_range(0..size))
}

/// Checks that a goal is a cell of a room of `size × size`, which `allowed` says in words.
pub(super) fn check_goal(goal: Cell, size: u8, allowed: &'static str) -> Result<(), Error> {
    let within = goal.iter().all(|c| *c < size);
    check_range("goal", allowed, format_args!("{goal:?}"), within)
}

/// Coordinates of the cells of a room of `size × size`.
pub(super) fn coordinates(size: u8) -> Continuous<2> {
    Continuous {
        low: 0.0,
        high: f32::from(size - 1),
    }
}

/// What is seen of a cell: its coordinates.
pub(super) fn seen(cell: Cell) -> [f32; 2] {
    cell.map(f32::from)
}

/// A room of `size × size` with its goal and its walker.
pub(super) fn room(size: u8, goal: Cell, walker: Cell) -> Picture {
    let place = |cell: Cell| cell.map(usize::from);
    Board::new(size.into(), size.into())
        .fill(place(goal), Color::Goal)
        .disc(place(walker), Color::Agent)
        .picture()
}
