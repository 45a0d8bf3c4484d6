//! Shapes in the plane.

/// Where something is, x to the right and y up.
pub type Point = [f32; 2];

/// What a color stands for; how it looks is the business of whoever writes the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Color {
    /// Outlines and words.
    Ink,
    /// What is there but does not matter: ground, tracks.
    Muted,
    /// Grid lines and empty bars.
    Faint,
    /// The one who acts.
    Agent,
    /// What the agent wants.
    Goal,
    /// What the agent should keep away from.
    Danger,
    /// What the agent does: a force, a choice.
    Action,
    /// One of several kinds of things, told apart by their number.
    Kind(u8),
}

/// One shape.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// A line through points.
    Line {
        /// The points.
        points: Vec<Point>,
        /// How thick it is, in the units of the points.
        width: f32,
        /// Its color.
        color: Color,
    },
    /// A filled polygon.
    Polygon {
        /// Its corners.
        points: Vec<Point>,
        /// Its color.
        color: Color,
    },
    /// A filled disc.
    Disc {
        /// Its center.
        center: Point,
        /// Its radius.
        radius: f32,
        /// Its color.
        color: Color,
    },
    /// Words, centered.
    Text {
        /// The middle of the words.
        at: Point,
        /// Height of a line.
        size: f32,
        /// The words.
        text: String,
    },
}

/// Shapes, later ones above earlier ones, and the part of the plane they are seen in.
///
/// # Examples
///
/// ```
/// use metarl_envs::draw::{Color, Picture};
///
/// let picture = Picture::new([-1.0, -1.0], [1.0, 1.0]).disc([0.0, 0.0], 0.5, Color::Goal);
/// assert!(picture.svg().contains("<circle"));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    /// The lower left corner.
    pub low: Point,
    /// The upper right corner.
    pub high: Point,
    /// What is seen.
    pub shapes: Vec<Shape>,
}

impl Picture {
    /// An empty picture of the part of the plane between two corners.
    #[must_use]
    pub fn new(low: Point, high: Point) -> Self {
        Self {
            low,
            high,
            shapes: Vec::new(),
        }
    }

    /// Adds a shape.
    #[must_use]
    pub fn with(mut self, shape: Shape) -> Self {
        self.shapes.push(shape);
        self
    }

    /// Adds a line through points.
    #[must_use]
    pub fn line(self, points: impl Into<Vec<Point>>, width: f32, color: Color) -> Self {
        self.with(Shape::Line {
            points: points.into(),
            width,
            color,
        })
    }

    /// Adds a filled polygon.
    #[must_use]
    pub fn polygon(self, points: impl Into<Vec<Point>>, color: Color) -> Self {
        self.with(Shape::Polygon {
            points: points.into(),
            color,
        })
    }

    /// Adds a filled rectangle between two corners.
    #[must_use]
    pub fn rectangle(self, [x0, y0]: Point, [x1, y1]: Point, color: Color) -> Self {
        self.polygon([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], color)
    }

    /// Adds a filled disc.
    #[must_use]
    pub fn disc(self, center: Point, radius: f32, color: Color) -> Self {
        self.with(Shape::Disc {
            center,
            radius,
            color,
        })
    }

    /// Adds words around a point.
    #[must_use]
    pub fn text(self, at: Point, size: f32, text: impl Into<String>) -> Self {
        self.with(Shape::Text {
            at,
            size,
            text: text.into(),
        })
    }

    /// Adds an arrow from one point to another, its head as long as four widths.
    #[must_use]
    pub fn arrow(self, from: Point, to: Point, width: f32, color: Color) -> Self {
        let [dx, dy] = [to[0] - from[0], to[1] - from[1]];
        let length = dx.hypot(dy);
        if length <= 0.0 {
            return self;
        }
        let head = (4.0 * width).min(length);
        let along = [dx / length * head, dy / length * head];
        let neck = [to[0] - along[0], to[1] - along[1]];
        let aside = [-along[1] / 2.0, along[0] / 2.0];
        self.line([from, neck], width, color).polygon(
            [
                to,
                [neck[0] + aside[0], neck[1] + aside[1]],
                [neck[0] - aside[0], neck[1] - aside[1]],
            ],
            color,
        )
    }
}
