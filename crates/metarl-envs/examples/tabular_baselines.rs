//! The table of tabular baselines: total reward after 10, 25, 50, 75 and 100 episodes on random
//! processes of 10 states, 5 actions and 10 steps an episode, with standard errors.
//!
//! `cargo run --release -p metarl-envs --example tabular_baselines [n_tasks]`
#![expect(clippy::print_stdout, reason = "an example prints its result")]

use std::thread;

use metarl_core::{Error, Returns, Seed};
use metarl_envs::baseline::tabular::{
    Beb, EpsilonGreedy, Opsrl, Oracle, Prior, Psrl, TabularAlgorithm, TabularEvaluation, Ucrl2,
    Uniform,
};
use metarl_envs::{RandomTabular, TabularTask};

fn main() -> Result<(), Error> {
    let n_tasks = std::env::args().nth(1).and_then(|n| n.parse().ok());
    let table = Table {
        n_tasks: n_tasks.unwrap_or(2000),
    };
    println!("| {:29} | tasks | n=10 | 25 | 50 | 75 | 100 |", "algorithm");
    println!("|---|---|---|---|---|---|---|");
    table.row("random", 1, |_| Ok(Uniform))?;
    table.row("oracle, known process", 1, Oracle::new)?;
    for (name, prior) in [("0", Prior::ZERO_MEAN), ("1", Prior::TRUE)] {
        table.row(&format!("PSRL, prior mean {name}"), 1, |task| {
            Ok(Psrl::new(prior, task.horizon))
        })?;
    }
    table.row("OPSRL, prior mean 0, 20 draws", 10, |task| {
        Opsrl::new(20, Prior::ZERO_MEAN, task.horizon)
    })?;
    table.row("ε-greedy 0.1, prior 10⁻⁴", 1, |task| {
        EpsilonGreedy::new(0.1, Prior::NEAR_FLAT, task.horizon)
    })?;
    for (name, prior) in [
        ("10⁻⁴", Prior::NEAR_FLAT),
        ("mean 0, weight 1", Prior::ZERO_MEAN),
        ("true", Prior::TRUE),
    ] {
        table.row(&format!("greedy, prior {name}"), 1, |task| {
            Ok(EpsilonGreedy::greedy(prior, task.horizon))
        })?;
    }
    table.row("BEB, true prior, β = 10", 1, |task| {
        Beb::new(10.0, Prior::TRUE, task.horizon)
    })?;
    table.row("BEB, prior mean 0, β = 26", 1, |task| {
        Beb::new(26.0, Prior::ZERO_MEAN, task.horizon)
    })?;
    table.row("UCRL2, c = 0.3", 1, |task| Ucrl2::new(0.3, task.horizon))?;
    let optimistic = Prior::new(1.75, 1.0, 1.0)?;
    table.row("greedy, prior mean 1.75", 1, |task| {
        Ok(EpsilonGreedy::greedy(optimistic, task.horizon))
    })
}

struct Table {
    n_tasks: usize,
}

impl Table {
    /// Measures an algorithm on one in `share` of the tasks.
    fn row<A: TabularAlgorithm<10, 5>>(
        &self,
        name: &str,
        share: usize,
        algorithm: impl Fn(&TabularTask<10, 5>) -> Result<A, Error> + Sync,
    ) -> Result<(), Error> {
        let evaluation = TabularEvaluation {
            n_episodes: vec![10, 25, 50, 75, 100],
            n_tasks: self.n_tasks.div_ceil(share),
            n_threads: thread::available_parallelism().map_or(1, usize::from),
            seed: Seed::new(0),
        };
        let cell = |r: &Returns| format!("{:.1}±{:.1}", r.mean, r.standard_error);
        let returns = evaluation.run(&RandomTabular::RL2, algorithm)?;
        let cells: Vec<String> = returns.iter().map(cell).collect();
        println!(
            "| {name:29} | {} | {} |",
            evaluation.n_tasks,
            cells.join(" | ")
        );
        Ok(())
    }
}
