//! Where the walls are.

use std::fmt::{Display, Formatter};

use metarl_core::{Error, Rng, check_range};
use rand::RngExt;
use serde::{Deserialize, Serialize};

use crate::grid::cell::{Cell, anywhere};
use crate::grid::direction::Direction;

/// Columns, and rows, of the largest layout.
pub(super) const LARGEST: usize = 9;

/// Square cells with walls between some of them, and all around.
///
/// [`Display`] draws it, the first row at the bottom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MazeLayout {
    /// Columns, and rows: 2 to 9.
    pub size: u8,
    /// For each row the columns, as bits, from which a passage leads to the right.
    pub right: [u16; LARGEST],
    /// For each row the columns, as bits, from which a passage leads up.
    pub up: [u16; LARGEST],
}

impl MazeLayout {
    /// A perfect maze, in which one way leads from each cell to each other, by randomized depth-first
    /// search: walk to a random neighbor never visited, and back where there is none.
    ///
    /// Of the usual algorithms it makes the longest corridors and the fewest dead ends.
    ///
    /// # References
    ///
    /// Buck, *Mazes for Programmers*, 2015, chapter 5, where it is called the recursive backtracker.
    #[must_use]
    pub fn depth_first(size: u8, rng: &mut Rng) -> Self {
        let size = size.clamp(2, LARGEST as u8);
        let mut layout = Self {
            size,
            right: [0; LARGEST],
            up: [0; LARGEST],
        };
        let mut way = vec![anywhere(size, rng)];
        let mut visited = [[false; LARGEST]; LARGEST];
        while let Some(&at) = way.last() {
            let [x, y] = at.map(usize::from);
            visited[y][x] = true;
            let mut fresh = [Direction::Up; 4];
            let mut n_fresh = 0;
            for direction in Direction::ALL {
                let [x, y] = direction.from(at);
                if x < size && y < size && !visited[usize::from(y)][usize::from(x)] {
                    fresh[n_fresh] = direction;
                    n_fresh += 1;
                }
            }
            if n_fresh == 0 {
                way.pop();
                continue;
            }
            let direction = fresh[rng.random_range(0..n_fresh)];
            layout.open(at, direction);
            way.push(direction.from(at));
        }
        layout
    }

    /// Takes the wall away.
    fn open(&mut self, at: Cell, direction: Direction) {
        let ([x, y], passages) = match direction {
            Direction::Up => (at, &mut self.up),
            Direction::Right => (at, &mut self.right),
            Direction::Down => (direction.from(at), &mut self.up),
            Direction::Left => (direction.from(at), &mut self.right),
        };
        passages[usize::from(y)] |= 1 << x;
    }

    /// Whether a passage leads from a cell to the next. None does outside.
    #[must_use]
    pub fn is_open(&self, at: Cell, direction: Direction) -> bool {
        let ([x, y], passages) = match direction {
            Direction::Up => (at, &self.up),
            Direction::Right => (at, &self.right),
            Direction::Down => (direction.from(at), &self.up),
            Direction::Left => (direction.from(at), &self.right),
        };
        let inside = x.max(y) < self.size.min(LARGEST as u8);
        inside && passages[usize::from(y)] >> x & 1 == 1
    }

    /// Every cell, row by row.
    pub fn cells(&self) -> impl Iterator<Item = Cell> + use<> {
        let size = self.size;
        (0..size).flat_map(move |y| (0..size).map(move |x| [x, y]))
    }

    /// Checks that the size is one and that no passage leads out.
    pub(super) fn check(&self) -> Result<(), Error> {
        let size = usize::from(self.size);
        let allowed = (2..=LARGEST).contains(&size);
        check_range("size of the maze", "between 2 and 9", self.size, allowed)?;
        let leads_out = |row: usize| {
            let (inside, below_the_last) = (1_u16 << size, 1_u16 << (size - 1));
            let (right, up) = (self.right[row], self.up[row]);
            right >= if row < size { below_the_last } else { 1 }
                || up >= if row + 1 < size { inside } else { 1 }
        };
        let row = (0..LARGEST).find(|row| leads_out(*row));
        let got = format_args!("one that leads out of row {}", row.unwrap_or(0));
        check_range("passages", "between cells of the maze", got, row.is_none())
    }
}

impl Display for MazeLayout {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let edge = || "+---".repeat(self.size.into()) + "+";
        write!(f, "{}", edge())?;
        for y in (0..self.size).rev() {
            write!(f, "\n|")?;
            for x in 0..self.size {
                let open = self.is_open([x, y], Direction::Right);
                write!(f, "   {}", if open { ' ' } else { '|' })?;
            }
            writeln!(f)?;
            for x in 0..self.size {
                let open = self.is_open([x, y], Direction::Down);
                write!(f, "+{}", if open { "   " } else { "---" })?;
            }
            write!(f, "+")?;
        }
        Ok(())
    }
}
