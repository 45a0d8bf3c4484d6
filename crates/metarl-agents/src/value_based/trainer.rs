//! Acting, learning after every step, and being judged now and then.

use std::fmt::{Debug, Formatter};

use metarl_autodiff::Layout;
use metarl_core::{
    Discrete, Environment, Purpose, Returns, Rng, Seed, Space, StepBatch, TaskDistribution,
    evaluate,
};
use metarl_memory::Transition;
use serde::{Deserialize, Serialize};

use super::config::ValueBasedConfig;
use super::learner::{Learned, ValueLearner};
use super::policy::{EpsilonGreedy, epsilon_greedy, largest};
use crate::Error;
use crate::range::at_least_1;
use crate::trainer::{Trainer, TrainingState};

/// What one iteration of training did.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ValueBasedIteration {
    /// Iterations done, this one included.
    pub iteration: u64,
    /// Environment steps done since the start.
    pub env_steps: u64,
    /// Mean return of the episodes that ended, exploration included; NaN where none did.
    pub episode_return: f64,
    /// Mean over steps of the largest value of an action that was tried.
    pub value: f64,
    /// ε at the end.
    pub epsilon: f64,
}

/// How good it was after a number of steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Milestone {
    /// Environment steps done.
    pub env_steps: u64,
    /// Returns of its episodes.
    pub returns: Returns,
}

/// Everything training goes on from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "S: Learned")]
pub struct ValueBasedState<S> {
    /// Iterations done.
    pub iteration: u64,
    /// Environment steps done.
    pub env_steps: u64,
    /// Judgements so far.
    pub milestones: Vec<Milestone>,
    /// What is learned.
    #[serde(flatten)]
    pub learner: S,
}

impl<S: Learned> TrainingState for ValueBasedState<S> {
    fn iteration(&self) -> u64 {
        self.iteration
    }

    fn parameters(&self) -> &[f32] {
        self.learner.parameters()
    }
}

/// A learner of action values on one task, with `ACTIONS` actions.
///
/// The task is drawn from the seed and stays: what is measured is how fast a task is learned from
/// nothing.
pub struct ValueBased<O: Space, L: ValueLearner<O>, F, T, const ACTIONS: usize> {
    config: ValueBasedConfig,
    learner: L,
    tasks: T,
    environment: F,
    horizon: usize,
    seed: Seed,
    state: ValueBasedState<L::State>,
}

impl<O: Space, L: ValueLearner<O> + Debug, F, T: Debug, const ACTIONS: usize> Debug
    for ValueBased<O, L, F, T, ACTIONS>
{
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ValueBased")
            .field("config", &self.config)
            .field("learner", &self.learner)
            .field("tasks", &self.tasks)
            .field("seed", &self.seed)
            .field("iteration", &self.state.iteration)
            .finish_non_exhaustive()
    }
}

