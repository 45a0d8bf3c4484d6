//! A bar to reach.

use serde::{Deserialize, Serialize};

use super::Section;
use crate::Error;

/// A bar to reach, and where it comes from.
///
/// | key | default | meaning |
/// |---|---|---|
/// | `metric` | | what is measured; the system says which there are |
/// | `bar` | | the number it is compared with |
/// | `reference` | | the source of the bar, in words |
/// | `direction` | `at-least` | `at-least` or `at-most` |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// What is measured.
    pub metric: String,
    /// The number it is compared with.
    pub bar: f64,
    /// The source of the bar.
    pub reference: String,
    /// Which side of the bar is good.
    #[serde(default)]
    pub direction: Direction,
}

/// Which side of a bar is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// The bar or more.
    #[default]
    AtLeast,
    /// The bar or less.
    AtMost,
}

impl Target {
    /// Whether a measurement reaches the bar.
    #[must_use]
    pub fn passed(&self, measured: f64) -> bool {
        match self.direction {
            Direction::AtLeast => measured >= self.bar,
            Direction::AtMost => measured <= self.bar,
        }
    }

    pub(super) fn check(&self, root: &Section<'_>, metrics: &[String]) -> Result<(), Error> {
        let known = metrics.contains(&self.metric);
        let allowed = format!("one of {}", metrics.join(", "));
        root.check("targets.metric", &allowed, &self.metric, known)?;
        let finite = self.bar.is_finite();
        root.check("targets.bar", "finite", self.bar, finite)
    }
}
