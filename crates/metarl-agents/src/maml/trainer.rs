//! Meta-training: adapt to every task of a batch, then move the start of all adaptations.

use std::fmt::{Debug, Formatter};
use std::marker::PhantomData;
use std::sync::Arc;

use metarl_autodiff::{Adam, Differentiable, Kernels, Layout, Linearization, OnDevice};
use metarl_core::{Continuous, Environment, Purpose, Seed, TaskDistribution, collect_episodes};
use metarl_losses::ClipRange;
use metarl_optim::{Adaptation, AdaptationJacobian, Measured, vector};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::batch::{Batch, Divergence, InnerLoss, OuterLoss};
use super::config::{MamlConfig, OuterOptimizer};
use super::network::GaussianMlp;
use super::policy::GaussianPolicy;
use super::streams::Streams;
use crate::Error;
use crate::range::at_least_1;
use crate::trainer::{Trainer, TrainingState, check_parameters, check_size};

/// What one iteration of meta-training did.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MamlIteration {
    /// Iterations done, this one included.
    pub iteration: u64,
    /// Environment steps done since the start, those before and after adaptation.
    pub env_steps: u64,
    /// Mean return before adaptation.
    pub return_before: f64,
    /// Mean return after it.
    pub return_after: f64,
    /// Outer loss before the step.
    pub loss: f64,
    /// Outer loss after it; with PPO, before the last of its steps.
    pub loss_after: f64,
    /// Mean divergence of the step in nats; 0 where it is not measured.
    pub divergence: f64,
    /// Whether the step was taken.
    pub accepted: bool,
}

/// Everything training goes on from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MamlState {
    /// Iterations done.
    pub iteration: u64,
    /// Environment steps done.
    pub env_steps: u64,
    /// The meta-parameters.
    pub parameters: Vec<f32>,
    adam: Adam<f32>,
}

impl TrainingState for MamlState {
    fn iteration(&self) -> u64 {
        self.iteration
    }

    fn parameters(&self) -> &[f32] {
        &self.parameters
    }
}

type Inner<D, const O: usize, const K: usize> = OnDevice<InnerLoss<O, K>, D>;

/// One task of an iteration: what it was adapted on and what it is judged by.
struct Lesson<D: Kernels<f32>, const O: usize, const K: usize> {
    support: Vec<Inner<D, O, K>>,
    /// From the parameters the iteration began with.
    adaptation: Adaptation<f32>,
    query: OnDevice<OuterLoss<O, K>, D>,
    divergence: OnDevice<Divergence<O, K>, D>,
    return_before: f64,
    return_after: f64,
    n_env_steps: usize,
}

/// A task's adapted policy, and how it moves with the meta-parameters.
struct Adapted<'a, D: Kernels<f32>, const O: usize, const K: usize> {
    query: &'a OnDevice<OuterLoss<O, K>, D>,
    parameters: &'a [f32],
    /// `J`, of the adapted parameters by the meta-parameters.
    jacobian: AdaptationJacobian<'a, f32, Inner<D, O, K>>,
    /// `F`, the second derivative of the divergence.
    divergence: Linearization<'a, f32, OnDevice<Divergence<O, K>, D>>,
}

