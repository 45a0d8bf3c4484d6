//! Meta-training: adapt to every task of a batch, then move the start of all adaptations.

use std::fmt::{Debug, Formatter};
use std::marker::PhantomData;
use std::sync::Arc;

use metarl_autodiff::{Adam, AdamConfig, Buffer, Kernels, Layout, OnDevice};
use metarl_core::{Continuous, Environment, Purpose, Seed, TaskDistribution, collect_episodes};
use metarl_losses::ClipRange;
use metarl_optim::{Adaptation, Measured};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use super::adapted::{Adapted, emptied, fisher_product, measure, meta_gradient};
use super::batch::{Batch, Divergence, InnerLoss, OuterLoss};
use super::config::{MamlConfig, OuterOptimizer};
use super::lesson::{Desk, Lesson, Room};
use super::network::GaussianMlp;
use super::policy::GaussianPolicy;
use super::streams::Streams;
use crate::Error;
use crate::parallel::compute_each;
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
    pub parameters: Buffer<f32>,
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

/// MAML on a distribution of tasks with `O` numbers seen and `K` numbers done.
pub struct MamlRl<E, T, D: Kernels<f32>, const O: usize, const K: usize> {
    pub(super) config: MamlConfig,
    pub(super) tasks: T,
    pub(super) environment: Box<dyn Fn(usize) -> E + Send + Sync>,
    horizon: usize,
    seed: Seed,
    device: PhantomData<fn() -> D>,
    network: Arc<GaussianMlp<O, K>>,
    layout: Layout,
    /// One for each task of an iteration.
    desks: Vec<Desk<E, D, O, K>>,
    workspace: Workspace<D, O, K>,
    pub(super) state: MamlState,
}

/// Room for what an outer step computes of each task.
#[derive(Default)]
struct Workspace<D: Kernels<f32>, const O: usize, const K: usize> {
    adapted: Vec<Adapted<'static, D, O, K>>,
    paths: Vec<Option<Adaptation<f32>>>,
    gradients: Vec<(f64, Buffer<f32>)>,
    products: Vec<Buffer<f32>>,
    measured: Vec<(f64, f64)>,
}

impl<E, T: Debug, D: Kernels<f32>, const O: usize, const K: usize> Debug for MamlRl<E, T, D, O, K> {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MamlRl")
            .field("config", &self.config)
            .field("tasks", &self.tasks)
            .field("seed", &self.seed)
            .field("iteration", &self.state.iteration)
            .finish_non_exhaustive()
    }
}

