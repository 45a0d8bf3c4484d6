//! The walker as a process.

use std::marker::PhantomData;

use metarl_core::{Continuous, Error, Outcome, Process, Rng};

use super::body::START_PUSH;
use super::course::Draw;
use super::engine::Engine;
use super::episode::{OBSERVATION, Walker};
use super::task::WalkerTask;

/// A two-legged robot that has to walk to the end of a course, in any [`Engine`].
///
/// | observation | |
/// |---|---|
/// | 0, 1 | angle of the hull; its angular velocity ÷ 25 |
/// | 2, 3 | its velocity, × 0.12 forward and × 0.08 upward |
/// | 4, 5 | first hip: angle, speed ÷ 4 |
/// | 6, 7 | first knee: angle + 1, speed ÷ 6 |
/// | 8 | 1 while the first shin touches the ground |
/// | 9 … 13 | the second leg, alike |
/// | 14 … 23 | ten lidar rays from straight down to 1.35 rad forward: the part of 5.33 that is free |
///
/// | | |
/// |---|---|
/// | action | for each joint in that order, in `[−1, 1]`: its sign drives to full speed (4 for hips, 6 for knees), its size is the part of the largest torque, 80 |
/// | start | standing on level ground; the course is drawn anew every episode, the hull is pushed by a force uniform in `[−5, 5]` during one step without torque |
/// | reward | `13 ⁄ 3` a unit forward, about 300 for the whole course; −5 a radian that the hull leans more; −0.028 `Σ abs(a)`; −100 instead for falling |
/// | terminated | the hull touches the ground, or is left of the course (both are falls), or has arrived |
/// | truncated | after `max_steps`, 2000 |
///
/// Measures, rewards and ends are those of Gymnasium's `BipedalWalker-v3`; POET's walker is the same.
/// Gymnasium cuts that one after 1600 steps and its hardcore variant after 2000, as POET does.
/// An episode that arrives ends with *terminated*, so what is beyond the goal is worth nothing.
///
/// # References
///
/// Klimov, *BipedalWalker*, 2016, in Brockman et al., *OpenAI Gym*,
/// [arXiv:1606.01540](https://arxiv.org/abs/1606.01540); Wang et al., *Paired Open-Ended Trailblazer
/// (POET)*, 2019, [arXiv:1901.01753](https://arxiv.org/abs/1901.01753).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WalkerProcess<E> {
    /// Steps after which an episode is truncated.
    pub max_steps: u32,
    engine: PhantomData<fn() -> E>,
}

/// Where a [`WalkerProcess`] is.
pub type WalkerState<E> = Walker<E>;

impl<E> WalkerProcess<E> {
    /// Walkers that are cut after this many steps.
    #[must_use]
    pub const fn new(max_steps: u32) -> Self {
        Self {
            max_steps,
            engine: PhantomData,
        }
    }
}

impl<E> Default for WalkerProcess<E> {
    fn default() -> Self {
        Self::new(2000)
    }
}

impl<E: Engine> Process for WalkerProcess<E> {
    type Task = WalkerTask;
    type Model = WalkerTask;
    type State = WalkerState<E>;
    type ObservationSpace = Continuous<OBSERVATION>;
    type ActionSpace = Continuous<4>;

    const NAME: &'static str = E::NAME;

    fn observation_space(&self) -> Continuous<OBSERVATION> {
        Continuous::UNBOUNDED
    }

    fn action_space(&self) -> Continuous<4> {
        Continuous {
            low: -1.0,
            high: 1.0,
        }
    }

    fn max_steps(&self) -> Option<u32> {
        Some(self.max_steps)
    }

    fn model(&self, task: &WalkerTask) -> Result<WalkerTask, Error> {
        task.check()?;
        Ok(task.clone())
    }

    fn start(&self, task: &WalkerTask, rng: &mut Rng) -> Walker<E> {
        let terrain = task.terrain(rng);
        Walker::new(terrain, rng.uniform(-START_PUSH, START_PUSH) as f32)
    }

    fn observe(&self, _: &WalkerTask, walker: &Walker<E>) -> [f32; OBSERVATION] {
        *walker.observation()
    }

    fn advance(
        &self,
        _: &WalkerTask,
        walker: &mut Walker<E>,
        action: &[f32; 4],
        _: &mut Rng,
    ) -> Outcome {
        let step = walker.step(action);
        Outcome {
            reward: step.reward as f32,
            terminated: step.terminated,
        }
    }
}
