//! Settings that were tried, and the best of them.

use metarl_core::{Error, Returns};

/// The best of the settings tried on [`BernoulliBandits`](crate::BernoulliBandits).
///
/// Tried were c from 0.05 to 0.5, N from 2 to 20, ε from 0.01 to 0.1 and γ from 0.7 to 1, on 300 to
/// 10 000 trials. ε-greedy never gains on [`Greedy`](super::Greedy) by more than its standard
/// error up to 100 pulls, and N is best at the largest value tried.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tuned {
    /// Pulls of a trial.
    pub n_pulls: usize,
    /// Arms.
    pub n_arms: usize,
    /// c of [`Ucb1`](super::Ucb1).
    pub ucb1_c: f64,
    /// N of [`OptimisticThompsonSampling`](super::OptimisticThompsonSampling).
    pub n_draws: usize,
    /// ε of [`EpsilonGreedy`](super::EpsilonGreedy).
    pub epsilon: f64,
    /// γ of [`WhittleIndex`](super::WhittleIndex).
    pub discount: f64,
}

impl Tuned {
    /// The nine sizes of the RL² paper: 10, 100 and 500 pulls of 5, 10 and 50 arms.
    pub const ALL: [Self; 9] = [
        Self::new(10, 5, 0.15, 0.7),
        Self::new(10, 10, 0.15, 0.7),
        Self::new(10, 50, 0.15, 0.7),
        Self::new(100, 5, 0.2, 0.98),
        Self::new(100, 10, 0.2, 0.98),
        Self::new(100, 50, 0.2, 0.98),
        Self::new(500, 5, 0.25, 0.99),
        Self::new(500, 10, 0.2, 0.99),
        Self::new(500, 50, 0.2, 0.99),
    ];

    const fn new(n_pulls: usize, n_arms: usize, ucb1_c: f64, discount: f64) -> Self {
        Self {
            n_pulls,
            n_arms,
            ucb1_c,
            n_draws: 20,
            epsilon: if n_pulls < 500 { 0.01 } else { 0.05 },
            discount,
        }
    }
}

/// Tries every setting and gives the one with the largest mean, the first of equals.
///
/// The best of several runs is judged on the runs it was picked by, so its mean is biased upward.
///
/// # Errors
///
/// Whatever `evaluate` returns, and [`Error::OutOfRange`] when there are no settings.
///
/// # Examples
///
/// ```
/// use metarl_core::Seed;
/// use metarl_envs::BernoulliBandits;
/// use metarl_envs::baseline::bandit::{IndexPolicy, Ucb1, best_of, evaluate};
///
/// let tasks = BernoulliBandits { n_arms: 5 };
/// let (c, _) = best_of(&[0.2, 2.0], |c| {
///     let mut ucb1 = IndexPolicy::new(Ucb1::new(c)?, 5)?;
///     Ok(evaluate(&mut ucb1, &tasks, 100, 100, Seed::new(1))?.total_reward)
/// })?;
/// assert_eq!(c, 0.2);
/// # Ok::<(), metarl_core::Error>(())
/// ```
pub fn best_of<S: Copy>(
    settings: &[S],
    mut evaluate: impl FnMut(S) -> Result<Returns, Error>,
) -> Result<(S, Returns), Error> {
    let mut best: Option<(S, Returns)> = None;
    for setting in settings {
        let returns = evaluate(*setting)?;
        if best.is_none_or(|(_, best)| returns.mean > best.mean) {
            best = Some((*setting, returns));
        }
    }
    best.ok_or_else(|| Error::OutOfRange {
        name: "settings",
        allowed: "one or more",
        got: "none".to_owned(),
    })
}
