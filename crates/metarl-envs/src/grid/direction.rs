//! The four ways to go.

use serde::{Deserialize, Serialize};

use super::cell::Cell;

/// A way to go, or to look; its number is its place here.
///
/// | | 0 | 1 | 2 | 3 |
/// |---|---|---|---|---|
/// | | up (row + 1) | right (column + 1) | down | left |
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// To the next row.
    Up,
    /// To the next column.
    Right,
    /// To the previous row.
    Down,
    /// To the previous column.
    Left,
}

impl Direction {
    /// All four, clockwise.
    pub const ALL: [Self; 4] = [Self::Up, Self::Right, Self::Down, Self::Left];

    /// The direction of a number, which counts on clockwise after the last.
    #[must_use]
    #[inline]
    pub const fn of(number: usize) -> Self {
        Self::ALL[number % 4]
    }

    /// A quarter turn to the right.
    #[must_use]
    #[inline]
    pub const fn clockwise(self) -> Self {
        Self::of(self as usize + 1)
    }

    /// Half a turn.
    #[must_use]
    #[inline]
    pub const fn opposite(self) -> Self {
        Self::of(self as usize + 2)
    }

    /// A quarter turn to the left.
    #[must_use]
    #[inline]
    pub const fn counterclockwise(self) -> Self {
        Self::of(self as usize + 3)
    }

    /// The cell next to another; below the first row or column is the last there could be.
    #[must_use]
    #[inline]
    pub const fn from(self, [x, y]: Cell) -> Cell {
        match self {
            Self::Up => [x, y.wrapping_add(1)],
            Self::Right => [x.wrapping_add(1), y],
            Self::Down => [x, y.wrapping_sub(1)],
            Self::Left => [x.wrapping_sub(1), y],
        }
    }
}
