//! Playing many bandits.

use metarl_core::{Error, Purpose, Returns, Seed, TaskDistribution, check_range};
use serde::{Deserialize, Serialize};

use super::BanditAlgorithm;
use crate::BanditTask;

/// What an algorithm earned and what it missed, per trial.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Sum of the rewards of a trial.
    pub total_reward: Returns,
    /// Sum over the pulls of `μ* − μₐ`, the best arm's expected reward less that of the arm pulled.
    /// Its spread is smaller than that of the rewards.
    pub regret: Returns,
    /// Sum of μ* over the pulls: what an oracle that knows the arms earns in expectation.
    pub oracle: Returns,
}

/// Plays `n_trials` trials of `n_pulls` pulls, each on a task of its own.
///
/// Trial `i` draws its task, its rewards and the algorithm's choices from three streams of `seed`
/// at address `i`, so algorithms that get the same seed meet the same tasks and the result does not
/// depend on what was played before.
///
/// # Errors
///
/// [`Error::OutOfRange`] when a task is not valid or has another number of arms than the
/// algorithm plays.
pub fn evaluate<D, A>(
    algorithm: &mut A,
    distribution: &D,
    n_pulls: usize,
    n_trials: usize,
    seed: Seed,
) -> Result<Evaluation, Error>
where
    D: TaskDistribution<Task: BanditTask>,
    A: BanditAlgorithm + ?Sized,
{
    let mut total_reward = vec![0.0; n_trials];
    let mut regret = vec![0.0; n_trials];
    let mut oracle = vec![0.0; n_trials];
    for trial in 0..n_trials {
        let stream = |purpose| seed.stream(purpose, trial as u64, 0, 0);
        let mut arms = distribution.sample(&mut stream(Purpose::EvaluationTask));
        arms.check()?;
        check_range(
            "n_arms",
            "the number of arms of the algorithm",
            arms.n_arms(),
            arms.n_arms() == algorithm.n_arms(),
        )?;
        let mut rewards = stream(Purpose::EvaluationEnvironment);
        let mut choices = stream(Purpose::Baseline);
        algorithm.reset();
        for _ in 0..n_pulls {
            let arm = algorithm.choose(&mut choices);
            let (best, mean) = (arms.best_mean(), arms.mean(arm));
            let reward = arms.pull(arm, &mut rewards);
            algorithm.observe(arm, reward);
            total_reward[trial] += reward;
            regret[trial] += best - mean;
            oracle[trial] += best;
        }
    }
    Ok(Evaluation {
        total_reward: Returns::of(&total_reward),
        regret: Returns::of(&regret),
        oracle: Returns::of(&oracle),
    })
}
