//! The environment.

use metarl_core::{Continuous, Environment, Error, Rng, Space, StepBatch, check_lanes, lane_mut};

use super::{ActionScale, NavigationTask, PointObjective, PointReward, ReachGoal};

/// A batch of points that move in the plane, each towards a goal it is not shown.
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
#[derive(Debug)]
pub struct PointRobot<O> {
    objective: O,
    scale: ActionScale,
    /// Assigned, but not reset yet.
    next_goal: Vec<Option<[f32; 2]>>,
    goal: Vec<Option<[f32; 2]>>,
    position: Vec<[f32; 2]>,
    n_steps: Vec<u32>,
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
pub type PointNavigation = PointRobot<ReachGoal>;

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
pub type SparsePointRobot = PointRobot<PointReward>;

impl<O: PointObjective> PointRobot<O> {
    /// `n_lanes` lanes that wait for their tasks, with [`ActionScale::Normalized`].
    #[must_use]
    pub fn new(n_lanes: usize) -> Self {
        Self {
            objective: O::default(),
            scale: ActionScale::default(),
            next_goal: vec![None; n_lanes],
            goal: vec![None; n_lanes],
            position: vec![[0.0; 2]; n_lanes],
            n_steps: vec![0; n_lanes],
        }
    }

    /// The same with another meaning of actions.
    #[must_use]
    pub fn with_action_scale(self, scale: ActionScale) -> Self {
        Self { scale, ..self }
    }

    /// The same with another reward.
    #[must_use]
    pub fn with_objective(self, objective: O) -> Self {
        Self { objective, ..self }
    }

    /// What a unit of action means.
    #[must_use]
    pub fn action_scale(&self) -> ActionScale {
        self.scale
    }
}

impl<O: PointObjective> Environment for PointRobot<O> {
    type Task = NavigationTask;
    type ObservationSpace = Continuous<2>;
    type ActionSpace = Continuous<2>;

    fn observation_space(&self) -> Continuous<2> {
        Continuous::UNBOUNDED
    }

    fn action_space(&self) -> Continuous<2> {
        Continuous::UNBOUNDED
    }

    fn n_lanes(&self) -> usize {
        self.goal.len()
    }

    /// # Errors
    ///
    /// [`Error::OutOfRange`] when the goal is not finite or there is no such lane.
    fn assign(&mut self, lane: usize, task: &NavigationTask, _rng: Rng) -> Result<(), Error> {
        task.check()?;
        let next = lane_mut(&mut self.next_goal, lane)?;
        *next = Some(task.goal);
        Ok(())
    }

    /// # Errors
    ///
    /// [`Error::LaneMismatch`] when `observation` is not one per lane, [`Error::Environment`] when
    /// a lane was never given a task.
    fn reset(&mut self, observation: &mut [[f32; 2]]) -> Result<(), Error> {
        check_lanes("observation", observation.len(), self.n_lanes())?;
        for (goal, next) in self.goal.iter_mut().zip(&mut self.next_goal) {
            *goal = next.take().or(*goal);
        }
        if let Some(lane) = self.goal.iter().position(Option::is_none) {
            return Err(Error::Environment(format!("lane {lane} has no task")));
        }
        self.position.fill([0.0; 2]);
        self.n_steps.fill(0);
        observation.fill([0.0; 2]);
        Ok(())
    }

    /// # Errors
    ///
    /// [`Error::LaneMismatch`], [`Error::InvalidAction`], and [`Error::Environment`] when a lane was
    /// never reset.
    fn step(&mut self, action: &[[f32; 2]], step: &mut StepBatch<[f32; 2]>) -> Result<(), Error> {
        check_lanes("action", action.len(), self.n_lanes())?;
        check_lanes("step", step.n_lanes(), self.n_lanes())?;
        for (lane, action) in action.iter().enumerate() {
            if !self.action_space().contains(action) {
                return Err(Error::InvalidAction {
                    lane,
                    action: format!("{action:?}"),
                    space: "of finite vectors".to_owned(),
                });
            }
            let Some([goal_x, goal_y]) = self.goal[lane] else {
                return Err(Error::Environment(format!("lane {lane} was never reset")));
            };
            let [dx, dy] = self.scale.displacement(*action);
            let [x, y] = self.position[lane];
            let reached = [x + dx, y + dy];
            let offset = [reached[0] - goal_x, reached[1] - goal_y];
            let (reward, terminated) = self.objective.judge(offset);
            self.n_steps[lane] += 1;
            let ended = terminated || self.n_steps[lane] == O::MAX_STEPS;

            step.reward[lane] = reward;
            step.terminated[lane] = terminated;
            step.truncated[lane] = ended && !terminated;
            step.successor[lane] = reached;
            self.position[lane] = if ended { [0.0; 2] } else { reached };
            step.observation[lane] = self.position[lane];
            if ended {
                self.n_steps[lane] = 0;
            }
        }
        Ok(())
    }
}
