//! Tabular processes, many lanes at a time.

use metarl_core::{Discrete, Environment, Error, Rng, StepBatch, check_lanes, lane_mut};
use rand::RngExt;
use rand_distr::StandardNormal;

use crate::TabularTask;

/// A batch of finite-horizon tabular processes, each lane with its own [`TabularTask`].
///
/// Every episode starts in state 0. The horizon belongs to the process: after the last step nothing
/// follows, so the episode *terminates* (its value is zero) and is never truncated. The step is not
/// part of the observation, as in the RL² paper; an agent that wants it counts.
///
/// # Examples
///
/// ```
/// use metarl_core::{Environment, Purpose, Seed, StepBatch};
/// use metarl_envs::{TabularMdp, TabularTask};
///
/// // Action 0 stays, action 1 changes the state; rewards are close to 100 in state 1.
/// let task = TabularTask::<2, 2> {
///     transition: vec![1.0, 0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0],
///     reward_mean: vec![0.0, 0.0, 100.0, 100.0],
///     horizon: 2,
/// };
/// let mut environment = TabularMdp::new(1);
/// let mut step = StepBatch::new(1, 0);
/// environment.assign(0, &task, Seed::new(1).stream(Purpose::Environment, 0, 0, 0))?;
/// environment.reset(&mut step.observation)?;
/// environment.step(&[1], &mut step)?;
/// assert_eq!(step.observation, [1]);
/// environment.step(&[0], &mut step)?;
/// assert!(step.reward[0] > 90.0);
/// assert_eq!((step.terminated[0], step.successor[0], step.observation[0]), (true, 1, 0));
/// # Ok::<(), metarl_core::Error>(())
/// ```
#[derive(Debug)]
pub struct TabularMdp<const STATES: usize, const ACTIONS: usize> {
    lanes: Vec<Lane<STATES>>,
}

#[derive(Debug)]
struct Lane<const STATES: usize> {
    /// Assigned, but not reset yet.
    next: Option<Process<STATES>>,
    current: Option<Process<STATES>>,
    state: usize,
    step: usize,
}

/// A task as the hot loop wants it. Entry `state · ACTIONS + action` belongs to that pair.
#[derive(Debug)]
struct Process<const STATES: usize> {
    pairs: Vec<Pair<STATES>>,
    horizon: usize,
    rng: Rng,
}

#[derive(Debug)]
struct Pair<const STATES: usize> {
    reward_mean: f64,
    /// `P(s' ≤ i)`; infinite from the last state that can be reached, so that rounding cannot
    /// lead beyond it.
    cumulative: [f64; STATES],
}

impl<const STATES: usize> Pair<STATES> {
    fn new(row: &[f64], reward_mean: f64) -> Self {
        let last = row.iter().rposition(|p| *p > 0.0).unwrap_or(0);
        let mut sum = 0.0;
        let cumulative = std::array::from_fn(|i| {
            sum += row[i];
            if i < last { sum } else { f64::INFINITY }
        });
        Self {
            reward_mean,
            cumulative,
        }
    }

    fn reward(&self, rng: &mut Rng) -> f32 {
        let noise: f64 = rng.sample(StandardNormal);
        (self.reward_mean + noise) as f32
    }

    /// Counting the bounds that are passed instead of stopping at the first keeps the loop free of
    /// branches.
    fn successor(&self, rng: &mut Rng) -> usize {
        let u: f64 = rng.random();
        self.cumulative.iter().map(|c| usize::from(u >= *c)).sum()
    }
}

impl<const STATES: usize, const ACTIONS: usize> TabularMdp<STATES, ACTIONS> {
    /// `n_lanes` lanes that wait for their tasks.
    #[must_use]
    pub fn new(n_lanes: usize) -> Self {
        const {
            assert!(
                STATES > 0 && ACTIONS > 0,
                "a process has states and actions"
            );
        }
        let lane = |_| Lane {
            next: None,
            current: None,
            state: 0,
            step: 0,
        };
        Self {
            lanes: (0..n_lanes).map(lane).collect(),
        }
    }
}

impl<const STATES: usize, const ACTIONS: usize> Environment for TabularMdp<STATES, ACTIONS> {
    type Task = TabularTask<STATES, ACTIONS>;
    type ObservationSpace = Discrete<STATES>;
    type ActionSpace = Discrete<ACTIONS>;

    fn observation_space(&self) -> Discrete<STATES> {
        Discrete
    }

    fn action_space(&self) -> Discrete<ACTIONS> {
        Discrete
    }

    fn n_lanes(&self) -> usize {
        self.lanes.len()
    }

    /// # Errors
    ///
    /// [`Error::OutOfRange`] as for [`TabularTask::check`], and when there is no such lane.
    fn assign(&mut self, lane: usize, task: &Self::Task, rng: Rng) -> Result<(), Error> {
        task.check()?;
        let lane = lane_mut(&mut self.lanes, lane)?;
        let rows = task.transition.chunks_exact(STATES);
        lane.next = Some(Process {
            pairs: rows
                .zip(&task.reward_mean)
                .map(|(row, mean)| Pair::new(row, *mean))
                .collect(),
            horizon: task.horizon,
            rng,
        });
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
            (lane.state, lane.step) = (0, 0);
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
            if *action >= ACTIONS {
                return Err(Error::InvalidAction {
                    lane: index,
                    action: action.to_string(),
                    space: format!("0 … {}", ACTIONS - 1),
                });
            }
            let Some(process) = &mut lane.current else {
                return Err(Error::Environment(format!("lane {index} was never reset")));
            };
            let pair = &process.pairs[lane.state * ACTIONS + action];
            step.reward[index] = pair.reward(&mut process.rng);
            let successor = pair.successor(&mut process.rng);
            lane.step += 1;
            let terminated = lane.step == process.horizon;
            if terminated {
                (lane.state, lane.step) = (0, 0);
            } else {
                lane.state = successor;
            }
            step.successor[index] = successor;
            step.observation[index] = lane.state;
            step.terminated[index] = terminated;
            step.truncated[index] = false;
        }
        Ok(())
    }
}
