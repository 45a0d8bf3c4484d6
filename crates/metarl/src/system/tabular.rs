//! What classical algorithms and an oracle earn on random tabular processes.

use metarl_core::{Error as EnvironmentError, Seed};
use metarl_envs::baseline::tabular::{
    Beb, EpsilonGreedy, Opsrl, Oracle, Prior, Psrl, TabularAlgorithm, TabularEvaluation, Uniform,
};
use metarl_envs::{RandomTabular, TabularTask};

use super::{Reference, rl2::Rl2System};
use crate::Error;
use crate::experiment::EvaluationConfig;

/// Each algorithm under the prior it does best with, named where the papers use another.
pub(super) fn references(
    n_episodes: usize,
    judged: EvaluationConfig,
) -> Result<Vec<Reference>, Error> {
    let table = Table { n_episodes, judged };
    Ok(vec![
        table.row("random", 1, |_| Ok(Uniform))?,
        table.row("PSRL, prior mean 0", 2, |task| {
            Ok(Psrl::new(Prior::ZERO_MEAN, task.horizon))
        })?,
        table.row("OPSRL, prior mean 0", 10, |task| {
            Opsrl::new(20, Prior::ZERO_MEAN, task.horizon)
        })?,
        table.row("greedy, true prior", 1, |task| {
            Ok(EpsilonGreedy::greedy(Prior::TRUE, task.horizon))
        })?,
        table.row("true prior and bonus", 1, |task| {
            Beb::new(10.0, Prior::TRUE, task.horizon)
        })?,
        table.row("oracle, knows the MDP", 1, Oracle::new)?,
    ])
}

struct Table {
    n_episodes: usize,
    judged: EvaluationConfig,
}

impl Table {
    /// Plays an algorithm on one in `share` of the tasks.
    fn row<A: TabularAlgorithm<10, 5>>(
        &self,
        name: &str,
        share: usize,
        algorithm: impl Fn(&TabularTask<10, 5>) -> Result<A, EnvironmentError> + Sync,
    ) -> Result<Reference, Error> {
        let evaluation = TabularEvaluation {
            n_episodes: vec![self.n_episodes],
            n_tasks: self.judged.n_tasks.min(4_000).div_ceil(share),
            n_threads: rayon::current_num_threads(),
            seed: Seed::new(self.judged.seed),
        };
        let returns = evaluation.run(&RandomTabular::RL2, algorithm)?;
        Ok(Reference::measured(Rl2System::METRIC, name, &returns[0]))
    }
}
