//! Boards of ten by ten cells, one bit a cell.

use std::fmt::{Debug, Formatter};
use std::ops::{BitAnd, BitOr, BitOrAssign};

use metarl_core::{Rng, Space};
use rand::Rng as _;
use serde::{Deserialize, Serialize};

/// Rows of a board, and columns.
pub const SIZE: i8 = 10;

/// How many cells a board has.
pub const N_CELLS: usize = 100;

/// A place on the board, or next to it: rows count downwards from 0, columns to the right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Cell {
    /// From 0 at the top.
    pub row: i8,
    /// From 0 on the left.
    pub column: i8,
}

impl Cell {
    /// The cell of a row and a column.
    #[must_use]
    pub const fn new(row: i8, column: i8) -> Self {
        Self { row, column }
    }

    /// So many rows down and columns to the right.
    pub(super) const fn moved(self, down: i8, right: i8) -> Self {
        Self::new(self.row + down, self.column + right)
    }

    pub(super) const fn is_on_board(self) -> bool {
        0 <= self.row && self.row < SIZE && 0 <= self.column && self.column < SIZE
    }
}

/// A set of cells of the board. It is written as two numbers of 64 bits, the low ones first: not all
/// formats know longer ones.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(from = "[u64; 2]", into = "[u64; 2]")]
pub struct Cells(u128);

impl From<Cells> for [u64; 2] {
    fn from(Cells(bits): Cells) -> Self {
        [bits as u64, (bits >> 64) as u64]
    }
}

impl From<[u64; 2]> for Cells {
    /// Bits that are no cell's are left out.
    fn from([low, high]: [u64; 2]) -> Self {
        Self(u128::from(high) << 64 | u128::from(low)) & Self::ALL
    }
}

impl Cells {
    /// No cell.
    pub const NONE: Self = Self(0);
    /// The whole board.
    pub(super) const ALL: Self = Self((1 << N_CELLS) - 1);
    /// The cells of the last row.
    pub(super) const LAST_ROW: Self = Self::block(Cell::new(SIZE - 1, 0), 1, SIZE);

    /// One cell, or none where it is off the board.
    #[must_use]
    #[inline]
    pub const fn of(cell: Cell) -> Self {
        if cell.is_on_board() {
            Self(1 << (SIZE * cell.row + cell.column))
        } else {
            Self::NONE
        }
    }

    /// A block of cells: so many rows and columns from a corner, all of them on the board.
    pub(super) const fn block(corner: Cell, n_rows: i8, n_columns: i8) -> Self {
        let row = ((1 << n_columns) - 1) << (SIZE * corner.row + corner.column);
        let (mut block, mut i) = (0, 0);
        while i < n_rows {
            block |= row << (SIZE * i);
            i += 1;
        }
        Self(block)
    }

    /// The cells of a column.
    pub(super) const fn column(column: i8) -> Self {
        Self::block(Cell::new(0, column), SIZE, 1)
    }

    /// Whether the cell is one of them; one off the board never is.
    #[must_use]
    #[inline]
    pub const fn contains(self, cell: Cell) -> bool {
        self.0 & Self::of(cell).0 != 0
    }

    /// How many cells there are.
    #[must_use]
    pub const fn len(self) -> u32 {
        self.0.count_ones()
    }

    /// Whether there is no cell.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The number with bit `10 row + column` set for each of the cells.
    #[must_use]
    pub const fn bits(self) -> u128 {
        self.0
    }

    /// All of them one row up; those of the first row leave.
    pub(super) const fn up(self) -> Self {
        Self(self.0 >> SIZE)
    }

    /// All of them one row down; those of the last row leave.
    pub(super) const fn down(self) -> Self {
        Self((self.0 << SIZE) & Self::ALL.0)
    }

    /// Those of the last row, in the first.
    pub(super) const fn at_top(self) -> Self {
        Self(self.0 >> (SIZE * (SIZE - 1)))
    }

    /// All of them one column to the left; none may be at the left edge.
    pub(super) const fn left(self) -> Self {
        Self(self.0 >> 1)
    }

    /// All of them one column to the right; none may be at the right edge.
    pub(super) const fn right(self) -> Self {
        Self(self.0 << 1)
    }

    /// The last of them, row after row.
    pub(super) const fn lowest(self) -> Self {
        match self.0.checked_ilog2() {
            Some(bit) => Self(1 << bit),
            None => Self::NONE,
        }
    }

    /// Those that are not cells of `others`.
    pub(super) const fn without(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }
}

impl BitOr for Cells {
    type Output = Self;

    fn bitor(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }
}

impl BitOrAssign for Cells {
    fn bitor_assign(&mut self, others: Self) {
        self.0 |= others.0;
    }
}

impl BitAnd for Cells {
    type Output = Self;

    fn bitand(self, others: Self) -> Self {
        Self(self.0 & others.0)
    }
}

impl Debug for Cells {
    /// As `{(row, column), …}`.
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let cells = (0..SIZE).flat_map(|row| (0..SIZE).map(move |column| (row, column)));
        let set = cells.filter(|(row, column)| self.contains(Cell::new(*row, *column)));
        f.debug_set().entries(set).finish()
    }
}

/// What is seen of a game: one set of cells for each kind of object.
pub type Board<const CHANNELS: usize> = [Cells; CHANNELS];

/// All boards of so many channels.
///
/// A board takes 16 bytes a channel, a twenty-fifth of the numbers it is encoded as, which is what a
/// rollout saves.
///
/// # Examples
///
/// ```
/// use metarl_core::Space;
/// use metarl_envs::min_atar::{Boards, Cell, Cells};
///
/// let board = [Cells::NONE, Cells::of(Cell::new(2, 7))];
/// let mut numbers = [0.5; 200];
/// Boards::<2>::encode(&board, &mut numbers);
/// assert_eq!(numbers[127], 1.0);
/// assert_eq!(numbers.iter().sum::<f32>(), 1.0);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Boards<const CHANNELS: usize>;

impl<const CHANNELS: usize> Space for Boards<CHANNELS> {
    type Element = Board<CHANNELS>;
    const WIDTH: usize = CHANNELS * N_CELLS;

    fn zero(&self) -> Board<CHANNELS> {
        [Cells::NONE; CHANNELS]
    }

    fn contains(&self, _: &Board<CHANNELS>) -> bool {
        true
    }

    fn describe(&self) -> String {
        format!("of {CHANNELS} boards of {SIZE} × {SIZE} cells")
    }

    fn sample(&self, rng: &mut Rng) -> Board<CHANNELS> {
        std::array::from_fn(|_| {
            let bits = u128::from(rng.next_u64()) << 64 | u128::from(rng.next_u64());
            Cells(bits) & Cells::ALL
        })
    }

    /// Channel after channel, each row after row: 1 where there is something, 0 elsewhere.
    fn encode(board: &Board<CHANNELS>, out: &mut [f32]) {
        assert_eq!(out.len(), Self::WIDTH, "a number a cell");
        out.fill(0.0);
        for (cells, out) in board.iter().zip(out.chunks_exact_mut(N_CELLS)) {
            let mut left = cells.0;
            while left != 0 {
                out[left.trailing_zeros() as usize] = 1.0;
                left &= left - 1;
            }
        }
    }
}
