//! The environment.

use metarl_core::{Continuous, Error, Lanes, Outcome, Process, Rng};

use super::{ActionScale, NavigationTask, PointObjective, PointReward, ReachGoal};
use crate::draw::{Color, Draw, Picture};

/// A point that moves in the plane, towards a goal it is not shown; [`PointNavigation`] and
/// [`SparsePointRobot`] are batches of them.
///
/// ```text
/// p ← p + d(a)        p₀ = 0, d as ActionScale says, at most 0.1 along each axis
/// ```
///
/// The observation is the position p. Every finite action is in the action space, for displacements
/// are clipped; NaN and infinities are [`Error::InvalidAction`]. Nothing is random: the stream an
/// environment is assigned is not read.
///
/// # Examples
///
/// ```
/// use metarl_core::{Environment, Seed, StepBatch, Purpose};
/// use metarl_envs::{NavigationTask, PointNavigation};
///
/// let mut environment = PointNavigation::new(1);
/// let mut step = StepBatch::new(1, [0.0; 2]);
/// let task = NavigationTask { goal: [0.5, 0.0] };
/// environment.assign(0, &task, Seed::new(1).stream(Purpose::Environment, 0, 0, 0))?;
/// environment.reset(&mut step.observation)?;
/// environment.step(&[[1.0, 0.0]], &mut step)?;
/// assert_eq!((step.successor[0], step.reward[0]), ([0.1, 0.0], -0.4));
/// # Ok::<(), metarl_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PointRobot<O> {
    /// What it is paid for.
    pub objective: O,
    /// What a unit of action means.
    pub scale: ActionScale,
}

/// 2-D navigation, the first reinforcement learning experiment of MAML: [`ReachGoal`] with
/// [`SquareGoals`](super::SquareGoals).
///
/// | policy | mean return |
/// |---|---|
/// | stands still | −38.26 |
/// | knows the goal ([`NavigationTask::best_action`]) | −0.506 |
///
/// # References
///
/// Finn et al., *Model-Agnostic Meta-Learning for Fast Adaptation of Deep Networks*, 2017,
/// [arXiv:1703.03400](https://arxiv.org/abs/1703.03400), section 5.3. The paper says that the reward
/// is the negative *squared* distance; the code behind its figures has the distance, as here.
pub type PointNavigation = Lanes<PointRobot<ReachGoal>>;

/// The sparse point robot of PEARL: [`PointReward`] with
/// [`HalfCircleGoals`](super::HalfCircleGoals).
///
/// One who knows the goal ([`NavigationTask::best_action`]) earns 13.382 in an episode, on average
/// over the half circle, and 13.375 over the hundred goals of the published code.
///
/// # References
///
/// Rakelly et al., *Efficient Off-Policy Meta-Reinforcement Learning via Probabilistic Context
/// Variables*, 2019, [arXiv:1903.08254](https://arxiv.org/abs/1903.08254), section 6.2.
pub type SparsePointRobot = Lanes<PointRobot<PointReward>>;

impl<O: PointObjective> Process for PointRobot<O> {
    type Task = NavigationTask;
    type Model = NavigationTask;
    /// The position.
    type State = [f32; 2];
    type ObservationSpace = Continuous<2>;
    type ActionSpace = Continuous<2>;

    const NAME: &'static str = "point robot";

    fn observation_space(&self) -> Continuous<2> {
        Continuous::UNBOUNDED
    }

    fn action_space(&self) -> Continuous<2> {
        Continuous::UNBOUNDED
    }

    fn max_steps(&self) -> Option<u32> {
        Some(O::MAX_STEPS)
    }

    fn model(&self, task: &NavigationTask) -> Result<NavigationTask, Error> {
        task.check()?;
        Ok(*task)
    }

    #[inline]
    fn start(&self, _: &NavigationTask, _: &mut Rng) -> [f32; 2] {
        [0.0; 2]
    }

    #[inline]
    fn observe(&self, _: &NavigationTask, position: &[f32; 2]) -> [f32; 2] {
        *position
    }

    #[inline]
    fn advance(
        &self,
        task: &NavigationTask,
        position: &mut [f32; 2],
        action: &[f32; 2],
        _: &mut Rng,
    ) -> Outcome {
        let step = self.scale.displacement(*action);
        *position = [0, 1].map(|i| position[i] + step[i]);
        let offset = [0, 1].map(|i| position[i] - task.goal[i]);
        let (reward, terminated) = self.objective.judge(offset);
        Outcome { reward, terminated }
    }
}

impl<O: PointObjective> Draw for PointRobot<O> {
    fn draw(
        &self,
        task: &NavigationTask,
        position: &[f32; 2],
        action: Option<&[f32; 2]>,
    ) -> Picture {
        let from = action.map_or(*position, |action| {
            let step = self.scale.displacement(*action);
            [position[0] - step[0], position[1] - step[1]]
        });
        Picture::new([-1.3, -1.3], [1.3, 1.3])
            .line([[-1.3, 0.0], [1.3, 0.0]], 0.005, Color::Faint)
            .line([[0.0, -1.3], [0.0, 1.3]], 0.005, Color::Faint)
            .disc(task.goal, 0.05, Color::Goal)
            .line([from, *position], 0.02, Color::Action)
            .disc(*position, 0.035, Color::Agent)
    }
}
