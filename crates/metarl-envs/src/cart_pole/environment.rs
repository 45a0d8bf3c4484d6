//! The environment.

use metarl_core::{
    Continuous, Discrete, Environment, Error, Rng, Space, StepBatch, check_lanes, lane_mut,
};
use rand::RngExt;

use super::CartPoleTask;
use super::physics::State;

/// Cart positions beyond ±2.4 m end an episode.
const MAX_POSITION: f32 = 2.4;
/// Angles beyond ±12° end an episode.
const MAX_ANGLE: f32 = 12.0 * std::f32::consts::PI / 180.0;

/// A batch of carts that keep a pole upright, each with physics of its own.
///
/// ```text
/// temp = (F + m l θ̇² sin θ) / (M + m)              F = ±force, M = 1 kg, g = 9.8 m/s²
/// θ̈ = (g sin θ − cos θ temp) / (l (4/3 − m cos² θ / (M + m)))
/// ẍ = temp − m l θ̈ cos θ / (M + m)
/// (x, ẋ, θ, θ̇) ← (x, ẋ, θ, θ̇) + 0.02 s · (ẋ, ẍ, θ̇, θ̈)
/// ```
///
/// | | |
/// |---|---|
/// | observation | x (m), ẋ (m/s), θ (rad), θ̇ (rad/s) |
/// | action | 0 pushes to the left, 1 to the right |
/// | start | each coordinate uniform in `[−0.05, 0.05]` |
/// | reward | 1 a step, the last one too |
/// | terminated | \|x\| > 2.4 m or \|θ\| > 12° |
/// | truncated | after 500 steps |
///
/// Dynamics, thresholds and limit are those of Gymnasium's `CartPole-v1`, in single precision; the
/// physics are the task and are not observed.
///
/// # Examples
///
/// ```
/// use metarl_core::{Environment, Purpose, Seed, StepBatch};
/// use metarl_envs::{CartPole, CartPoleTask};
///
/// let mut environment = CartPole::new(1);
/// let mut step = StepBatch::new(1, [0.0; 4]);
/// let task = CartPoleTask { length: 1.0, ..CartPoleTask::default() };
/// environment.assign(0, &task, Seed::new(1).stream(Purpose::Environment, 0, 0, 0))?;
/// environment.reset(&mut step.observation)?;
/// environment.step(&[1], &mut step)?;
/// assert_eq!(step.reward[0], 1.0);
/// # Ok::<(), metarl_core::Error>(())
/// ```
///
/// # References
///
/// Barto, Sutton and Anderson, *Neuronlike Adaptive Elements That Can Solve Difficult Learning
/// Control Problems*, 1983; Towers et al., *Gymnasium*, 2024,
/// [arXiv:2407.17032](https://arxiv.org/abs/2407.17032).
#[derive(Debug)]
pub struct CartPole {
    /// Assigned, but not reset yet.
    next: Vec<Option<(CartPoleTask, Rng)>>,
    rng: Vec<Option<Rng>>,
    task: Vec<CartPoleTask>,
    state: Vec<State>,
    n_steps: Vec<u32>,
}

impl CartPole {
    /// Steps after which an episode is cut.
    pub const MAX_STEPS: u32 = 500;

    /// `n_lanes` lanes that wait for their tasks.
    #[must_use]
    pub fn new(n_lanes: usize) -> Self {
        Self {
            next: (0..n_lanes).map(|_| None).collect(),
            rng: (0..n_lanes).map(|_| None).collect(),
            task: vec![CartPoleTask::default(); n_lanes],
            state: vec![[0.0; 4]; n_lanes],
            n_steps: vec![0; n_lanes],
        }
    }
}

fn start(rng: &mut Rng) -> State {
    std::array::from_fn(|_| rng.random_range(-0.05..=0.05))
}

impl Environment for CartPole {
    type Task = CartPoleTask;
    type ObservationSpace = Continuous<4>;
    type ActionSpace = Discrete<2>;

    fn observation_space(&self) -> Continuous<4> {
        Continuous::UNBOUNDED
    }

    fn action_space(&self) -> Discrete<2> {
        Discrete
    }

    fn n_lanes(&self) -> usize {
        self.task.len()
    }

    /// # Errors
    ///
    /// [`Error::OutOfRange`] as for [`CartPoleTask::check`], and when there is no such lane.
    fn assign(&mut self, lane: usize, task: &CartPoleTask, rng: Rng) -> Result<(), Error> {
        task.check()?;
        let next = lane_mut(&mut self.next, lane)?;
        *next = Some((*task, rng));
        Ok(())
    }

    /// # Errors
    ///
    /// [`Error::LaneMismatch`] when `observation` is not one per lane, [`Error::Environment`] when
    /// a lane was never given a task.
    fn reset(&mut self, observation: &mut [State]) -> Result<(), Error> {
        check_lanes("observation", observation.len(), self.n_lanes())?;
        for (lane, observation) in observation.iter_mut().enumerate() {
            if let Some((task, rng)) = self.next[lane].take() {
                self.task[lane] = task;
                self.rng[lane] = Some(rng);
            }
            let Some(rng) = &mut self.rng[lane] else {
                return Err(Error::Environment(format!("lane {lane} has no task")));
            };
            self.state[lane] = start(rng);
            self.n_steps[lane] = 0;
            *observation = self.state[lane];
        }
        Ok(())
    }

    /// # Errors
    ///
    /// [`Error::LaneMismatch`], [`Error::InvalidAction`], and [`Error::Environment`] when a lane was
    /// never reset.
    fn step(&mut self, action: &[usize], step: &mut StepBatch<State>) -> Result<(), Error> {
        check_lanes("action", action.len(), self.n_lanes())?;
        check_lanes("step", step.n_lanes(), self.n_lanes())?;
        for (lane, action) in action.iter().enumerate() {
            if !self.action_space().contains(action) {
                return Err(Error::InvalidAction {
                    lane,
                    action: action.to_string(),
                    space: "0 … 1".to_owned(),
                });
            }
            let Some(rng) = &mut self.rng[lane] else {
                return Err(Error::Environment(format!("lane {lane} was never reset")));
            };
            let reached = self.task[lane].advance(self.state[lane], *action == 1);
            let terminated = reached[0].abs() > MAX_POSITION || reached[2].abs() > MAX_ANGLE;
            self.n_steps[lane] += 1;
            let ended = terminated || self.n_steps[lane] == Self::MAX_STEPS;

            step.reward[lane] = 1.0;
            step.terminated[lane] = terminated;
            step.truncated[lane] = ended && !terminated;
            step.successor[lane] = reached;
            self.state[lane] = if ended { start(rng) } else { reached };
            step.observation[lane] = self.state[lane];
            if ended {
                self.n_steps[lane] = 0;
            }
        }
        Ok(())
    }
}
