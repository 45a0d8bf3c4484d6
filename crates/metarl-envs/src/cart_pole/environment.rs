//! The environment.

use metarl_core::{Continuous, Discrete, Error, Lanes, Outcome, Process, Rng};
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
pub type CartPole = Lanes<CartPoleProcess>;

/// The process behind [`CartPole`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CartPoleProcess;

impl Process for CartPoleProcess {
    type Task = CartPoleTask;
    type Model = CartPoleTask;
    type State = State;
    type ObservationSpace = Continuous<4>;
    type ActionSpace = Discrete<2>;

    const NAME: &'static str = "cart-pole";

    fn observation_space(&self) -> Continuous<4> {
        Continuous::UNBOUNDED
    }

    fn action_space(&self) -> Discrete<2> {
        Discrete
    }

    fn max_steps(&self) -> Option<u32> {
        Some(500)
    }

    fn model(&self, task: &CartPoleTask) -> Result<CartPoleTask, Error> {
        task.check()?;
        Ok(*task)
    }

    #[inline]
    fn start(&self, _: &CartPoleTask, rng: &mut Rng) -> State {
        std::array::from_fn(|_| rng.random_range(-0.05..=0.05))
    }

    #[inline]
    fn observe(&self, _: &CartPoleTask, state: &State) -> State {
        *state
    }

    #[inline]
    fn advance(
        &self,
        task: &CartPoleTask,
        state: &mut State,
        action: &usize,
        _: &mut Rng,
    ) -> Outcome {
        *state = task.advance(*state, *action == 1);
        let [position, _, angle, _] = *state;
        Outcome {
            reward: 1.0,
            terminated: position.abs() > MAX_POSITION || angle.abs() > MAX_ANGLE,
        }
    }
}
