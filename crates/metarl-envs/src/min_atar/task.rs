//! What can differ between two players of the same game.

use std::marker::PhantomData;

use metarl_core::{Rng, TaskDistribution};
use rand::RngExt;
use serde::{Deserialize, Serialize};

use super::Game;

/// What can differ between two plays of a game.
///
/// | field | default |
/// |---|---|
/// | `sticky_probability` | 0.1 |
/// | `ramps` | true |
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MinAtarTask {
    /// Probability of doing the previous action again instead of the one that was chosen.
    pub sticky_probability: f64,
    /// Whether the game becomes harder the longer it lasts. Breakout and Freeway never do.
    pub ramps: bool,
}

impl Default for MinAtarTask {
    fn default() -> Self {
        Self {
            sticky_probability: 0.1,
            ramps: true,
        }
    }
}

/// Which plays of a game to draw from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stickiness {
    /// The usual one, always.
    #[default]
    Usual,
    /// Uniform in `[0, 0.5)`: how far actions can be trusted has to be found out.
    Varied,
}

/// Plays of a game whose actions stick more or less; they ramp.
///
/// # Examples
///
/// ```
/// use metarl_core::{Split, TaskDistribution};
/// use metarl_envs::min_atar::{MinAtarTask, MinAtarTasks, SeaquestGame};
///
/// let usual = MinAtarTasks::<SeaquestGame>::USUAL;
/// assert_eq!(usual.name(), "min-atar/seaquest@1");
/// assert_eq!(usual.frozen(Split::Train, 0), MinAtarTask::default());
/// assert_eq!(MinAtarTasks::<SeaquestGame>::STICKY.name(), "min-atar/seaquest-sticky@1");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MinAtarTasks<G> {
    stickiness: Stickiness,
    #[serde(skip)]
    game: PhantomData<fn() -> G>,
}

impl<G> MinAtarTasks<G> {
    /// The usual play, always.
    pub const USUAL: Self = Self::of(Stickiness::Usual);
    /// Plays whose sticky probability varies.
    pub const STICKY: Self = Self::of(Stickiness::Varied);

    /// Plays of a stickiness.
    #[must_use]
    pub const fn of(stickiness: Stickiness) -> Self {
        Self {
            stickiness,
            game: PhantomData,
        }
    }
}

impl<G: Game> TaskDistribution for MinAtarTasks<G> {
    type Task = MinAtarTask;

    fn name(&self) -> String {
        let suffix = match self.stickiness {
            Stickiness::Usual => "",
            Stickiness::Varied => "-sticky",
        };
        format!("min-atar/{}{suffix}@1", G::NAME)
    }

    fn sample(&self, rng: &mut Rng) -> MinAtarTask {
        let mut task = MinAtarTask::default();
        if self.stickiness == Stickiness::Varied {
            task.sticky_probability = rng.random_range(0.0..0.5);
        }
        task
    }
}
