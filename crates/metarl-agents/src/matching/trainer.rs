//! Training in episodes: tasks like those it will be judged by, of other classes.

use std::marker::PhantomData;

use metarl_autodiff::{
    Adam, AdamConfig, Buffer, Differentiable, Kernels, Layout, OnDevice, Optimizer, Plain, bind,
};
use metarl_core::{FewShotTask, Purpose, Seed, Split, TaskDistribution};
use metarl_optim::vector;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::config::{ContextConfig, MatchingConfig};
use super::context::FullContext;
use super::embedding::Embedding;
use super::loss::MatchingLoss;
use super::network::MatchingNetwork;
use crate::Error;
use crate::trainer::{Trainer, TrainingState, check_parameters, check_size};

/// What one iteration of training did.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MatchingIteration {
    /// Iterations done, this one included.
    pub iteration: u64,
    /// Examples seen since the start, support and queries, each as often as it was drawn.
    pub n_examples: u64,
    /// Mean loss of the tasks before the step.
    pub loss: f64,
    /// Share of their queries that were classified right.
    pub accuracy: f64,
}

/// Everything training goes on from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MatchingState {
    /// Iterations done.
    pub iteration: u64,
    /// Examples seen.
    pub n_examples: u64,
    /// Parameters of the network.
    pub parameters: Vec<f32>,
    adam: Adam<f32>,
}

impl TrainingState for MatchingState {
    fn iteration(&self) -> u64 {
        self.iteration
    }

    fn parameters(&self) -> &[f32] {
        &self.parameters
    }
}

/// A matching network and the tasks it learns from.
///
/// # Examples
///
/// Five clusters that differ in four of sixteen directions: what distances hardly tell apart, an
/// embedding learns to.
///
/// ```
/// use dfdx::prelude::Cpu;
/// use metarl_agents::{Matching, MatchingConfig, Trainer};
/// use metarl_core::{Returns, Seed};
/// use metarl_envs::few_shot::{ClusterTasks, FewShot};
///
/// let tasks = ClusterTasks::new(FewShot::default())?;
/// let (config, seed) = (MatchingConfig::default(), Seed::new(1));
/// let mut agent = Matching::new(config, tasks.clone(), seed, Cpu::default())?;
/// for _ in 0..3 {
///     let done = agent.iterate()?;
///     // 16 tasks of 5 classes, one example of each told and 5 asked.
///     assert_eq!(done.n_examples, done.iteration * 16 * 5 * (1 + 5));
/// }
/// let accuracy = Returns::of(&agent.evaluate(&tasks, 100, Seed::new(2))?);
/// assert!(0.2 < accuracy.mean);
/// # Ok::<(), metarl_agents::Error>(())
/// ```
#[derive(Debug)]
pub struct Matching<T, D> {
    config: MatchingConfig,
    tasks: T,
    seed: Seed,
    device: PhantomData<fn() -> D>,
    n_features: usize,
    network: MatchingNetwork,
    layout: Layout,
    state: MatchingState,
}

