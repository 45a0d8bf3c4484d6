//! Two-step tasks, many lanes at a time.

use metarl_core::{Discrete, Environment, Error, Rng, StepBatch, check_lanes, lane_mut};
use rand::RngExt;

use crate::TwoStepTask;

/// A batch of two-step tasks, each lane with its own [`TwoStepTask`].
///
/// | observation | meaning | actions |
/// |---|---|---|
/// | 0 | first stage | lead to a state, no reward |
/// | 1, 2 | state 0, state 1 | both alike: collect the reward and end the episode |
///
/// What the literature calls a trial of this task is an episode here; an agent that is to learn
/// plays [`Trial`](metarl_core::Trial)s of many episodes. The states change places between
/// episodes, and only [`reset`](Environment::reset) puts them back to what the task says; the
/// lane's random stream goes on.
///
/// # Examples
///
/// ```
/// use metarl_core::{Environment, Purpose, Seed, StepBatch};
/// use metarl_envs::{TwoStep, TwoStepTask};
///
/// let task = TwoStepTask { common: 1.0, reward: [0.0, 1.0], switch: 0.0 };
/// let mut environment = TwoStep::new(1);
/// let mut step = StepBatch::new(1, 0);
/// environment.assign(0, &task, Seed::new(1).stream(Purpose::Environment, 0, 0, 0))?;
/// environment.reset(&mut step.observation)?;
/// environment.step(&[1], &mut step)?;
/// assert_eq!((step.observation[0], step.terminated[0]), (2, false));
/// environment.step(&[0], &mut step)?;
/// assert_eq!((step.reward[0], step.terminated[0]), (1.0, true));
/// # Ok::<(), metarl_core::Error>(())
/// ```
#[derive(Debug)]
pub struct TwoStep {
    lanes: Vec<Lane>,
}

#[derive(Debug)]
struct Lane {
    /// Assigned, but not reset yet.
    next: Option<(TwoStepTask, Rng)>,
    current: Option<(TwoStepTask, Rng)>,
    /// Whether the states have changed places.
    switched: bool,
    /// The second-stage state, when there.
    state: Option<usize>,
}

impl TwoStep {
    /// `n_lanes` lanes that wait for their tasks.
    #[must_use]
    pub fn new(n_lanes: usize) -> Self {
        let lane = |_| Lane {
            next: None,
            current: None,
            switched: false,
            state: None,
        };
        Self {
            lanes: (0..n_lanes).map(lane).collect(),
        }
    }
}

impl Environment for TwoStep {
    type Task = TwoStepTask;
    type ObservationSpace = Discrete<3>;
    type ActionSpace = Discrete<2>;

    fn observation_space(&self) -> Discrete<3> {
        Discrete
    }

    fn action_space(&self) -> Discrete<2> {
        Discrete
    }

    fn n_lanes(&self) -> usize {
        self.lanes.len()
    }

    /// # Errors
    ///
    /// [`Error::OutOfRange`] as for [`TwoStepTask::check`], and when there is no such lane.
    fn assign(&mut self, lane: usize, task: &TwoStepTask, rng: Rng) -> Result<(), Error> {
        task.check()?;
        let lane = lane_mut(&mut self.lanes, lane)?;
        lane.next = Some((*task, rng));
        Ok(())
    }

    /// # Errors
    ///
    /// [`Error::LaneMismatch`] when `observation` is not one per lane, [`Error::Environment`] when
    /// a lane was never given a task.
    fn reset(&mut self, observation: &mut [usize]) -> Result<(), Error> {
        check_lanes("observation", observation.len(), self.lanes.len())?;
        for (index, lane) in self.lanes.iter_mut().enumerate() {
            if let Some(next) = lane.next.take() {
                lane.current = Some(next);
            }
            if lane.current.is_none() {
                return Err(Error::Environment(format!("lane {index} has no task")));
            }
            (lane.switched, lane.state) = (false, None);
        }
        observation.fill(0);
        Ok(())
    }

    /// # Errors
    ///
    /// [`Error::LaneMismatch`], [`Error::InvalidAction`], and [`Error::Environment`] when a lane was
    /// never reset.
    fn step(&mut self, action: &[usize], step: &mut StepBatch<usize>) -> Result<(), Error> {
        check_lanes("action", action.len(), self.lanes.len())?;
        check_lanes("step", step.n_lanes(), self.lanes.len())?;
        for (index, (lane, action)) in self.lanes.iter_mut().zip(action).enumerate() {
            if *action > 1 {
                return Err(Error::InvalidAction {
                    lane: index,
                    action: action.to_string(),
                    space: "Discrete<2>".to_owned(),
                });
            }
            let Some((task, rng)) = &mut lane.current else {
                return Err(Error::Environment(format!("lane {index} was never reset")));
            };
            let mut happens = |probability: f64| rng.random::<f64>() < probability;
            step.truncated[index] = false;
            if let Some(state) = lane.state.take() {
                let like = state ^ usize::from(lane.switched);
                step.reward[index] = f32::from(u8::from(happens(task.reward[like])));
                step.terminated[index] = true;
                step.successor[index] = 1 + state;
                step.observation[index] = 0;
                lane.switched ^= happens(task.switch);
            } else {
                let state = if happens(task.common) {
                    *action
                } else {
                    1 - action
                };
                step.reward[index] = 0.0;
                step.terminated[index] = false;
                step.successor[index] = 1 + state;
                step.observation[index] = 1 + state;
                lane.state = Some(state);
            }
        }
        Ok(())
    }
}
