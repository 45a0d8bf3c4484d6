//! What the best possible agent earns, exactly: the Bayes optimum of a task distribution.

use metarl_core::Error;

use crate::DependentBandits;

/// Most states that may follow from a number of pulls.
const MAX_STATES: usize = 1 << 20;

/// Expected total reward of the Bayes-optimal agent on Bernoulli bandits with independent arms,
/// `pₐ ~ U[0, 1]`.
///
/// ```text
/// V(state, 0) = 0
/// V(state, m) = maxₐ pₐ (1 + V(a succeeds, m − 1)) + (1 − pₐ) V(a fails, m − 1)
/// pₐ          = (sₐ + 1) / (sₐ + fₐ + 2)
/// ```
///
/// A state is the *sorted* list of the arms' successes and failures, since arms with equal records
/// are interchangeable; of the arms never pulled only as many matter as pulls remain.
///
/// # Errors
///
/// [`Error::OutOfRange`] when there are no arms, or so many arms and pulls that the states do not
/// fit in memory. Two arms may have 200 pulls (16 s), any number of arms 16.
///
/// # Examples
///
/// ```
/// use metarl_envs::baseline::bandit::optimum;
///
/// assert_eq!(optimum::bernoulli(3, 1)?, 0.5);
/// // After a success stay, after a failure leave: 1/2 + (1/2 · 2/3 + 1/2 · 1/2).
/// assert!((optimum::bernoulli(3, 2)? - 13.0 / 12.0).abs() < 1e-12);
/// # Ok::<(), metarl_core::Error>(())
/// ```
///
/// # References
///
/// Bellman, *A Problem in the Sequential Design of Experiments*, 1956.
pub fn bernoulli(n_arms: usize, n_pulls: usize) -> Result<f64, Error> {
    super::algorithm::check_n_arms(n_arms)?;
    let too_large = || Error::OutOfRange {
        name: "n_pulls",
        allowed: "small enough for at most 2²⁰ states after each pull",
        got: format!("{n_pulls} pulls of {n_arms} arms"),
    };
    let records = Records::new(n_arms.min(n_pulls), n_pulls).ok_or_else(too_large)?;

    let mut levels = vec![vec![0_u128]];
    for _ in 1..n_pulls {
        let mut next = Vec::new();
        for state in levels.last().into_iter().flatten() {
            records.each_pull(*state, |_, success, failure| {
                next.extend([success, failure]);
            });
        }
        next.sort_unstable();
        next.dedup();
        if next.len() > MAX_STATES {
            return Err(too_large());
        }
        levels.push(next);
    }

    let (mut reached, mut value) = (Vec::new(), Vec::new());
    for states in levels.into_iter().rev() {
        let value_of = |state: u128| match reached.binary_search(&state) {
            Ok(position) => value[position],
            Err(_) => 0.0,
        };
        let best = |state: &u128| {
            let mut best: f64 = 0.0;
            records.each_pull(*state, |p, success, failure| {
                best = best.max(p * (1.0 + value_of(success)) + (1.0 - p) * value_of(failure));
            });
            best
        };
        value = states.iter().map(best).collect();
        reached = states;
    }
    Ok(value[0])
}

/// The records of all arms in one number: each arm's pair `(s, f)` has a number of its own, the
/// numbers are sorted and written one after the other.
struct Records {
    n_arms: usize,
    bits: u32,
    /// `(s, f)` by number; `s + f` pulls follow all pairs of fewer.
    pairs: Vec<(usize, usize)>,
}

impl Records {
    fn new(n_arms: usize, n_pulls: usize) -> Option<Self> {
        let n_pairs = n_pulls.checked_add(1)?.checked_mul(n_pulls + 2)? / 2;
        let bits = usize::BITS - n_pairs.leading_zeros();
        if n_arms.checked_mul(bits as usize)? > 128 {
            return None;
        }
        let pairs = (0..=n_pulls)
            .flat_map(|known| (0..=known).map(move |s| (s, known - s)))
            .collect();
        Some(Self {
            n_arms,
            bits,
            pairs,
        })
    }

    /// Calls `visit(p, state after a success, state after a failure)` for every different arm.
    fn each_pull(&self, state: u128, mut visit: impl FnMut(f64, u128, u128)) {
        let mut arms = [0; 128];
        let arms = &mut arms[..self.n_arms];
        for (arm, record) in arms.iter_mut().enumerate() {
            *record = (state >> (arm as u32 * self.bits)) as usize & ((1 << self.bits) - 1);
        }
        for arm in 0..self.n_arms {
            if arm > 0 && arms[arm] == arms[arm - 1] {
                continue;
            }
            let (s, f) = self.pairs[arms[arm]];
            let p = (s as f64 + 1.0) / ((s + f) as f64 + 2.0);
            let failure = arms[arm] + s + f + 1;
            visit(
                p,
                self.pack(arms, arm, failure + 1),
                self.pack(arms, arm, failure),
            );
        }
    }