impl<T, D> Matching<T, D>
where
    T: TaskDistribution<Task = FewShotTask>,
    D: Kernels<f32>,
{
    /// An untrained network for examples like those of `tasks`.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] for a hyper-parameter outside its range, and for convolutions over examples
    /// that are not squares.
    pub fn new(config: MatchingConfig, tasks: T, seed: Seed, _device: D) -> Result<Self, Error> {
        config.validate()?;
        let n_features = tasks.frozen(Split::Train, 0).n_features;
        let network = MatchingNetwork {
            embedding: Embedding::new(&config.embedding, n_features, config.width)?,
            context: match config.context {
                ContextConfig::None => None,
                ContextConfig::Full { processing_steps } => Some(FullContext {
                    width: config.width,
                    processing_steps,
                }),
            },
            inverse_temperature: config.inverse_temperature,
        };
        let layout = Layout::of(&network);
        let parameters: Vec<f32> =
            layout.initialize(&mut seed.stream(Purpose::Initialization, 0, 0, 0));
        let adam = AdamConfig {
            learning_rate: config.learning_rate,
            ..AdamConfig::default()
        };
        let state = MatchingState {
            iteration: 0,
            n_examples: 0,
            adam: Adam::new(adam, parameters.len())?,
            parameters,
        };
        Ok(Self {
            config,
            tasks,
            seed,
            device: PhantomData,
            n_features,
            network,
            layout,
            state,
        })
    }

    /// The most probable class of each query.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] when examples have another number of features than those of training, and
    /// those of [`FewShotTask::check`].
    pub fn classify(&self, task: &FewShotTask) -> Result<Vec<usize>, Error> {
        Ok(self.most_probable(&self.loss(task)?, task.n_ways))
    }

    /// The share of queries that are classified right, in each of `n_tasks` tasks: those that the seed
    /// draws from `tasks`, whose classes training should not have seen.
    ///
    /// # Errors
    ///
    /// Those of [`classify`](Self::classify).
    pub fn evaluate(
        &self,
        tasks: &impl TaskDistribution<Task = FewShotTask>,
        n_tasks: usize,
        seed: Seed,
    ) -> Result<Vec<f64>, Error> {
        (0..n_tasks as u64)
            .into_par_iter()
            .map(|task_idx| {
                let stream = seed.stream(Purpose::EvaluationTask, task_idx, 0, 0);
                let task = tasks.sample(&mut { stream });
                Ok(task.accuracy(&self.classify(&task)?)?)
            })
            .collect()
    }

    fn loss(&self, task: &FewShotTask) -> Result<MatchingLoss<f32>, Error> {
        MatchingLoss::new(self.network.clone(), self.n_features, task)
    }

    fn most_probable(&self, loss: &MatchingLoss<f32>, n_ways: usize) -> Vec<usize> {
        let algebra = Plain::new(D::of_this_thread());
        let network = bind(&self.network, &algebra, &self.state.parameters);
        let probability = loss.probability(&algebra, &network).as_vec();
        let most =
            |row: &[f32]| (1..n_ways).fold(0, |most, k| if row[k] > row[most] { k } else { most });
        probability.chunks_exact(n_ways).map(most).collect()
    }

    /// Loss, gradient and accuracy on a fresh task, and its number of examples.
    fn lesson(&self, task_idx: u64) -> Result<(Buffer<f32>, [f64; 2], usize), Error> {
        let stream = self.seed.stream(Purpose::Task, task_idx, 0, 0);
        let task = self.tasks.sample(&mut { stream });
        let loss = self.loss(&task)?;
        let accuracy = task.accuracy(&self.most_probable(&loss, task.n_ways))?;
        let loss = OnDevice::new(loss, D::of_this_thread());
        let (value, gradient) = loss.gradient(&self.state.parameters)?;
        let n_examples = task.support_label.len() + task.query_label.len();
        Ok((gradient, [f64::from(value), accuracy], n_examples))
    }
}

impl<T, D> Trainer for Matching<T, D>
where
    T: TaskDistribution<Task = FewShotTask>,
    D: Kernels<f32>,
{
    type Iteration = MatchingIteration;
    type State = MatchingState;

    /// One iteration: a step of Adam down the mean loss of fresh tasks.
    fn iterate(&mut self) -> Result<Self::Iteration, Error> {
        let n_tasks = self.config.meta_batch_size as u64;
        let first = self.state.iteration * n_tasks;
        let lessons = (first..first + n_tasks)
            .into_par_iter()
            .map(|task_idx| self.lesson(task_idx))
            .collect::<Result<Vec<_>, _>>()?;
        let mut state = self.state.clone();
        let gradient = vector::mean(lessons.iter().map(|(gradient, ..)| &**gradient));
        let [mut loss, mut accuracy] = [0.0; 2];
        for (_, measured, n_examples) in lessons {
            loss += measured[0] / n_tasks as f64;
            accuracy += measured[1] / n_tasks as f64;
            state.n_examples += n_examples as u64;
        }
        state.adam.step(&mut state.parameters, &gradient)?;
        check_parameters(state.iteration, &state.parameters)?;
        state.iteration += 1;
        self.state = state;
        Ok(MatchingIteration {
            iteration: self.state.iteration,
            n_examples: self.state.n_examples,
            loss,
            accuracy,
        })
    }

    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn state(&self) -> &Self::State {
        &self.state
    }

    fn restore(&mut self, state: Self::State) -> Result<(), Error> {
        check_size(&state, &self.layout)?;
        self.state = state;
        Ok(())
    }
}
