//! Total reward of an algorithm over many tasks.

use std::thread;

use metarl_core::{
    Environment, Error, Purpose, Returns, Seed, StepBatch, TaskDistribution, check_range,
};

use super::TabularAlgorithm;
use crate::{TabularMdp, TabularTask};

/// Consecutive episodes on each of many tasks. Task `i` and its noise are those of `seed` whatever
/// the algorithm, so that differences between algorithms carry less noise than their totals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TabularEvaluation {
    /// After how many episodes the total reward is read; ascending.
    pub n_episodes: Vec<usize>,
    /// How many tasks are drawn.
    pub n_tasks: usize,
    /// How many threads share the tasks; the result does not depend on it.
    pub n_threads: usize,
    /// Where the randomness comes from.
    pub seed: Seed,
}

impl TabularEvaluation {
    /// Total reward over the first `n` episodes of a task, for each `n` of `n_episodes`: its mean
    /// over tasks and the standard error of that mean. `algorithm` makes a fresh one for a task.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] when `n_episodes` is empty, starts at 0 or does not ascend, when
    /// `n_tasks` or `n_threads` is 0, when a task does not fit; and what `algorithm` returns.
    pub fn run<const STATES: usize, const ACTIONS: usize, D, B>(
        &self,
        tasks: &D,
        algorithm: impl Fn(&TabularTask<STATES, ACTIONS>) -> Result<B, Error> + Sync,
    ) -> Result<Vec<Returns>, Error>
    where
        D: TaskDistribution<Task = TabularTask<STATES, ACTIONS>>,
        B: TabularAlgorithm<STATES, ACTIONS>,
    {
        self.check()?;
        let mut totals = vec![Ok(Vec::new()); self.n_tasks];
        let chunk_len = self.n_tasks.div_ceil(self.n_threads);
        thread::scope(|scope| {
            for (chunk_idx, chunk) in totals.chunks_mut(chunk_len).enumerate() {
                let algorithm = &algorithm;
                scope.spawn(move || {
                    for (i, totals) in chunk.iter_mut().enumerate() {
                        let task_idx = (chunk_idx * chunk_len + i) as u64;
                        *totals = self.play(task_idx, tasks, algorithm);
                    }
                });
            }
        });
        let totals = totals.into_iter().collect::<Result<Vec<_>, _>>()?;
        let at = |i: usize| totals.iter().map(|t| t[i]).collect::<Vec<f64>>();
        Ok((0..self.n_episodes.len())
            .map(|i| Returns::of(&at(i)))
            .collect())
    }

    fn check(&self) -> Result<(), Error> {
        let ascends = self.n_episodes.windows(2).all(|pair| pair[0] < pair[1]);
        check_range(
            "n_episodes",
            "positive and ascending",
            format_args!("{:?}", self.n_episodes),
            ascends && self.n_episodes.first().is_some_and(|n| *n > 0),
        )?;
        check_range("n_tasks", "at least 1", self.n_tasks, self.n_tasks > 0)?;
        check_range(
            "n_threads",
            "at least 1",
            self.n_threads,
            self.n_threads > 0,
        )
    }

    /// Total reward on one task at each of `n_episodes`.
    fn play<const STATES: usize, const ACTIONS: usize, B>(
        &self,
        task_idx: u64,
        tasks: &impl TaskDistribution<Task = TabularTask<STATES, ACTIONS>>,
        algorithm: impl Fn(&TabularTask<STATES, ACTIONS>) -> Result<B, Error>,
    ) -> Result<Vec<f64>, Error>
    where
        B: TabularAlgorithm<STATES, ACTIONS>,
    {
        let stream = |purpose| self.seed.stream(purpose, task_idx, 0, 0);
        let task = tasks.sample(&mut stream(Purpose::EvaluationTask));
        let mut rng = stream(Purpose::Baseline);
        let mut environment = TabularMdp::<STATES, ACTIONS>::new(1);
        environment.assign(0, &task, stream(Purpose::EvaluationEnvironment))?;
        let mut step = StepBatch::new(1, 0);
        environment.reset(&mut step.observation)?;
        let mut algorithm = algorithm(&task)?;
        let (mut total, mut totals) = (0.0, Vec::with_capacity(self.n_episodes.len()));
        for episode in 1..=self.n_episodes.last().copied().unwrap_or(0) {
            algorithm.begin_episode(&mut rng);
            for t in 0..task.horizon {
                let state = step.observation[0];
                let action = algorithm.act(t, state, &mut rng);
                environment.step(&[action], &mut step)?;
                let reward = f64::from(step.reward[0]);
                let successor = (!step.terminated[0]).then_some(step.successor[0]);
                algorithm.observe(state, action, reward, successor);
                total += reward;
            }
            if self.n_episodes.binary_search(&episode).is_ok() {
                totals.push(total);
            }
        }
        Ok(totals)
    }
}
