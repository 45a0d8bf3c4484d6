//! An agent among rules it does not know.

use metarl_core::{Discrete, Error, Lanes, Outcome, Process, Rng};

use super::task::XLandTask;
use super::view::{ViewSpace, WorldView};
use super::world::{Action, World, WorldMap};

/// A batch of rooms full of things, in which a goal is to be reached that nobody tells, by rules that
/// nobody tells.
///
/// | | |
/// |---|---|
/// | observation | the 5 × 5 cells ahead, the agent in the middle of the first row; where it looks ([`ViewSpace`]) |
/// | action | forward, turn left, turn right, pick up, put down, toggle ([`Action`]) |
/// | start | things and agent in random places, anew in every episode; everything can be reached |
/// | reward | `1 − 0.9 n / m` for reaching the goal in step `n` of at most `m`, 0 elsewhere |
/// | terminated | at the goal |
/// | truncated | after `m` steps, 3 a cell: 243 in one room, 507 in four |
///
/// When the agent has moved, picked something up or put something down, every rule is tried once, in
/// order; then, and after every other step too, the goal. *Next to* is on one of four sides, never
/// diagonally, and sides are those of the map.
///
/// A task is a goal, rules and things ([`XLandTask`]). They stay from episode to episode, and that is what
/// there is to learn in a [`Trial`](metarl_core::Trial).
///
/// # Examples
///
/// ```
/// use metarl_core::Lanes;
/// use metarl_envs::{WorldMap, XLand, XLandProcess};
///
/// let one_room = XLand::new(32);
/// let map = WorldMap::FourRooms;
/// let four_rooms = XLand::of(XLandProcess { map }, 32);
/// # let _ = (one_room, four_rooms);
/// ```
///
/// # References
///
/// Nikulin et al., *XLand-MiniGrid: Scalable Meta-Reinforcement Learning Environments in JAX*, 2023,
/// [arXiv:2312.12044](https://arxiv.org/abs/2312.12044). Rules, goals, reward, actions and window are after
/// the paper. Ours is that layouts obstruct nothing, that the compass is seen, that two things side by
/// side count when one has just been put there, and that doors have neither locks nor colors.
pub type XLand = Lanes<XLandProcess>;

/// The process behind [`XLand`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct XLandProcess {
    /// Where the walls are.
    pub map: WorldMap,
}

impl XLandProcess {
    fn most_steps(self) -> u32 {
        3 * u32::from(self.map.size()).pow(2)
    }
}

impl Process for XLandProcess {
    type Task = XLandTask;
    type Model = XLandTask;
    /// The world, and steps done.
    type State = (World, u32);
    type ObservationSpace = ViewSpace;
    type ActionSpace = Discrete<6>;

    const NAME: &'static str = "xland";

    fn observation_space(&self) -> ViewSpace {
        ViewSpace
    }

    fn action_space(&self) -> Discrete<6> {
        Discrete
    }

    fn max_steps(&self) -> Option<u32> {
        Some(self.most_steps())
    }

    fn model(&self, task: &XLandTask) -> Result<XLandTask, Error> {
        task.check(self.map)?;
        Ok(task.clone())
    }

    fn start(&self, task: &XLandTask, rng: &mut Rng) -> (World, u32) {
        (World::new(self.map, &task.objects, rng), 0)
    }

    #[inline]
    fn observe(&self, _: &XLandTask, (world, _): &(World, u32)) -> WorldView {
        world.view()
    }

    #[inline]
    fn advance(
        &self,
        task: &XLandTask,
        (world, n_steps): &mut (World, u32),
        action: &usize,
        _: &mut Rng,
    ) -> Outcome {
        *n_steps += 1;
        if world.act(Action::of(*action)) {
            for rule in &task.rules {
                world.apply(rule);
            }
        }
        let reached = world.meets(&task.goal);
        let used = *n_steps as f32 / self.most_steps() as f32;
        Outcome {
            reward: if reached { 1.0 - 0.9 * used } else { 0.0 },
            terminated: reached,
        }
    }
}