impl<E, T, D, const O: usize, const K: usize> MamlRl<E, T, D, O, K>
where
    E: Environment<ObservationSpace = Continuous<O>, ActionSpace = Continuous<K>> + Sync,
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
        environment: impl Fn(usize) -> E + Send + Sync + 'static,
        horizon: usize,
        seed: Seed,
        _device: D,
    ) -> Result<Self, Error> {
        config.validate()?;
        at_least_1("horizon", horizon)?;
        let network = Arc::new(GaussianMlp::new(config.hidden.clone()));
        let layout = Layout::of(&*network);
        let mut rng = seed.stream(Purpose::Initialization, 0, 0, 0);
        let parameters: Buffer<f32> = layout.initialize(&mut rng).into();
        let adam = match config.outer {
            OuterOptimizer::Ppo { proximal, .. } => proximal.adam,
            OuterOptimizer::Trpo(_) => AdamConfig::default(),
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
            environment: Box::new(environment),
            horizon,
            seed,
            device: PhantomData,
            network,
            layout,
            desks: Vec::new(),
            workspace: Workspace::default(),
            state,
        })
    }

    pub(super) fn policy(&self, parameters: &[f32]) -> GaussianPolicy<D, O, K> {
        GaussianPolicy::new(&self.network, parameters, D::of_this_thread())
    }

    /// Adapts to one fresh task and acts in it again.
    fn lesson(&self, task_idx: u64, desk: &mut Desk<E, D, O, K>) -> Result<(), Error> {
        // The last lesson shares the batches that are made anew.
        desk.lesson = None;
        let stream = self.seed.stream(Purpose::Task, task_idx, 0, 0);
        let task = self.tasks.sample(&mut { stream });
        let mut streams = Streams {
            seed: self.seed,
            dynamics: Purpose::Environment,
            actions: Purpose::Policy,
            task_idx,
            round: 0,
        };
        let mut adaptation = Adaptation::new(&self.state.parameters);
        let mut support = SmallVec::new();
        let (mut return_before, mut n_env_steps) = (0.0, 0);
        for round in 0..self.config.n_inner_steps {
            let batch = self.rollout(desk, &task, adaptation.adapted(), streams)?;
            if round == 0 {
                return_before = batch.mean_return();
            }
            n_env_steps += batch.n_env_steps();
            let batch = desk.share(round, batch);
            let loss = OnDevice::new(InnerLoss { batch }, D::of_this_thread());
            adaptation.step(&loss, self.config.inner_lr)?;
            support.push(loss);
            streams.round += 1;
        }
        let batch = self.rollout(desk, &task, adaptation.adapted(), streams)?;
        let batch = desk.share(self.config.n_inner_steps, batch);
        let clip_range = match self.config.outer {
            OuterOptimizer::Ppo { clip_range, .. } => Some(ClipRange::new(clip_range)?),
            OuterOptimizer::Trpo(_) => None,
        };
        let query = OuterLoss {
            batch: batch.clone(),
            clip_range,
        };
        desk.lesson = Some(Lesson {
            support,
            adaptation,
            query: OnDevice::new(query, D::of_this_thread()),
            return_before,
            return_after: batch.mean_return(),
            n_env_steps: n_env_steps + batch.n_env_steps(),
            divergence: OnDevice::new(Divergence { batch }, D::of_this_thread()),
        });
        Ok(())
    }

    fn rollout(
        &self,
        desk: &mut Desk<E, D, O, K>,
        task: &T::Task,
        parameters: &[f32],
        streams: Streams,
    ) -> Result<Batch<O, K>, Error> {
        let Desk {
            environment, room, ..
        } = desk;
        for lane in 0..environment.n_lanes() {
            environment.assign(lane, task, streams.lane(streams.dynamics, lane))?;
        }
        self.episodes(environment, room, parameters, streams)
    }

    /// Whole episodes on whatever tasks the environment holds: a lane goes on until it has acted for
    /// as long as one episode can last.
    pub(super) fn episodes(
        &self,
        environment: &mut E,
        room: &mut Room<O, K>,
        parameters: &[f32],
        streams: Streams,
    ) -> Result<Batch<O, K>, Error> {
        let Room {
            rngs,
            rollout,
            baseline,
        } = room;
        let lanes = environment.n_lanes();
        at_least_1("n_episodes", lanes)?;
        rngs.clear();
        rngs.extend((0..lanes).map(|lane| streams.lane(streams.actions, lane)));
        let horizon = self.horizon;
        let mut policy = self.policy(parameters);
        collect_episodes(environment, &mut policy, rngs, (horizon, horizon), rollout)?;
        Batch::new(
            &self.network,
            parameters,
            rollout,
            baseline,
            horizon,
            (self.config.discount, self.config.trace_decay),
            D::of_this_thread(),
        )
    }

    /// A step of the meta-parameters by what was learnt at each desk: the state after it, the outer loss
    /// before it, what was measured after it, and whether it was taken.
    fn outer_step(
        &self,
        desks: &[Desk<E, D, O, K>],
        workspace: &mut Workspace<D, O, K>,
    ) -> Result<(MamlState, f64, Measured, bool), Error> {
        let Workspace {
            adapted,
            paths,
            gradients,
            products,
            measured,
        } = workspace;
        let order = self.config.meta_gradient;
        let lessons = || desks.iter().filter_map(|desk| desk.lesson.as_ref());
        let mut state = self.state.clone();
        Ok(match self.config.outer {
            OuterOptimizer::Trpo(region) => {
                let mut tasks = emptied(std::mem::take(adapted));
                for lesson in lessons() {
                    tasks.push(Adapted::new(lesson, &lesson.adaptation, order)?);
                }
                let (loss, gradient) = meta_gradient(&tasks, gradients)?;
                let step = region.step(
                    &state.parameters,
                    loss,
                    &gradient,
                    |v| fisher_product(&tasks, v, products),
                    |candidate| measure(&tasks, candidate, self.config.inner_lr, measured),
                )?;
                state.parameters = step.parameters;
                *adapted = emptied(tasks);
                (state, loss, step.measured, step.accepted)
            }
            OuterOptimizer::Ppo { proximal, .. } => {
                let (before, loss) = proximal.steps(
                    &mut state.parameters,
                    &mut state.adam,
                    |parameters| -> Result<_, Error> {
                        let mut tasks = emptied(std::mem::take(adapted));
                        compute_each(desks, paths, |desk| {
                            let support = desk.lesson.as_ref().map_or(&[][..], |l| &l.support);
                            let path = Adaptation::along(parameters, support, self.config.inner_lr);
                            Ok(Some(path?))
                        })?;
                        for (lesson, path) in lessons().zip(paths.iter().flatten()) {
                            tasks.push(Adapted::new(lesson, path, order)?);
                        }
                        let (loss, gradient) = meta_gradient(&tasks, gradients)?;
                        *adapted = emptied(tasks);
                        #[expect(clippy::cast_possible_truncation, reason = "for the record")]
                        let loss = loss as f32;
                        Ok((loss, gradient))
                    },
                )?;
                let measured = Measured {
                    loss,
                    divergence: 0.0,
                };
                (state, before, measured, true)
            }
        })
    }
}

