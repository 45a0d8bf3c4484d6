//! Pictures made of square cells, and of bars.

use super::{Color, Picture, Point};

/// A board of unit cells, the first one in the lower left corner.
pub(crate) struct Board {
    picture: Picture,
}

impl Board {
    pub(crate) fn new(columns: usize, rows: usize) -> Self {
        let (width, height) = (columns as f32, rows as f32);
        let mut picture = Picture::new([0.0, 0.0], [width, height]);
        for x in (0..=columns).map(|x| x as f32) {
            picture = picture.line([[x, 0.0], [x, height]], 0.02, Color::Faint);
        }
        for y in (0..=rows).map(|y| y as f32) {
            picture = picture.line([[0.0, y], [width, y]], 0.02, Color::Faint);
        }
        Self { picture }
    }

    /// Fills a cell.
    pub(crate) fn fill(self, [x, y]: [usize; 2], color: Color) -> Self {
        let [x, y] = [x as f32, y as f32];
        Self {
            picture: self
                .picture
                .rectangle([x + 0.04, y + 0.04], [x + 0.96, y + 0.96], color),
        }
    }

    /// Puts a disc into a cell.
    pub(crate) fn disc(self, cell: [usize; 2], color: Color) -> Self {
        Self {
            picture: self.picture.disc(center(cell), 0.34, color),
        }
    }

    /// Writes into a cell.
    pub(crate) fn text(self, cell: [usize; 2], text: impl Into<String>) -> Self {
        Self {
            picture: self.picture.text(center(cell), 0.5, text),
        }
    }

    pub(crate) fn picture(self) -> Picture {
        self.picture
    }

    /// Columns of a bar chart, each a number between `low` and `high`; one may be marked.
    pub(crate) fn bars(numbers: &[f64], [low, high]: [f64; 2], marked: Option<usize>) -> Picture {
        let top = 4.0;
        let height = |x: f64| (top * ((x - low) / (high - low)).clamp(0.0, 1.0)) as f32;
        let floor = height(0.0);
        let right = numbers.len() as f32;
        let mut picture = Picture::new([0.0, -0.6], [right, top as f32 + 0.2]);
        for (idx, number) in numbers.iter().enumerate() {
            let x = idx as f32;
            let color = if marked == Some(idx) {
                Color::Action
            } else {
                Color::Muted
            };
            picture = picture
                .rectangle([x + 0.12, 0.0], [x + 0.88, top as f32], Color::Faint)
                .rectangle([x + 0.12, floor], [x + 0.88, height(*number)], color)
                .text([x + 0.5, -0.3], 0.3, format!("{number:.2}"));
        }
        picture.line([[0.0, floor], [right, floor]], 0.03, Color::Ink)
    }
}

fn center([x, y]: [usize; 2]) -> Point {
    [x as f32 + 0.5, y as f32 + 0.5]
}
