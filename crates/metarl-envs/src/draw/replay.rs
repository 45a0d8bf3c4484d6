//! Episodes to look at again.

use std::fmt::Write as _;

use super::Picture;
use super::svg::escaped;

/// A moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    /// What it looked like.
    pub picture: Picture,
    /// What happened, in a line.
    pub caption: String,
}

/// Moments in a row.
#[derive(Debug, Clone, PartialEq)]
pub struct Replay {
    /// What is played, and by whom.
    pub title: String,
    /// The moments.
    pub frames: Vec<Frame>,
}

/// Of an animated SVG.
const FRAMES_PER_SECOND: f64 = 10.0;
/// How long the last frame stays, in frames.
const PAUSE: f64 = 10.0;

impl Replay {
    /// A page that plays the frames, with a slider, and needs nothing but a browser.
    #[must_use]
    pub fn html(&self) -> String {
        let mut frames = String::new();
        for frame in &self.frames {
            // Writing to a string does not fail.
            let _ = writeln!(
                frames,
                "<figure hidden>{}<figcaption>{}</figcaption></figure>",
                frame.picture.svg(),
                escaped(&frame.caption),
            );
        }
        include_str!("replay.html")
            .replace("{title}", &escaped(&self.title))
            .replace("{frames}", &frames)
    }

    /// One SVG file that plays the frames over and over, ten a second; empty without frames.
    #[must_use]
    pub fn svg(&self) -> String {
        let Some(first) = self.frames.first() else {
            return String::new();
        };
        let length = self.frames.len() as f64 + PAUSE;
        let seconds = length / FRAMES_PER_SECOND;
        let mut body = String::new();
        for (idx, frame) in self.frames.iter().enumerate() {
            let is_last = idx + 1 == self.frames.len();
            let from = idx as f64 / length;
            let to = if is_last {
                1.0
            } else {
                (idx + 1) as f64 / length
            };
            // A frame is seen from `from` to `to` of each round.
            let _ = write!(
                body,
                "<g visibility=\"hidden\"><animate attributeName=\"visibility\" calcMode=\"discrete\" \
                 values=\"hidden;visible;hidden\" keyTimes=\"0;{from:.5};{to:.5}\" \
                 dur=\"{seconds:.1}s\" repeatCount=\"indefinite\"/>\n{}</g>\n",
                frame.picture.body(),
            );
        }
        first.picture.document(&body)
    }
}
