//! Bandits, many lanes at a time.

use metarl_core::{
    Continuous, Discrete, Environment, Error, Rng, StepBatch, check_lanes, check_range, lane_mut,
};

use crate::{BanditTask, BernoulliTask, GaussianTask, RestlessTask};

/// A batch of bandits with `ARMS` arms, each lane with its own task.
///
/// One pull is one episode: every step terminates and nothing is ever seen. An agent that is to
/// learn plays [`Trial`](metarl_core::Trial)s of many pulls.
///
/// [`reset`](Environment::reset) puts the arms of every lane back to what its task says; its random
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
/// let task = BernoulliTask { probability: vec![0.0, 1.0] };
/// bandit.assign(0, &task, Seed::new(1).stream(Purpose::Environment, 0, 0, 0))?;
/// bandit.reset(&mut step.observation)?;
/// bandit.step(&[1], &mut step)?;
/// assert_eq!((step.reward[0], step.terminated[0]), (1.0, true));
/// # Ok::<(), metarl_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Bandit<T, const ARMS: usize> {
    lanes: Vec<Lane<T>>,
}

/// A bandit whose arms pay 1 or 0.
pub type BernoulliBandit<const ARMS: usize> = Bandit<BernoulliTask, ARMS>;
/// A bandit whose arms pay normally distributed rewards.
pub type GaussianBandit<const ARMS: usize> = Bandit<GaussianTask, ARMS>;
/// Two arms that pay 1 or 0 with probabilities `p` and `1 − p`, where `p` wanders.
pub type RestlessBandit = Bandit<RestlessTask, 2>;

#[derive(Debug)]
struct Lane<T> {
    /// Assigned, but not reset yet.
    next: Option<(T, Rng)>,
    current: Option<Running<T>>,
}

#[derive(Debug)]
struct Running<T> {
    task: T,
    /// The task as time has changed it.
    arms: T,
    rng: Rng,
}

impl<T: BanditTask, const ARMS: usize> Bandit<T, ARMS> {
    /// `n_lanes` lanes that wait for their tasks.
    #[must_use]
    pub fn new(n_lanes: usize) -> Self {
        let lane = |_| Lane {
            next: None,
            current: None,
        };
        Self {
            lanes: (0..n_lanes).map(lane).collect(),
        }
    }
}

impl<T: BanditTask, const ARMS: usize> Environment for Bandit<T, ARMS> {
    type Task = T;
    type ObservationSpace = Continuous<0>;
    type ActionSpace = Discrete<ARMS>;

    fn observation_space(&self) -> Continuous<0> {
        Continuous::UNBOUNDED
    }

    fn action_space(&self) -> Discrete<ARMS> {
        Discrete
    }

    fn n_lanes(&self) -> usize {
        self.lanes.len()
    }

    /// # Errors
    ///
    /// [`Error::OutOfRange`] as for [`BanditTask::check`], when the task has not `ARMS` arms, and
    /// when there is no such lane.
    fn assign(&mut self, lane: usize, task: &T, rng: Rng) -> Result<(), Error> {
        task.check()?;
        check_range(
            "n_arms",
            "the number of arms of the environment",
            task.n_arms(),
            task.n_arms() == ARMS,
        )?;
        let lane = lane_mut(&mut self.lanes, lane)?;
        lane.next = Some((task.clone(), rng));
        Ok(())
    }

    /// # Errors
    ///
    /// [`Error::LaneMismatch`] when `observation` is not one per lane, [`Error::Environment`] when
    /// a lane was never given a task.
    fn reset(&mut self, observation: &mut [[f32; 0]]) -> Result<(), Error> {
        check_lanes("observation", observation.len(), self.lanes.len())?;
        for (index, lane) in self.lanes.iter_mut().enumerate() {
            if let Some((task, rng)) = lane.next.take() {
                let arms = task.clone();
                lane.current = Some(Running { task, arms, rng });
            } else if let Some(running) = &mut lane.current {
                running.arms.clone_from(&running.task);
            } else {
                return Err(Error::Environment(format!("lane {index} has no task")));
            }
        }
        Ok(())
    }

    /// # Errors
    ///
    /// [`Error::LaneMismatch`], [`Error::InvalidAction`], and [`Error::Environment`] when a lane was
    /// never reset.
    fn step(&mut self, action: &[usize], step: &mut StepBatch<[f32; 0]>) -> Result<(), Error> {
        check_lanes("action", action.len(), self.lanes.len())?;
        check_lanes("step", step.n_lanes(), self.lanes.len())?;
        for (index, (lane, arm)) in self.lanes.iter_mut().zip(action).enumerate() {
            if *arm >= ARMS {
                return Err(Error::InvalidAction {
                    lane: index,
                    action: arm.to_string(),
                    space: format!("Discrete<{ARMS}>"),
                });
            }
            let Some(Running { arms, rng, .. }) = &mut lane.current else {
                return Err(Error::Environment(format!("lane {index} was never reset")));
            };
            step.reward[index] = arms.pull(*arm, rng) as f32;
        }
        step.terminated.fill(true);
        step.truncated.fill(false);
        Ok(())
    }
}
