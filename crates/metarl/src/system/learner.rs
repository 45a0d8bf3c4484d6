//! What training and evaluation see of an agent.

use std::collections::BTreeMap;

use metarl_agents::{Error, Trainer, TrainingState};
use metarl_autodiff::Layout;
use metarl_core::{Element, Environment, Policy, Purpose, Returns, Seed, TaskDistribution};
use metarl_envs::draw::Recorder;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// An agent in training.
pub trait Learner {
    /// One iteration of training; after an error the agent is as it was before.
    ///
    /// # Errors
    ///
    /// Whatever the environment returns, and numbers that are no longer finite.
    fn iterate(&mut self) -> Result<Iteration, Error>;

    /// Iterations done.
    fn iteration(&self) -> u64;

    /// Names and shapes of the parameters.
    fn layout(&self) -> &Layout;

    /// The parameters.
    fn parameters(&self) -> &[f32];

    /// Everything training goes on from: an object whose `parameters` are the parameters.
    ///
    /// # Errors
    ///
    /// None for the agents here.
    fn state(&self) -> serde_json::Result<Value>;

    /// Goes on from such a state.
    ///
    /// # Errors
    ///
    /// When the state is that of another agent, in words.
    fn restore(&mut self, state: Value) -> Result<(), String>;

    /// Judges the agent on held-out tasks, one measurement a metric.
    ///
    /// # Errors
    ///
    /// Whatever the environment returns.
    fn evaluate(&self, n_tasks: usize, seed: Seed) -> Result<Vec<Measurement>, Error>;

    /// Plays on one held-out task while somebody watches.
    ///
    /// # Errors
    ///
    /// Whatever the environment returns.
    fn play(&self, seed: Seed, recorder: &Recorder) -> Result<(), Error>;
}

/// A [`Trainer`] with the way it is judged, and the way it plays when it is watched.
pub(super) struct Trained<T, J, P> {
    pub(super) trainer: T,
    /// Gives the measurements of an evaluation from the trainer, the number of tasks and the seed.
    pub(super) judge: J,
    /// Plays on one task of a seed.
    pub(super) player: P,
}

impl<T, J, P> Learner for Trained<T, J, P>
where
    T: Trainer,
    T::Iteration: Into<Iteration>,
    J: Fn(&T, usize, Seed) -> Result<Vec<Measurement>, Error>,
    P: Fn(&T, Seed, &Recorder) -> Result<(), Error>,
{
    fn iterate(&mut self) -> Result<Iteration, Error> {
        Ok(self.trainer.iterate()?.into())
    }

    fn iteration(&self) -> u64 {
        self.trainer.state().iteration()
    }

    fn layout(&self) -> &Layout {
        self.trainer.layout()
    }

    fn parameters(&self) -> &[f32] {
        self.trainer.state().parameters()
    }

    fn state(&self) -> serde_json::Result<Value> {
        serde_json::to_value(self.trainer.state())
    }

    fn restore(&mut self, state: Value) -> Result<(), String> {
        let state = serde_json::from_value(state).map_err(|error| error.to_string())?;
        self.trainer
            .restore(state)
            .map_err(|error| error.to_string())
    }

    fn evaluate(&self, n_tasks: usize, seed: Seed) -> Result<Vec<Measurement>, Error> {
        (self.judge)(&self.trainer, n_tasks, seed)
    }

    fn play(&self, seed: Seed, recorder: &Recorder) -> Result<(), Error> {
        (self.player)(&self.trainer, seed, recorder)
    }
}

/// What one iteration of training did: a line of `metrics.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Iteration {
    /// Iterations done, this one included.
    pub iteration: u64,
    /// Environment steps done since the start; where there are none, what
    /// [`System::counted`](super::System::counted) says.
    pub env_steps: u64,
    /// Seconds of training since the start.
    pub seconds: f64,
    /// What the agent measured, by name.
    #[serde(flatten)]
    pub measured: BTreeMap<String, f64>,
}

impl Iteration {
    /// Keeps the measurements that are finite: JSON has no others.
    #[must_use]
    pub fn new(iteration: u64, env_steps: u64, measured: &[(&str, f64)]) -> Self {
        let finite = measured.iter().filter(|(_, value)| value.is_finite());
        Self {
            iteration,
            env_steps,
            seconds: 0.0,
            measured: finite
                .map(|(key, value)| ((*key).to_owned(), *value))
                .collect(),
        }
    }
}

/// One metric of an evaluation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    /// Its name.
    pub metric: String,
    /// Mean over tasks, its standard error and their number.
    #[serde(flatten)]
    pub returns: Returns,
}

/// What something that is not the agent earns on the same tasks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reference {
    /// The metric it is comparable with.
    pub metric: String,
    /// What it is.
    pub name: String,
    /// Its mean.
    pub mean: f64,
    /// Standard error of the mean; none for what is known exactly.
    pub standard_error: Option<f64>,
}

impl Reference {
    pub(super) fn exact(metric: &str, name: &str, mean: f64) -> Self {
        Self {
            metric: metric.to_owned(),
            name: name.to_owned(),
            mean,
            standard_error: None,
        }
    }

    pub(super) fn measured(metric: &str, name: &str, returns: &Returns) -> Self {
        Self {
            standard_error: Some(returns.standard_error),
            ..Self::exact(metric, name, returns.mean)
        }
    }
}

/// The held-out task of a seed.
pub(super) fn held_out<T: TaskDistribution>(tasks: &T, seed: Seed) -> T::Task {
    tasks.sample(&mut seed.stream(Purpose::EvaluationTask, 0, 0, 0))
}

/// One episode on a task, in the only lane of `environment`.
pub(super) fn watched<E, P>(
    environment: &mut E,
    policy: &mut P,
    task: &E::Task,
    seed: Seed,
    max_steps: usize,
) -> Result<(), Error>
where
    E: Environment,
    P: Policy<Element<E::ObservationSpace>, Element<E::ActionSpace>>,
{
    let stream = |purpose| seed.stream(purpose, 0, 0, 0);
    environment.assign(0, task, stream(Purpose::EvaluationEnvironment))?;
    let mut rngs = [stream(Purpose::EvaluationPolicy)];
    metarl_core::evaluate(environment, policy, &mut rngs, max_steps)?;
    Ok(())
}
