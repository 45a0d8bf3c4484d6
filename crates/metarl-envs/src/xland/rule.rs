//! What is looked for, and what becomes of things.

use std::fmt::{Display, Formatter};

use serde::{Deserialize, Serialize};

use super::object::Object;
use crate::grid::{Cell, Direction};

/// Where one thing is, seen from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// On any of the four sides.
    Any,
    /// In the next row.
    Up,
    /// In the next column.
    Right,
    /// In the previous row.
    Down,
    /// In the previous column.
    Left,
}

impl Side {
    /// All five.
    pub const ALL: [Self; 5] = [Self::Any, Self::Up, Self::Right, Self::Down, Self::Left];

    /// Whether a direction is this side's.
    #[must_use]
    #[inline]
    pub fn is(self, direction: Direction) -> bool {
        match self {
            Self::Any => true,
            Self::Up => direction == Direction::Up,
            Self::Right => direction == Direction::Right,
            Self::Down => direction == Direction::Down,
            Self::Left => direction == Direction::Left,
        }
    }
}

impl Display for Side {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Any => "next to",
            Self::Up => "right above",
            Self::Right => "to the right of",
            Self::Down => "right below",
            Self::Left => "to the left of",
        })
    }
}

/// What makes a rule fire, or a goal be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Condition {
    /// The agent holds a thing.
    Holds {
        /// The thing.
        object: Object,
    },
    /// A thing is next to the agent.
    AgentNear {
        /// The thing.
        object: Object,
        /// Where it is, seen from the agent.
        side: Side,
    },
    /// Two things are next to each other, and the agent has just put one of them there.
    Near {
        /// One thing.
        object: Object,
        /// The other.
        neighbor: Object,
        /// Where the one is, seen from the other.
        side: Side,
    },
}

impl Condition {
    /// The things it is about.
    pub fn objects(self) -> impl Iterator<Item = Object> {
        let (object, neighbor) = match self {
            Self::Holds { object } | Self::AgentNear { object, .. } => (object, None),
            Self::Near {
                object, neighbor, ..
            } => (object, Some(neighbor)),
        };
        std::iter::once(object).chain(neighbor)
    }
}

impl Display for Condition {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Holds { object } => write!(f, "you hold {}", object.with_article()),
            Self::AgentNear { object, side } => {
                write!(f, "{} is {side} you", object.with_article())
            }
            Self::Near {
                object,
                neighbor,
                side,
            } => {
                let [object, neighbor] = [object, neighbor].map(|object| object.with_article());
                write!(f, "{object} is put {side} {neighbor}")
            }
        }
    }
}

/// A production rule. What it is about is used up by what it becomes: the thing itself, and its neighbor
/// disappears.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// When it fires.
    pub when: Condition,
    /// What the (first) thing becomes.
    pub becomes: Object,
}

impl Display for Rule {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let verb = match self.when {
            Condition::Near { .. } => "both become",
            _ => "it becomes",
        };
        let product = self.becomes.with_article();
        write!(f, "When {}, {verb} {product}.", self.when)
    }
}

/// What ends an episode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Goal {
    /// What a rule could wait for, too.
    Condition(Condition),
    /// The agent stands on a pad.
    On {
        /// The pad.
        object: Object,
    },
    /// The agent is in a place.
    At {
        /// The place.
        cell: Cell,
    },
    /// A thing is in a place.
    ObjectAt {
        /// The thing.
        object: Object,
        /// The place.
        cell: Cell,
    },
}

impl Display for Goal {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Condition(condition) => write!(f, "{condition}"),
            Self::On { object } => write!(f, "you stand on {}", object.with_article()),
            Self::At { cell: [x, y] } => write!(f, "you are in column {x}, row {y}"),
            Self::ObjectAt {
                object,
                cell: [x, y],
            } => {
                write!(f, "{} is in column {x}, row {y}", object.with_article())
            }
        }
    }
}
