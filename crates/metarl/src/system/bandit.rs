//! What classical algorithms and the exact optimum earn on Bernoulli bandits.

use metarl_core::{Returns, Seed};
use metarl_envs::BernoulliBandits;
use metarl_envs::baseline::bandit::{
    BanditAlgorithm, EpsilonGreedy, FiniteHorizonGittins, Greedy, IndexPolicy,
    OptimisticThompsonSampling, ThompsonSampling, Tuned, Ucb1, UniformArm, evaluate, optimum,
};
use rayon::prelude::*;

use super::{Reference, rl2::Rl2System};
use crate::Error;
use crate::experiment::EvaluationConfig;

type Player = Box<dyn BanditAlgorithm + Send>;

/// Settings are those of [`Tuned`] for the size that is nearest in pulls, then in arms. What an
/// algorithm earns is what an oracle does, known exactly, less the regret that was measured: the
/// same mean as that of its rewards, with less noise.
pub(super) fn references(
    n_arms: usize,
    n_pulls: usize,
    judged: EvaluationConfig,
) -> Result<Vec<Reference>, Error> {
    let near = |tuned: &&Tuned| {
        (
            tuned.n_pulls.abs_diff(n_pulls),
            tuned.n_arms.abs_diff(n_arms),
        )
    };
    let tuned = Tuned::ALL.iter().min_by_key(near).unwrap_or(&Tuned::ALL[0]);
    let ucb1 = Ucb1::new(tuned.ucb1_c)?;
    let optimistic = OptimisticThompsonSampling::new(tuned.n_draws, n_arms)?;
    let n_trials = judged.n_tasks.min(10_000);
    // It draws many times from every arm for every pull: fewer trials.
    let few = (10_000_000 / (n_pulls * n_arms)).max(400).min(n_trials);
    let mut players: Vec<(&str, usize, Player)> = vec![
        ("random", n_trials, Box::new(UniformArm::new(n_arms)?)),
        (
            "greedy",
            n_trials,
            Box::new(IndexPolicy::new(Greedy, n_arms)?),
        ),
        (
            "ε-greedy",
            n_trials,
            Box::new(EpsilonGreedy::new(tuned.epsilon, n_arms)?),
        ),
        ("UCB1", n_trials, Box::new(IndexPolicy::new(ucb1, n_arms)?)),
        (
            "Thompson sampling",
            n_trials,
            Box::new(IndexPolicy::new(ThompsonSampling, n_arms)?),
        ),
        ("optimistic Thompson", few, Box::new(optimistic)),
    ];
    // The table of indices grows with the cube of the horizon.
    if n_pulls <= 100 {
        let gittins = FiniteHorizonGittins::new(n_pulls, 500)?;
        players.push((
            "Gittins",
            n_trials,
            Box::new(IndexPolicy::new(gittins, n_arms)?),
        ));
    }
    let tasks = BernoulliBandits { n_arms };
    let mut references = players
        .into_par_iter()
        .map(|(name, n_trials, mut player)| {
            let seed = Seed::new(judged.seed);
            let played = evaluate(&mut *player, &tasks, n_pulls, n_trials, seed)?;
            let earned = Returns {
                mean: optimum::best_arm(n_arms, n_pulls) - played.regret.mean,
                ..played.regret
            };
            Ok(Reference::measured(Rl2System::METRIC, name, &earned))
        })
        .collect::<Result<Vec<_>, Error>>()?;
    // Refused where the states do not fit in memory.
    if let Ok(best) = optimum::bernoulli(n_arms, n_pulls) {
        references.push(Reference::exact(Rl2System::METRIC, "Bayes optimum", best));
    }
    Ok(references)
}
