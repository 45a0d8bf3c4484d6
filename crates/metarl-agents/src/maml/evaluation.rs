//! Adapting to tasks that were not trained on, and being judged on them.

use std::sync::Arc;

use metarl_autodiff::{Buffer, Kernels, OnDevice};
use metarl_core::{Adapt, Continuous, Environment, Purpose, Seed, TaskDistribution};
use metarl_optim::Adaptation;
use rayon::prelude::*;

use super::batch::{Batch, InnerLoss};
use super::lesson::Room;
use super::policy::GaussianPolicy;
use super::streams::Streams;
use super::trainer::MamlRl;
use crate::Error;

impl<E, T, D, const O: usize, const K: usize> MamlRl<E, T, D, O, K>
where
    E: Environment<ObservationSpace = Continuous<O>, ActionSpace = Continuous<K>> + Sync,
    T: TaskDistribution<Task = E::Task>,
    D: Kernels<f32>,
{
    /// Mean return on each of `n_tasks` held-out tasks after 0, 1, …, `n_updates` adaptation steps
    /// of `n_episodes` lanes each, which act for as long as one episode can last and then finish the
    /// episode they are in. The first step is as long as in training, later ones
    /// [`later_step_scale`](crate::MamlConfig::later_step_scale) times that.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] when `n_episodes` is 0, and whatever an environment returns.
    pub fn evaluate(
        &self,
        n_tasks: usize,
        n_updates: usize,
        n_episodes: usize,
        seed: Seed,
    ) -> Result<Vec<Vec<f64>>, Error> {
        (0..n_tasks as u64)
            .into_par_iter()
            .map(|task_idx| {
                let stream = seed.stream(Purpose::EvaluationTask, task_idx, 0, 0);
                let task = self.tasks.sample(&mut { stream });
                let mut environment = (self.environment)(n_episodes);
                let mut room = Room::new(n_episodes);
                let mut streams = Streams::evaluation(seed, task_idx);
                for lane in 0..n_episodes {
                    let stream = streams.lane(streams.dynamics, lane);
                    environment.assign(lane, &task, stream)?;
                }
                let mut parameters = self.state.parameters.clone();
                let mut returns = Vec::with_capacity(n_updates + 1);
                for update in 0..=n_updates {
                    let batch = self.episodes(&mut environment, &mut room, &parameters, streams)?;
                    returns.push(batch.mean_return());
                    if update < n_updates {
                        parameters = self.update(parameters, batch, update)?;
                    }
                    streams.round += 1;
                }
                Ok(returns)
            })
            .collect()
    }

    /// One adaptation step of the evaluation.
    fn update(
        &self,
        parameters: Buffer<f32>,
        batch: Batch<O, K>,
        update: usize,
    ) -> Result<Buffer<f32>, Error> {
        let batch = Arc::new(batch);
        let loss = OnDevice::new(InnerLoss { batch }, D::of_this_thread());
        let shorter = if update == 0 {
            1.0
        } else {
            self.config.later_step_scale
        };
        let mut adaptation = Adaptation::new(&parameters);
        adaptation.step(&loss, self.config.inner_lr * shorter)?;
        Ok(Buffer::copy_of(adaptation.adapted()))
    }
}

impl<E, T, D, const O: usize, const K: usize> Adapt<E> for MamlRl<E, T, D, O, K>
where
    E: Environment<ObservationSpace = Continuous<O>, ActionSpace = Continuous<K>> + Sync,
    T: TaskDistribution<Task = E::Task>,
    D: Kernels<f32>,
{
    type Adapted = GaussianPolicy<D, O, K>;

    /// Each update is one gradient step on the episodes of every lane, of as many steps as one can
    /// last.
    fn adapt(
        &self,
        environment: &mut E,
        n_updates: usize,
        seed: Seed,
        task_index: u64,
    ) -> Result<Self::Adapted, metarl_core::Error> {
        let mut streams = Streams::evaluation(seed, task_index);
        let mut room = Room::new(environment.n_lanes());
        let mut parameters = self.state.parameters.clone();
        let failed = |error: Error| match error {
            Error::Environment(error) => error,
            other => metarl_core::Error::Policy(other.to_string()),
        };
        for update in 0..n_updates {
            let batch = self
                .episodes(environment, &mut room, &parameters, streams)
                .map_err(failed)?;
            parameters = self.update(parameters, batch, update).map_err(failed)?;
            streams.round += 1;
        }
        Ok(self.policy(&parameters))
    }
}
