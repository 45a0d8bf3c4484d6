//! What a player of a barcode bandit can earn, with and without a memory of earlier episodes.

use std::collections::HashMap;

use metarl_core::{Purpose, Seed};
use rand::RngExt;

use crate::barcode::{N_ARMS, N_PULLS, PROBABILITY};

/// What is known of each arm: its successes less its failures.
///
/// ```text
/// P(arm a is the good one) = 9^dₐ / Σᵦ 9^dᵦ
/// ```
///
/// A reward of the good arm is nine times as likely as one of another, and a failure nine times less.
type Evidence = [i32; N_ARMS];

/// Probability that an arm pays.
fn pays(evidence: &Evidence, arm: usize) -> f64 {
    let [good, other] = PROBABILITY;
    let odds = |arm: usize| (good / other).powi(evidence[arm] - evidence[0]);
    let share = odds(arm) / (0..N_ARMS).map(odds).sum::<f64>();
    other + (good - other) * share
}

/// Expected return of a player who pulls at random.
#[must_use]
pub fn chance(n_pulls: usize) -> f64 {
    n_pulls as f64 * pays(&[0; N_ARMS], 0)
}

/// Expected return of a player who knows the good arm.
#[must_use]
pub fn good_arm(n_pulls: usize) -> f64 {
    n_pulls as f64 * PROBABILITY[0]
}

/// Expected return of the Bayes-optimal player of one episode who knows nothing of earlier ones.
///
/// ```text
/// V(d, 0) = 0
/// V(d, m) = maxₐ pₐ (1 + V(d + eₐ, m − 1)) + (1 − pₐ) V(d − eₐ, m − 1)
/// ```
///
/// # Examples
///
/// ```
/// use metarl_envs::baseline::barcode::optimum;
///
/// assert!((optimum(1) - 0.18).abs() < 1e-12);
/// assert!((optimum(10) - 4.436).abs() < 5e-4);
/// ```
#[must_use]
pub fn optimum(n_pulls: usize) -> f64 {
    value([0; N_ARMS], n_pulls, &mut HashMap::new())
}

/// `V(d, m)` of sorted evidence: arms of which the same is known are interchangeable.
fn value(evidence: Evidence, n_pulls: usize, known: &mut HashMap<(Evidence, usize), f64>) -> f64 {
    if n_pulls == 0 {
        return 0.0;
    }
    if let Some(value) = known.get(&(evidence, n_pulls)) {
        return *value;
    }
    let mut best: f64 = 0.0;
    for arm in (0..N_ARMS).filter(|arm| *arm == 0 || evidence[*arm] != evidence[arm - 1]) {
        let mut after = |change: i32| {
            let mut evidence = evidence;
            evidence[arm] += change;
            evidence.sort_unstable();
            value(evidence, n_pulls - 1, known)
        };
        let (success, failure) = (after(1), after(-1));
        let p = pays(&evidence, arm);
        best = best.max(p * (1.0 + success) + (1.0 - p) * failure);
    }
    known.insert((evidence, n_pulls), best);
    best
}

/// Returns of a player that never forgets a context, `n_contexts` for each exposure: the arm most
/// probably the good one is pulled, the first of those that are equal.
///
/// # Examples
///
/// ```
/// use metarl_core::{Returns, Seed};
/// use metarl_envs::baseline::barcode::perfect_memory;
///
/// let earned = perfect_memory(5, 2_000, Seed::new(0));
/// for (earned, expected) in earned.iter().zip([4.42, 8.16, 8.84, 8.96, 8.99]) {
///     let returns = Returns::of(earned);
///     assert!((returns.mean - expected).abs() < 4.0 * returns.standard_error);
/// }
/// ```
#[must_use]
pub fn perfect_memory(n_exposures: usize, n_contexts: usize, seed: Seed) -> Vec<Vec<f64>> {
    let mut earned = vec![vec![0.0; n_contexts]; n_exposures];
    for context in 0..n_contexts {
        let mut rng = seed.stream(Purpose::Baseline, context as u64, 0, 0);
        let good = rng.random_range(0..N_ARMS);
        let mut evidence = [0; N_ARMS];
        for earned in &mut earned {
            for _ in 0..N_PULLS {
                let most = evidence.iter().max().copied().unwrap_or(0);
                let arm = evidence.iter().position(|d| *d == most).unwrap_or(0);
                let success = rng.random::<f64>() < PROBABILITY[usize::from(arm != good)];
                evidence[arm] += if success { 1 } else { -1 };
                earned[context] += f64::from(u8::from(success));
            }
        }
    }
    earned
}
