//! Where the games' chance comes from.

use std::collections::VecDeque;

use metarl_core::{Error, Rng};
use rand::{Rng as _, RngExt};
use serde::{Deserialize, Serialize};

/// Random numbers as the games ask for them, one after the other.
///
/// A game is its rules and these numbers, nothing else: with the same ones it is played again, whoever
/// drew them. A lane draws from its [`Rng`], a comparison with another implementation from a
/// [`Replay`].
pub trait Draws {
    /// Uniform in `[0, 1)`.
    fn unit(&mut self) -> f64;

    /// Uniform in `0 … n − 1`.
    fn below(&mut self, n: u8) -> u8;
}

impl Draws for Rng {
    #[inline]
    fn unit(&mut self) -> f64 {
        self.random()
    }

    /// The high half of a product with 32 random bits.
    #[inline]
    fn below(&mut self, n: u8) -> u8 {
        ((u64::from(self.next_u32()) * u64::from(n)) >> 32) as u8
    }
}

/// A number that was drawn. Written down, a unit is a number and a choice is `[n, value]`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Draw {
    /// What [`Draws::unit`] gave.
    Unit(f64),
    /// `n`, and what [`Draws::below`] gave for it.
    Below(u8, u8),
}

/// Numbers drawn elsewhere, given out again in their order.
///
/// Asked for a number of another kind, or for more than there are, it gives 0 and remembers it;
/// [`finish`](Replay::finish) tells.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Replay {
    left: VecDeque<Draw>,
    wrong: Option<String>,
}

impl Replay {
    /// These numbers, first to last.
    pub fn new(draws: impl IntoIterator<Item = Draw>) -> Self {
        Self {
            left: draws.into_iter().collect(),
            wrong: None,
        }
    }

    /// Whether each number was asked for as it was drawn, and none is left.
    ///
    /// # Errors
    ///
    /// [`Error::Environment`] with the first difference.
    pub fn finish(self) -> Result<(), Error> {
        let left = self.left.front();
        let left = left.map(|draw| format!("{draw:?} was drawn and never asked for"));
        match self.wrong.or(left) {
            None => Ok(()),
            Some(wrong) => Err(Error::Environment(wrong)),
        }
    }

    fn mismatch(&mut self, asked: &str, drawn: Option<Draw>) {
        self.wrong
            .get_or_insert_with(|| format!("{asked} was asked for where {drawn:?} was drawn"));
    }
}

impl Draws for Replay {
    fn unit(&mut self) -> f64 {
        match self.left.pop_front() {
            Some(Draw::Unit(x)) => x,
            drawn => {
                self.mismatch("a unit", drawn);
                0.0
            }
        }
    }

    fn below(&mut self, n: u8) -> u8 {
        match self.left.pop_front() {
            Some(Draw::Below(m, x)) if m == n && x < n => x,
            drawn => {
                self.mismatch(&format!("a number below {n}"), drawn);
                0
            }
        }
    }
}