/// The outer loss averaged over tasks, and its gradient by the meta-parameters: `Σ Jᵀ ∇L / n`.
fn meta_gradient<D: Kernels<f32>, const O: usize, const K: usize>(
    tasks: &[Adapted<'_, D, O, K>],
) -> Result<(f64, Vec<f32>), Error> {
    let parts = tasks.par_iter().map(|task| {
        let (loss, gradient) = task.query.gradient(task.parameters)?;
        Ok((f64::from(loss), task.jacobian.pull_back(&gradient)?))
    });
    let parts = parts.collect::<Result<Vec<_>, Error>>()?;
    let (losses, gradients): (Vec<f64>, Vec<_>) = parts.into_iter().unzip();
    let loss = losses.iter().sum::<f64>() / losses.len() as f64;
    Ok((loss, vector::mean(gradients)))
}

/// `Σ Jᵀ F J v / n`: the second derivative of the mean divergence between adapted policies. At the
/// policies the divergence is measured from its gradient is zero, so no other term is left.
fn fisher_product<D: Kernels<f32>, const O: usize, const K: usize>(
    tasks: &[Adapted<'_, D, O, K>],
    v: &[f32],
) -> Result<Vec<f32>, Error> {
    let products = tasks.par_iter().map(|task| {
        let moved = task.jacobian.push_forward(v)?;
        let product = task.divergence.product(&moved)?;
        Ok(task.jacobian.pull_back(&product)?)
    });
    Ok(vector::mean(products.collect::<Result<Vec<_>, Error>>()?))
}

/// MAML on a distribution of tasks with `O` numbers seen and `K` numbers done.
pub struct MamlRl<F, T, D: Kernels<f32>, const O: usize, const K: usize> {
    pub(super) config: MamlConfig,
    pub(super) tasks: T,
    pub(super) environment: F,
    horizon: usize,
    seed: Seed,
    device: PhantomData<fn() -> D>,
    network: GaussianMlp<O, K>,
    layout: Layout,
    pub(super) state: MamlState,
}

impl<F, T: Debug, D: Kernels<f32>, const O: usize, const K: usize> Debug for MamlRl<F, T, D, O, K> {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MamlRl")
            .field("config", &self.config)
            .field("tasks", &self.tasks)
            .field("seed", &self.seed)
            .field("iteration", &self.state.iteration)
            .finish_non_exhaustive()
    }
}

impl<F, E, T, D, const O: usize, const K: usize> MamlRl<F, T, D, O, K>
where
    F: Fn(usize) -> E + Sync,
    E: Environment<ObservationSpace = Continuous<O>, ActionSpace = Continuous<K>>,
    T: TaskDistribution<Task = E::Task>,
    D: Kernels<f32>,
{
    /// An untrained agent. `environment` makes a batch of the given number of lanes, `horizon` is
    /// the length of its longest episode; one that turns out longer is an error. The device is the
    /// evidence that there is one of its kind: every thread works with a handle of its own.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] for a hyper-parameter outside its range, and for episodes of no steps.
    pub fn new(
        config: MamlConfig,
        tasks: T,
        environment: F,
        horizon: usize,
        seed: Seed,
        _device: D,
    ) -> Result<Self, Error> {
        config.validate()?;
        at_least_1("horizon", horizon)?;
        let network = GaussianMlp {
            hidden: config.hidden.clone(),
        };
        let layout = Layout::of(&network);
        let mut rng = seed.stream(Purpose::Initialization, 0, 0, 0);
        let parameters: Vec<f32> = layout.initialize(&mut rng);
        let adam = match config.outer {
            OuterOptimizer::Ppo { proximal, .. } => proximal.adam,
            OuterOptimizer::Trpo(_) => metarl_autodiff::AdamConfig::default(),
        };
        let state = MamlState {
            iteration: 0,
            env_steps: 0,
            adam: Adam::new(adam, parameters.len())?,
            parameters,
        };
        Ok(Self {
            config,
            tasks,
            environment,
            horizon,
            seed,
            device: PhantomData,
            network,
            layout,
            state,
        })
    }

    pub(super) fn policy(&self, parameters: &[f32]) -> GaussianPolicy<D, O, K> {
        GaussianPolicy::new(&self.network, parameters, D::of_this_thread())
    }

    /// Adapts to one fresh task and acts in it again.
    fn lesson(&self, task_idx: u64) -> Result<Lesson<D, O, K>, Error> {
        let stream = self.seed.stream(Purpose::Task, task_idx, 0, 0);
        let task = self.tasks.sample(&mut { stream });
        let mut environment = (self.environment)(self.config.n_episodes);
        let mut streams = Streams {
            seed: self.seed,
            dynamics: Purpose::Environment,
            actions: Purpose::Policy,
            task_idx,
            round: 0,
        };
        let mut adaptation = Adaptation::new(&self.state.parameters);
        let mut support = Vec::with_capacity(self.config.n_inner_steps);
        let (mut return_before, mut n_env_steps) = (0.0, 0);
        for round in 0..self.config.n_inner_steps {
            let batch = self.rollout(&mut environment, &task, adaptation.adapted(), streams)?;
            if round == 0 {
                return_before = batch.mean_return();
            }
            n_env_steps += batch.n_env_steps();
            let batch = Arc::new(batch);
            let loss = OnDevice::new(InnerLoss { batch }, D::of_this_thread());
            adaptation.step(&loss, self.config.inner_lr)?;
            support.push(loss);
            streams.round += 1;
        }
        let batch = self.rollout(&mut environment, &task, adaptation.adapted(), streams)?;
        let batch = Arc::new(batch);
        let clip_range = match self.config.outer {
            OuterOptimizer::Ppo { clip_range, .. } => Some(ClipRange::new(clip_range)?),
            OuterOptimizer::Trpo(_) => None,
        };
        let query = OuterLoss {
            batch: batch.clone(),
            clip_range,
        };
        Ok(Lesson {
            support,
            adaptation,
            query: OnDevice::new(query, D::of_this_thread()),
            return_before,
            return_after: batch.mean_return(),
            n_env_steps: n_env_steps + batch.n_env_steps(),
            divergence: OnDevice::new(Divergence { batch }, D::of_this_thread()),
        })
    }

    fn rollout(
        &self,
        environment: &mut E,
        task: &T::Task,
        parameters: &[f32],
        streams: Streams,
    ) -> Result<Batch<O, K>, Error> {
        let lanes = environment.n_lanes();
        for lane in 0..lanes {
            environment.assign(lane, task, streams.lane(streams.dynamics, lane))?;
        }
        self.episodes(environment, parameters, streams)
    }

    /// Whole episodes on whatever tasks the environment holds: a lane goes on until it has acted for
    /// as long as one episode can last.
    pub(super) fn episodes(
        &self,
        environment: &mut E,
        parameters: &[f32],
        streams: Streams,
    ) -> Result<Batch<O, K>, Error> {
        let lanes = environment.n_lanes();
        at_least_1("n_episodes", lanes)?;
        let mut rngs: Vec<_> = (0..lanes)
            .map(|lane| streams.lane(streams.actions, lane))
            .collect();
        let horizon = self.horizon;
        let mut policy = self.policy(parameters);
        let rollout = collect_episodes(environment, &mut policy, &mut rngs, horizon, horizon)?;
        Batch::new(
            &self.network,
            parameters,
            &rollout,
            horizon,
            (self.config.discount, self.config.trace_decay),
            D::of_this_thread(),
        )
    }

    fn paths(
        &self,
        lessons: &[Lesson<D, O, K>],
        parameters: &[f32],
    ) -> Result<Vec<Adaptation<f32>>, Error> {
        lessons
            .par_iter()
            .map(|lesson| {
                let path = Adaptation::along(parameters, &lesson.support, self.config.inner_lr);
                Ok(path?)
            })
            .collect()
    }

    fn linearize<'a>(
        &self,
        lessons: &'a [Lesson<D, O, K>],
        paths: impl Iterator<Item = &'a Adaptation<f32>>,
    ) -> Result<Vec<Adapted<'a, D, O, K>>, Error> {
        let pairs = lessons.iter().zip(paths);
        let adapted = pairs.map(|(lesson, path)| {
            Ok(Adapted {
                query: &lesson.query,
                parameters: path.adapted(),
                jacobian: path.linearize(&lesson.support, self.config.meta_gradient)?,
                divergence: lesson.divergence.linearize(path.adapted()),
            })
        });
        adapted.collect()
    }

    /// Outer loss and divergence of the policies adapted from other meta-parameters.
    fn measure(&self, lessons: &[Lesson<D, O, K>], parameters: &[f32]) -> Result<Measured, Error> {
        let parts = lessons
            .par_iter()
            .map(|lesson| {
                let path = Adaptation::along(parameters, &lesson.support, self.config.inner_lr)?;
                let loss = lesson.query.value(path.adapted())?;
                let divergence = lesson.divergence.value(path.adapted())?;
                Ok((f64::from(loss), f64::from(divergence)))
            })
            .collect::<Result<Vec<_>, Error>>()?;
        let n = parts.len() as f64;
        Ok(Measured {
            loss: parts.iter().map(|(loss, _)| loss).sum::<f64>() / n,
            divergence: parts.iter().map(|(_, divergence)| divergence).sum::<f64>() / n,
        })
    }
}

