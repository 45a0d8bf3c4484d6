//! Pictures as SVG.

use std::fmt::{self, Display, Formatter, Write as _};

use super::{Color, Picture, Point, Shape};

/// Width of a picture in pixels.
const WIDTH: f32 = 480.0;
/// No picture is higher.
const MOST_HEIGHT: f32 = 480.0;
const MARGIN: f32 = 8.0;

/// Eight that are told apart without seeing red and green apart (Okabe and Ito), and two lighter ones.
const KINDS: [&str; 10] = [
    "#d55e00", "#009e73", "#0072b2", "#cc79a7", "#f0e442", "#777777", "#e69f00", "#d9dde1",
    "#a6761d", "#56b4e9",
];

impl Color {
    fn hex(self) -> &'static str {
        match self {
            Self::Ink => "#222222",
            Self::Muted => "#9aa5b1",
            Self::Faint => "#e4e8ec",
            Self::Agent => "#0072b2",
            Self::Goal => "#009e73",
            Self::Danger => "#d55e00",
            Self::Action => "#e69f00",
            Self::Kind(kind) => KINDS[usize::from(kind) % KINDS.len()],
        }
    }
}

impl Picture {
    /// The picture as a file.
    #[must_use]
    pub fn svg(&self) -> String {
        self.document(&self.body())
    }

    /// The shapes alone.
    pub(super) fn body(&self) -> String {
        let view = View::of(self);
        let mut body = String::new();
        for shape in &self.shapes {
            // Writing to a string does not fail.
            let _ = writeln!(body, "{}", Placed { view: &view, shape });
        }
        body
    }

    /// A file of the picture's size around a body.
    pub(super) fn document(&self, body: &str) -> String {
        let View { width, height, .. } = View::of(self);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" \
             width=\"{width:.0}\" height=\"{height:.0}\" font-family=\"sans-serif\">\n\
             <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n{body}</svg>\n"
        )
    }
}

/// How the plane becomes pixels.
struct View {
    low: Point,
    scale: f32,
    width: f32,
    height: f32,
}

impl View {
    fn of(picture: &Picture) -> Self {
        let [wide, high] =
            [0, 1].map(|i| (picture.high[i] - picture.low[i]).max(f32::MIN_POSITIVE));
        let scale = (WIDTH / wide).min(MOST_HEIGHT / high);
        Self {
            low: picture.low,
            scale,
            width: wide * scale + 2.0 * MARGIN,
            height: high * scale + 2.0 * MARGIN,
        }
    }

    fn place(&self, [x, y]: Point) -> Point {
        [
            MARGIN + (x - self.low[0]) * self.scale,
            self.height - MARGIN - (y - self.low[1]) * self.scale,
        ]
    }
}

struct Placed<'a> {
    view: &'a View,
    shape: &'a Shape,
}

impl Placed<'_> {
    fn points(&self, points: &[Point]) -> String {
        let place = |point: &Point| {
            let [x, y] = self.view.place(*point);
            format!("{x:.1},{y:.1}")
        };
        points.iter().map(place).collect::<Vec<_>>().join(" ")
    }
}

impl Display for Placed<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let scale = self.view.scale;
        match self.shape {
            Shape::Line {
                points,
                width,
                color,
            } => write!(
                f,
                "<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{:.1}\" \
                 stroke-linecap=\"round\" stroke-linejoin=\"round\"/>",
                self.points(points),
                color.hex(),
                (width * scale).max(0.5),
            ),
            Shape::Polygon { points, color } => write!(
                f,
                "<polygon points=\"{}\" fill=\"{}\"/>",
                self.points(points),
                color.hex(),
            ),
            Shape::Disc {
                center,
                radius,
                color,
            } => {
                let [x, y] = self.view.place(*center);
                let (r, fill) = (radius * scale, color.hex());
                write!(
                    f,
                    "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{r:.1}\" fill=\"{fill}\"/>"
                )
            }
            Shape::Text { at, size, text } => {
                let [x, y] = self.view.place(*at);
                let size = size * scale;
                write!(
                    f,
                    "<text x=\"{x:.1}\" y=\"{y:.1}\" font-size=\"{size:.1}\" fill=\"{}\" \
                     text-anchor=\"middle\" dominant-baseline=\"central\">{}</text>",
                    Color::Ink.hex(),
                    escaped(text),
                )
            }
        }
    }
}

/// Text that stands in markup for itself.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
