//! Things that lie about.

use std::fmt::{Display, Formatter};

use serde::{Deserialize, Serialize};

/// What a thing looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    /// A ball.
    Ball,
    /// A square.
    Square,
    /// A pyramid.
    Pyramid,
    /// A key.
    Key,
    /// A star.
    Star,
    /// A hexagon.
    Hexagon,
    /// A pad: it can be walked on and not be picked up.
    Pad,
}

impl Shape {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Ball,
        Self::Square,
        Self::Pyramid,
        Self::Key,
        Self::Star,
        Self::Hexagon,
        Self::Pad,
    ];
}

/// Its color.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Color {
    /// Red.
    Red,
    /// Green.
    Green,
    /// Blue.
    Blue,
    /// Purple.
    Purple,
    /// Yellow.
    Yellow,
    /// Gray.
    Gray,
    /// Orange.
    Orange,
    /// White.
    White,
    /// Brown.
    Brown,
    /// Pink.
    Pink,
}

impl Color {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Red,
        Self::Green,
        Self::Blue,
        Self::Purple,
        Self::Yellow,
        Self::Gray,
        Self::Orange,
        Self::White,
        Self::Brown,
        Self::Pink,
    ];
}

/// A thing. Two that look the same are the same to every rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Object {
    /// What it looks like.
    pub shape: Shape,
    /// Its color.
    pub color: Color,
}

impl Object {
    /// Whether it can be picked up; what can not be can be walked on.
    #[must_use]
    pub fn is_portable(self) -> bool {
        self.shape != Shape::Pad
    }

    /// In words, with an article.
    pub(super) fn with_article(self) -> String {
        let article = if self.color == Color::Orange {
            "an"
        } else {
            "a"
        };
        format!("{article} {self}")
    }

    /// Every thing that can be picked up: six shapes in ten colors.
    pub fn portable() -> impl Iterator<Item = Self> {
        let of = |shape| Color::ALL.map(|color| Self { shape, color });
        let all = Shape::ALL.into_iter().flat_map(of);
        all.filter(|object| object.is_portable())
    }
}

impl Display for Object {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let Self { shape, color } = self;
        let words = format!("{color:?} {shape:?}").to_lowercase();
        f.write_str(&words)
    }
}