impl<O, L, F, E, T, const ACTIONS: usize> ValueBased<O, L, F, T, ACTIONS>
where
    O: Space,
    L: ValueLearner<O>,
    F: Fn(usize) -> E,
    E: Environment<ObservationSpace = O, ActionSpace = Discrete<ACTIONS>>,
    T: TaskDistribution<Task = E::Task>,
{
    /// An agent that has seen nothing.
    ///
    /// `environment` makes a batch of the given number of lanes; `horizon` is the most steps of an
    /// episode.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] for a hyper-parameter outside its range, and whatever the learner
    /// refuses.
    pub fn new(
        config: ValueBasedConfig,
        learner: L,
        tasks: T,
        environment: F,
        horizon: usize,
        seed: Seed,
    ) -> Result<Self, Error> {
        config.validate()?;
        at_least_1("horizon", horizon)?;
        let state = ValueBasedState {
            iteration: 0,
            env_steps: 0,
            milestones: Vec::new(),
            learner: learner.start(seed)?,
        };
        Ok(Self {
            config,
            learner,
            tasks,
            environment,
            horizon,
            seed,
            state,
        })
    }

    /// What has been learned so far, at work with the ε of a judgement.
    pub fn policy(&self) -> EpsilonGreedy<'_, O, L> {
        self.policy_of(&self.state)
    }

    fn policy_of(&self, state: &ValueBasedState<L::State>) -> EpsilonGreedy<'_, O, L> {
        let epsilon = self.config.evaluation_epsilon;
        EpsilonGreedy::new(&self.learner, state.learner.clone(), ACTIONS, epsilon)
    }

    /// The task it learns.
    pub fn task(&self) -> T::Task {
        let mut rng = self.seed.stream(Purpose::Task, 0, 0, 0);
        self.tasks.sample(&mut rng)
    }

    /// Returns of `n_episodes` episodes of the [`policy`](Self::policy) on the task it learns.
    ///
    /// # Errors
    ///
    /// Whatever the environment returns.
    pub fn evaluate(&self, n_episodes: usize, seed: Seed) -> Result<Vec<f64>, Error> {
        self.judge(&self.state, n_episodes, seed)
    }

    fn judge(
        &self,
        state: &ValueBasedState<L::State>,
        n_episodes: usize,
        seed: Seed,
    ) -> Result<Vec<f64>, Error> {
        let mut environment = (self.environment)(n_episodes);
        let task = self.task();
        let mut rngs = Vec::with_capacity(n_episodes);
        for lane in 0..n_episodes {
            let stream = |purpose| seed.stream(purpose, 0, lane as u64, state.env_steps);
            environment.assign(lane, &task, stream(Purpose::EvaluationEnvironment))?;
            rngs.push(stream(Purpose::EvaluationPolicy));
        }
        Ok(evaluate(
            &mut environment,
            &mut self.policy_of(state),
            &mut rngs,
            self.horizon,
        )?)
    }

    /// ε-greedy.
    fn choose(
        &self,
        state: &mut ValueBasedState<L::State>,
        observation: &O::Element,
        values: &mut [f32],
        rng: &mut Rng,
    ) -> Result<usize, Error> {
        self.learner
            .action_values(&mut state.learner, observation, values)?;
        let epsilon = self.config.exploration.at(state.env_steps);
        Ok(epsilon_greedy(values, epsilon, rng))
    }

    fn play(&self, state: &mut ValueBasedState<L::State>) -> Result<ValueBasedIteration, Error> {
        let stream = |purpose| self.seed.stream(purpose, 0, 0, state.iteration);
        let mut rng = stream(Purpose::Policy);
        let mut environment = (self.environment)(1);
        environment.assign(0, &self.task(), stream(Purpose::Environment))?;
        let mut step = StepBatch::new(1, environment.observation_space().zero());
        environment.reset(&mut step.observation)?;
        let mut values = [0.0; ACTIONS];
        let (mut running, mut returns) = (0.0, Vec::new());
        let mut total_value = 0.0;
        for left in (0..self.config.steps_per_iteration).rev() {
            let observation = step.observation[0];
            let action = self.choose(state, &observation, &mut values, &mut rng)?;
            total_value += f64::from(largest(&values));
            environment.step(&[action], &mut step)?;
            check_reward(state.env_steps, step.reward[0])?;
            let transition = Transition {
                observation,
                action,
                reward: step.reward[0],
                successor: step.successor[0],
                terminated: step.terminated[0],
                truncated: step.truncated[0] || (left == 0 && !step.terminated[0]),
            };
            self.learner.learn(&mut state.learner, &transition)?;
            running += f64::from(step.reward[0]);
            if step.ended(0) {
                returns.push(std::mem::take(&mut running));
            }
            state.env_steps += 1;
            if self.config.milestones.contains(&state.env_steps) {
                let returns = self.judge(state, self.config.milestone_episodes, self.seed)?;
                state.milestones.push(Milestone {
                    env_steps: state.env_steps,
                    returns: Returns::of(&returns),
                });
            }
        }
        state.iteration += 1;
        Ok(ValueBasedIteration {
            iteration: state.iteration,
            env_steps: state.env_steps,
            episode_return: returns.iter().sum::<f64>() / returns.len() as f64,
            value: total_value / self.config.steps_per_iteration as f64,
            epsilon: self.config.exploration.at(state.env_steps),
        })
    }
}

impl<O, L, F, E, T, const ACTIONS: usize> Trainer for ValueBased<O, L, F, T, ACTIONS>
where
    O: Space,
    L: ValueLearner<O>,
    F: Fn(usize) -> E,
    E: Environment<ObservationSpace = O, ActionSpace = Discrete<ACTIONS>>,
    T: TaskDistribution<Task = E::Task>,
{
    type Iteration = ValueBasedIteration;
    type State = ValueBasedState<L::State>;

    /// One iteration: a number of steps, each learned from.
    fn iterate(&mut self) -> Result<Self::Iteration, Error> {
        let mut state = self.state.clone();
        let done = self.play(&mut state)?;
        self.state = state;
        Ok(done)
    }

    fn layout(&self) -> &Layout {
        self.learner.layout()
    }

    fn state(&self) -> &Self::State {
        &self.state
    }

    fn restore(&mut self, state: Self::State) -> Result<(), Error> {
        self.learner.check(&state.learner)?;
        self.state = state;
        Ok(())
    }
}

fn check_reward(step: u64, value: f32) -> Result<(), Error> {
    if value.is_finite() {
        Ok(())
    } else {
        Err(Error::Environment(metarl_core::Error::NonFinite {
            step: usize::try_from(step).unwrap_or(usize::MAX),
            lane: 0,
            value,
        }))
    }
}
