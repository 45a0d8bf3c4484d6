//! The environment.

use std::marker::PhantomData;

use metarl_core::{Continuous, Discrete, Error, Lanes, Outcome, Process, Rng, check_range};

use crate::draw::{Board, Draw, Picture};
use crate::{BanditTask, BernoulliTask, GaussianTask, RestlessTask};

/// A bandit with `ARMS` arms; [`BernoulliBandit`], [`GaussianBandit`] and [`RestlessBandit`] are
/// batches of them, each lane with its own task.
///
/// One pull is one episode: every step terminates and nothing is ever seen. An agent that is to
/// learn plays [`Trial`](metarl_core::Trial)s of many pulls.
///
/// [`reset`](metarl_core::Environment::reset) puts the arms of every lane back to what its task says; its random
/// stream goes on, unless a task with a new stream was assigned. The arms are *not* put back when a
/// pull ends an episode, so a restless bandit keeps walking until the next reset.
///
/// # Examples
///
/// ```
/// use metarl_core::{Environment, Purpose, Seed, StepBatch};
/// use metarl_envs::{BernoulliBandit, BernoulliTask};
///
/// let mut bandit = BernoulliBandit::<2>::new(1);
/// let mut step = StepBatch::new(1, []);
/// let task = BernoulliTask { probability: vec![0.0, 1.0].into() };
/// bandit.assign(0, &task, Seed::new(1).stream(Purpose::Environment, 0, 0, 0))?;
/// bandit.reset(&mut step.observation)?;
/// bandit.step(&[1], &mut step)?;
/// assert_eq!((step.reward[0], step.terminated[0]), (1.0, true));
/// # Ok::<(), metarl_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bandit<T, const ARMS: usize>(PhantomData<fn() -> T>);

/// A bandit whose arms pay 1 or 0.
pub type BernoulliBandit<const ARMS: usize> = Lanes<Bandit<BernoulliTask, ARMS>>;
/// A bandit whose arms pay normally distributed rewards.
pub type GaussianBandit<const ARMS: usize> = Lanes<Bandit<GaussianTask, ARMS>>;
/// Two arms that pay 1 or 0 with probabilities `p` and `1 − p`, where `p` wanders.
pub type RestlessBandit = Lanes<Bandit<RestlessTask, 2>>;

impl<T, const ARMS: usize> Default for Bandit<T, ARMS> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<T: BanditTask, const ARMS: usize> Process for Bandit<T, ARMS> {
    type Task = T;
    type Model = T;
    /// The task as time has changed it.
    type State = T;
    type ObservationSpace = Continuous<0>;
    type ActionSpace = Discrete<ARMS>;

    const NAME: &'static str = "bandit";

    fn observation_space(&self) -> Continuous<0> {
        Continuous::UNBOUNDED
    }

    fn action_space(&self) -> Discrete<ARMS> {
        Discrete
    }

    /// # Errors
    ///
    /// [`Error::OutOfRange`] as for [`BanditTask::check`], and when the task has not `ARMS` arms.
    fn model(&self, task: &T) -> Result<T, Error> {
        task.check()?;
        check_range(
            "n_arms",
            "the number of arms of the environment",
            task.n_arms(),
            task.n_arms() == ARMS,
        )?;
        Ok(task.clone())
    }

    #[inline]
    fn start(&self, task: &T, _: &mut Rng) -> T {
        task.clone()
    }

    #[inline]
    fn restart(&self, _: &T, _: &mut T, _: &mut Rng) {}

    #[inline]
    fn observe(&self, _: &T, _: &T) -> [f32; 0] {
        []
    }

    #[inline]
    fn advance(&self, _: &T, arms: &mut T, arm: &usize, rng: &mut Rng) -> Outcome {
        Outcome {
            reward: arms.pull(*arm, rng) as f32,
            terminated: true,
        }
    }
}

impl<T: BanditTask, const ARMS: usize> Draw for Bandit<T, ARMS> {
    /// Expected rewards, which the agent is not shown, and the arm it pulls.
    fn draw(&self, _: &T, arms: &T, arm: Option<&usize>) -> Picture {
        let means: Vec<f64> = (0..ARMS).map(|arm| arms.mean(arm)).collect();
        let low = means.iter().copied().fold(0.0, f64::min);
        let high = means.iter().copied().fold(1.0, f64::max);
        Board::bars(&means, [low, high], arm.copied())
    }
}