    /// The state in which `arm` has another record, sorted again.
    fn pack(&self, arms: &[usize], arm: usize, record: usize) -> u128 {
        let mut state = 0;
        let mut position = 0;
        let mut push = |record: usize| {
            state |= (record as u128) << (position * self.bits);
            position += 1;
        };
        // A record only grows, so the arm moves up past the records that are now smaller.
        arms[..arm].iter().for_each(|other| push(*other));
        let smaller = arms[arm + 1..].partition_point(|other| *other < record);
        let (before, after) = arms[arm + 1..].split_at(smaller);
        before.iter().for_each(|other| push(*other));
        push(record);
        after.iter().for_each(|other| push(*other));
        state
    }
}

/// Expected total reward of an oracle that knows the arms of a Bernoulli bandit, `pₐ ~ U[0, 1]`:
/// n k / (k + 1). No agent that has to learn reaches it.
#[must_use]
pub fn best_arm(n_arms: usize, n_pulls: usize) -> f64 {
    n_pulls as f64 * n_arms as f64 / (n_arms as f64 + 1.0)
}

/// Expected regret of the Bayes-optimal agent on two dependent arms, `p₂ = 1 − p₁`.
///
/// Both arms tell equally much, so it is optimal to pull the arm that the majority of the rewards
/// so far speaks for. With `p` the probability of the better arm, and `t = 0 … n_pulls − 1`:
///
/// ```text
/// regret = (2p − 1) Σₜ majority_error(p, t)
/// regret = Σₜ 3/4 − E[max(s + 1, t − s + 1) / (t + 2)],   s ~ U{0 … t},   for p₁ ~ U[0, 1]
/// ```
///
/// # Examples
///
/// ```
/// use metarl_envs::DependentBandits;
/// use metarl_envs::baseline::bandit::optimum;
///
/// // 0.8 · (1/2 + 1/10): the first pull is a guess, the second wrong one time in ten.
/// assert!((optimum::dependent_regret(DependentBandits::Easy, 2) - 0.48).abs() < 1e-12);
/// ```
#[must_use]
pub fn dependent_regret(bandits: DependentBandits, n_pulls: usize) -> f64 {
    let pulls = 0..n_pulls;
    let Some(better) = bandits.better_probability() else {
        let earned = |t: usize| {
            let sum: usize = (0..=t).map(|s| s.max(t - s) + 1).sum();
            sum as f64 / ((t + 1) * (t + 2)) as f64
        };
        return pulls.map(|t| 0.75 - earned(t)).sum();
    };
    let wrong: f64 = pulls.map(|t| majority_error(better, t)).sum();
    (2.0 * better - 1.0) * wrong
}

/// Probability that the majority of `n` witnesses is wrong, when each is right with probability
/// `accuracy` on its own; a tie is broken by a fair coin.
///
/// # Examples
///
/// ```
/// use metarl_envs::baseline::bandit::optimum;
///
/// assert_eq!(optimum::majority_error(0.9, 0), 0.5);
/// // All three wrong, or one of three right.
/// assert!((optimum::majority_error(0.9, 3) - (0.001 + 3.0 * 0.9 * 0.01)).abs() < 1e-12);
/// ```
#[must_use]
pub fn majority_error(accuracy: f64, n: usize) -> f64 {
    // Entry i: i witnesses so far are right.
    let mut probability = vec![0.0; n + 1];
    probability[0] = 1.0;
    for _ in 0..n {
        for right in (0..probability.len()).rev() {
            let from_below = if right > 0 {
                probability[right - 1]
            } else {
                0.0
            };
            probability[right] = (1.0 - accuracy) * probability[right] + accuracy * from_below;
        }
    }
    let wrong = |(right, p): (usize, &f64)| match (2 * right).cmp(&n) {
        std::cmp::Ordering::Less => *p,
        std::cmp::Ordering::Equal => p / 2.0,
        std::cmp::Ordering::Greater => 0.0,
    };
    probability.iter().enumerate().map(wrong).sum()
}

/// Expected total reward of the Bayes-optimal agent on
/// [`ElevenArmedBandits`](crate::ElevenArmedBandits): ask the last arm, then pull the target.
///
/// ```text
/// 0.55 + 5 (n_pulls − 1),   1.4 for a single pull
/// ```
///
/// A single pull is better spent on a guess, (5 + 9 · 1)/10.
#[must_use]
pub fn eleven_armed(n_pulls: usize) -> f64 {
    match n_pulls {
        0 => 0.0,
        1 => 1.4,
        n => 0.55 + 5.0 * (n as f64 - 1.0),
    }
}
