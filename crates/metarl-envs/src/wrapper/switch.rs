//! Dynamics that change in the middle of an episode.

use metarl_core::{Element, Error, Outcome, Process, Rng, TaskDistribution};
use rand::RngExt;
use serde::{Deserialize, Serialize};

/// Another task takes over in the middle of every episode, unannounced. A process whose episodes are
/// single steps, such as a bandit, has no middle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DynamicsSwitch<P> {
    /// Whose dynamics.
    pub process: P,
}

/// Two tasks, and when the second takes over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SwitchTask<T> {
    /// The task an episode starts with.
    pub before: T,
    /// The one it ends with.
    pub after: T,
    /// Steps of an episode before the second takes over.
    pub at: u32,
}

/// Two tasks of one distribution, the second taking over after a number of steps uniform in
/// `[earliest, earliest + span]`.
///
/// # Examples
///
/// ```
/// use metarl_core::TaskDistribution;
/// use metarl_envs::{CartPoles, SwitchTasks};
///
/// let tasks = SwitchTasks { tasks: CartPoles::REGULAR, earliest: 20, span: 60 };
/// assert_eq!(tasks.name(), "cart-pole/regular-switch-20-80@1");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SwitchTasks<D> {
    /// Where both tasks are from.
    pub tasks: D,
    /// The first step at which the second may take over.
    pub earliest: u32,
    /// Steps between the first and the last such step.
    pub span: u32,
}

impl<D: TaskDistribution> TaskDistribution for SwitchTasks<D> {
    type Task = SwitchTask<D::Task>;

    fn name(&self) -> String {
        let (tasks, earliest) = (self.tasks.name(), self.earliest);
        let latest = earliest.saturating_add(self.span);
        let (tasks, version) = tasks.split_once('@').unwrap_or((&tasks, "1"));
        format!("{tasks}-switch-{earliest}-{latest}@{version}")
    }

    fn sample(&self, rng: &mut Rng) -> SwitchTask<D::Task> {
        SwitchTask {
            before: self.tasks.sample(rng),
            after: self.tasks.sample(rng),
            at: self
                .earliest
                .saturating_add(rng.random_range(0..=self.span)),
        }
    }
}

/// A state, and steps since the episode began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Switching<S> {
    state: S,
    n_steps: u32,
}

impl<P: Process> Process for DynamicsSwitch<P> {
    forward! { ObservationSpace ActionSpace NAME observation_space action_space max_steps }

    type Task = SwitchTask<P::Task>;
    type Model = SwitchTask<P::Model>;
    type State = Switching<P::State>;

    fn model(&self, task: &SwitchTask<P::Task>) -> Result<SwitchTask<P::Model>, Error> {
        Ok(SwitchTask {
            before: self.process.model(&task.before)?,
            after: self.process.model(&task.after)?,
            at: task.at,
        })
    }

    fn start(&self, model: &SwitchTask<P::Model>, rng: &mut Rng) -> Switching<P::State> {
        Switching {
            state: self.process.start(&model.before, rng),
            n_steps: 0,
        }
    }

    fn restart(&self, model: &SwitchTask<P::Model>, at: &mut Switching<P::State>, rng: &mut Rng) {
        self.process.restart(&model.before, &mut at.state, rng);
        at.n_steps = 0;
    }

    fn observe(
        &self,
        model: &SwitchTask<P::Model>,
        at: &Switching<P::State>,
    ) -> Element<P::ObservationSpace> {
        self.process.observe(model.now(at.n_steps), &at.state)
    }

    fn advance(
        &self,
        model: &SwitchTask<P::Model>,
        at: &mut Switching<P::State>,
        action: &Element<P::ActionSpace>,
        rng: &mut Rng,
    ) -> Outcome {
        let now = model.now(at.n_steps);
        at.n_steps += 1;
        self.process.advance(now, &mut at.state, action, rng)
    }
}

impl<M> SwitchTask<M> {
    fn now(&self, n_steps: u32) -> &M {
        if n_steps < self.at {
            &self.before
        } else {
            &self.after
        }
    }
}
