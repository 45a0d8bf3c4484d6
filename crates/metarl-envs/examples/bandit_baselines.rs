//! The table of bandit baselines: total reward of every algorithm on Bernoulli bandits, at the
//! settings the crate ships as best. Each cell is the mean ± its standard error, and in parentheses
//! the same mean with less noise: what an oracle earns, known exactly, less the measured regret.
//!
//! `cargo run --release -p metarl-envs --example bandit_baselines` takes two minutes.
#![expect(clippy::print_stdout, reason = "an example prints its result")]

use metarl_core::{Error, Seed};
use metarl_envs::BernoulliBandits;
use metarl_envs::baseline::bandit::{
    BanditAlgorithm, EpsilonGreedy, FiniteHorizonGittins, Greedy, IndexPolicy,
    OptimisticThompsonSampling, ThompsonSampling, Tuned, Ucb1, UniformArm, WhittleIndex, evaluate,
    optimum,
};

fn main() -> Result<(), Error> {
    println!(
        "n,k: random, greedy, ε-greedy, UCB1, TS, OTS, Whittle, Gittins, oracle, exact optimum"
    );
    for tuned in Tuned::ALL {
        let (n, k) = (tuned.n_pulls, tuned.n_arms);
        let n_trials = if n < 500 { 10_000 } else { 4_000 };
        let show = |algorithm: &mut dyn BanditAlgorithm, n_trials: usize| {
            let tasks = BernoulliBandits { n_arms: k };
            let played = evaluate(algorithm, &tasks, n, n_trials, Seed::new(1))?;
            let (reward, regret) = (played.total_reward, played.regret);
            print!(" {:.2}±{:.2}", reward.mean, reward.standard_error);
            let controlled = optimum::best_arm(k, n) - regret.mean;
            print!(" ({controlled:.2}±{:.2})", regret.standard_error);
            Ok::<_, Error>(())
        };
        print!("{n},{k}:");
        show(&mut UniformArm::new(k)?, n_trials)?;
        show(&mut IndexPolicy::new(Greedy, k)?, n_trials)?;
        show(&mut EpsilonGreedy::new(tuned.epsilon, k)?, n_trials)?;
        show(
            &mut IndexPolicy::new(Ucb1::new(tuned.ucb1_c)?, k)?,
            n_trials,
        )?;
        show(&mut IndexPolicy::new(ThompsonSampling, k)?, n_trials)?;
        // Twenty draws of every arm for every pull: fewer trials.
        let few = (10_000_000 / (n * k)).clamp(400, n_trials);
        show(&mut OptimisticThompsonSampling::new(tuned.n_draws, k)?, few)?;
        show(
            &mut IndexPolicy::new(WhittleIndex::new(tuned.discount)?, k)?,
            n_trials,
        )?;
        if n <= 100 {
            show(
                &mut IndexPolicy::new(FiniteHorizonGittins::new(n, 500)?, k)?,
                n_trials,
            )?;
        }
        print!(" oracle {:.2}", optimum::best_arm(k, n));
        if let Ok(exact) = optimum::bernoulli(k, n) {
            print!(" optimum {exact:.4}");
        }
        println!();
    }
    Ok(())
}
