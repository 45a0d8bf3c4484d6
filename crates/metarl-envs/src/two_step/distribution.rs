//! One two-step task, and where it comes from.

use metarl_core::{Error, Rng, TaskDistribution, check_range};
use rand::RngExt;
use serde::{Deserialize, Serialize};

/// Two choices that lead to two states, one of which pays more often.
///
/// ```text
/// P(state = action) = common        P(reward = 1 | state) = reward[state]
/// ```
///
/// Before every episode but the first after a reset, the two reward probabilities change places
/// with probability `switch`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TwoStepTask {
    /// Probability that action 0 leads to state 0 and action 1 to state 1.
    pub common: f64,
    /// Probability of a reward of 1 in either state, at the first episode.
    pub reward: [f64; 2],
    /// Probability per episode that the states change places.
    pub switch: f64,
}

impl TwoStepTask {
    /// Checks that all four numbers are probabilities.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] naming the one that is not.
    pub fn check(&self) -> Result<(), Error> {
        let [first, second] = self.reward;
        for (name, probability) in [
            ("common", self.common),
            ("reward", first),
            ("reward", second),
            ("switch", self.switch),
        ] {
            check_range(
                name,
                "in [0, 1]",
                probability,
                (0.0..=1.0).contains(&probability),
            )?;
        }
        Ok(())
    }
}

/// Two-step tasks in which either state is the better one, equally likely.
///
/// # References
///
/// Wang et al. 2016, [arXiv:1611.05763](https://arxiv.org/abs/1611.05763), section 3.2.1; Wang et
/// al., *Prefrontal cortex as a meta-reinforcement learning system*, 2018; after Daw et al. 2011.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TwoStepTasks {
    /// The form of 2016: transitions 0.75/0.25, rewards 0.9/0.1, the better state stays.
    Fixed,
    /// The form of 2018: transitions 0.8/0.2, rewards 0.9/0.1, the states change places with
    /// probability 0.025 before every episode.
    Switching,
}

impl TwoStepTasks {
    /// Probability of a reward in the better state; in the other it is one minus that.
    pub const BETTER: f64 = 0.9;

    /// Probability that an action leads to its own state.
    #[must_use]
    pub fn common(self) -> f64 {
        match self {
            Self::Fixed => 0.75,
            Self::Switching => 0.8,
        }
    }

    /// Probability per episode that the states change places.
    #[must_use]
    pub fn switch(self) -> f64 {
        match self {
            Self::Fixed => 0.0,
            Self::Switching => 0.025,
        }
    }
}

impl TaskDistribution for TwoStepTasks {
    type Task = TwoStepTask;

    fn name(&self) -> String {
        let form = match self {
            Self::Fixed => "fixed",
            Self::Switching => "switching",
        };
        format!("two-step/{form}@1")
    }

    fn sample(&self, rng: &mut Rng) -> TwoStepTask {
        let (better, worse) = (Self::BETTER, 1.0 - Self::BETTER);
        TwoStepTask {
            common: self.common(),
            reward: if rng.random() {
                [better, worse]
            } else {
                [worse, better]
            },
            switch: self.switch(),
        }
    }
}