impl<F, E, T, D, const O: usize, const K: usize> Trainer for MamlRl<F, T, D, O, K>
where
    F: Fn(usize) -> E + Sync,
    E: Environment<ObservationSpace = Continuous<O>, ActionSpace = Continuous<K>>,
    T: TaskDistribution<Task = E::Task>,
    D: Kernels<f32>,
{
    type Iteration = MamlIteration;
    type State = MamlState;

    /// One iteration: adaptation to a batch of fresh tasks, one outer step.
    fn iterate(&mut self) -> Result<Self::Iteration, Error> {
        let n_tasks = self.config.meta_batch_size as u64;
        let first = self.state.iteration * n_tasks;
        let lessons = (first..first + n_tasks)
            .into_par_iter()
            .map(|task_idx| self.lesson(task_idx))
            .collect::<Result<Vec<_>, _>>()?;
        let mut state = self.state.clone();
        let (before, after) = match self.config.outer {
            OuterOptimizer::Trpo(region) => {
                let paths = lessons.iter().map(|lesson| &lesson.adaptation);
                let tasks = self.linearize(&lessons, paths)?;
                let (loss, gradient) = meta_gradient(&tasks)?;
                let step = region.step(
                    &state.parameters,
                    loss,
                    &gradient,
                    |v| fisher_product(&tasks, v),
                    |candidate| self.measure(&lessons, candidate),
                )?;
                state.parameters = step.parameters;
                (loss, (step.measured, step.accepted))
            }
            OuterOptimizer::Ppo { proximal, .. } => {
                let (before, loss) = proximal.steps(
                    &mut state.parameters,
                    &mut state.adam,
                    |parameters| -> Result<_, Error> {
                        let paths = self.paths(&lessons, parameters)?;
                        let tasks = self.linearize(&lessons, paths.iter())?;
                        let (loss, gradient) = meta_gradient(&tasks)?;
                        #[expect(clippy::cast_possible_truncation, reason = "for the record")]
                        let loss = loss as f32;
                        Ok((loss, gradient))
                    },
                )?;
                let measured = Measured {
                    loss,
                    divergence: 0.0,
                };
                (before, (measured, true))
            }
        };
        let (measured, accepted) = after;
        check_parameters(state.iteration, &state.parameters)?;
        let steps: usize = lessons.iter().map(|lesson| lesson.n_env_steps).sum();
        state.iteration += 1;
        state.env_steps += steps as u64;
        self.state = state;
        let mean = |f: fn(&Lesson<D, O, K>) -> f64| {
            lessons.iter().map(f).sum::<f64>() / lessons.len() as f64
        };
        Ok(MamlIteration {
            iteration: self.state.iteration,
            env_steps: self.state.env_steps,
            return_before: mean(|lesson| lesson.return_before),
            return_after: mean(|lesson| lesson.return_after),
            loss: before,
            loss_after: measured.loss,
            divergence: measured.divergence,
            accepted,
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