impl<E, T, D, const O: usize, const K: usize> Trainer for MamlRl<E, T, D, O, K>
where
    E: Environment<ObservationSpace = Continuous<O>, ActionSpace = Continuous<K>> + Sync,
    T: TaskDistribution<Task = E::Task>,
    D: Kernels<f32>,
{
    type Iteration = MamlIteration;
    type State = MamlState;

    /// One iteration: adaptation to a batch of fresh tasks, one outer step.
    fn iterate(&mut self) -> Result<Self::Iteration, Error> {
        let n_tasks = self.config.meta_batch_size;
        let first = self.state.iteration * n_tasks as u64;
        // Taken out, so that the agent can be read while they are used.
        let mut desks = std::mem::take(&mut self.desks);
        let n_lanes = self.config.n_episodes;
        desks.resize_with(n_tasks, || Desk::new((self.environment)(n_lanes), n_lanes));
        let played = (desks.par_iter_mut().enumerate())
            .try_for_each(|(task, desk)| self.lesson(first + task as u64, desk));
        let stepped = played.and_then(|()| {
            let mut workspace = std::mem::take(&mut self.workspace);
            let stepped = self.outer_step(&desks, &mut workspace);
            self.workspace = workspace;
            stepped
        });
        self.desks = desks;
        let (mut state, loss, measured, accepted) = stepped?;
        check_parameters(state.iteration, &state.parameters)?;
        let lessons = || self.desks.iter().filter_map(|desk| desk.lesson.as_ref());
        let steps: usize = lessons().map(|lesson| lesson.n_env_steps).sum();
        state.iteration += 1;
        state.env_steps += steps as u64;
        let mean = |f: fn(&Lesson<D, O, K>) -> f64| lessons().map(f).sum::<f64>() / n_tasks as f64;
        let (return_before, return_after) = (
            mean(|lesson| lesson.return_before),
            mean(|lesson| lesson.return_after),
        );
        self.state = state;
        Ok(MamlIteration {
            iteration: self.state.iteration,
            env_steps: self.state.env_steps,
            return_before,
            return_after,
            loss,
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
