//! What is known of a Bernoulli arm.

/// Beta(1 + successes, 1 + failures): the posterior of an arm's probability under a uniform prior.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BetaPosterior {
    /// Pulls that paid.
    pub successes: u32,
    /// Pulls that did not.
    pub failures: u32,
}

impl BetaPosterior {
    /// α of the Beta distribution.
    #[must_use]
    pub fn alpha(self) -> f64 {
        f64::from(self.successes) + 1.0
    }

    /// β of the Beta distribution.
    #[must_use]
    pub fn beta(self) -> f64 {
        f64::from(self.failures) + 1.0
    }

    /// α + β: pulls, with the two that the prior stands for.
    #[must_use]
    pub fn weight(self) -> f64 {
        self.alpha() + self.beta()
    }

    /// Posterior mean α / (α + β).
    #[must_use]
    pub fn mean(self) -> f64 {
        self.alpha() / self.weight()
    }

    /// Counts one more pull; a reward above ½ is a success.
    pub fn observe(&mut self, reward: f64) {
        if reward > 0.5 {
            self.successes += 1;
        } else {
            self.failures += 1;
        }
    }
}
