//! An agent that is told the rules.

use std::collections::VecDeque;
use std::mem::replace;

use super::object::Object;
use super::rule::{Condition, Goal};
use super::task::XLandTask;
use super::world::{Action, LARGEST, Tile, World};
use crate::grid::{Cell, Direction};

/// An agent that sees the whole world, knows its rules, and climbs the tree of productions from the
/// leaves to the goal: what a goal needs and is not there is made by the rule that makes it, of
/// things that are made in their turn.
///
/// It takes shortest ways to one thing after the other. Which one first, and where to put it, it does not
/// weigh, so what it earns is a lower bound of what can be earned by who knows the task.
///
/// # Examples
///
/// ```
/// use metarl_core::{Process, Purpose, Seed, Split, TaskDistribution};
/// use metarl_envs::{XLandExpert, XLandProcess, XLandTasks};
///
/// let process = XLandProcess::default();
/// let task = process.model(&XLandTasks::Small.frozen(Split::Test, 0))?;
/// let mut rng = Seed::new(1).stream(Purpose::Environment, 0, 0, 0);
/// let mut state = process.start(&task, &mut rng);
/// let earned = loop {
///     let action = XLandExpert.action(&task, &state.0).expect("a task that can be solved");
///     let outcome = process.advance(&task, &mut state, &(action as usize), &mut rng);
///     if outcome.terminated {
///         break outcome.reward;
///     }
/// };
/// assert!(earned > 0.7);
/// # Ok::<(), metarl_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct XLandExpert;

/// Where to stand and to look.
type Pose = (Cell, Direction);

impl XLandExpert {
    /// The next action; none where it is at a loss.
    #[must_use]
    pub fn action(self, task: &XLandTask, world: &World) -> Option<Action> {
        let scene = Scene { task, world };
        match task.goal {
            Goal::Condition(condition) => scene.pursue(condition, task.rules.len()),
            Goal::On { object } => {
                let pad = scene.find(object)?;
                scene.walk(|(cell, _)| cell == pad).flatten()
            }
            Goal::At { cell } => scene.walk(|(at, _)| at == cell).flatten(),
            Goal::ObjectAt { object, cell } => scene
                .supply(object, task.rules.len())
                .unwrap_or_else(|| match world.held {
                    Some(held) if held == object => scene.put(|spot, _| spot == cell),
                    _ => scene.fetch(object),
                }),
        }
    }
}

/// What there is to think about.
#[derive(Clone, Copy)]
struct Scene<'a> {
    task: &'a XLandTask,
    world: &'a World,
}

impl Scene<'_> {
    /// Makes a condition hold, after what it needs is there, by no more rules than there are.
    fn pursue(self, condition: Condition, n_rules: usize) -> Option<Action> {
        for object in condition.objects() {
            if let Some(action) = self.supply(object, n_rules) {
                return action;
            }
        }
        let held = self.world.held;
        match condition {
            // Rules and goals take notice when it is picked up.
            Condition::Holds { object } if held == Some(object) => self.stash(),
            Condition::Holds { object } => self.fetch(object),
            Condition::AgentNear { object, side } => {
                if held == Some(object) {
                    return self.put(|_, way| side.is(way));
                }
                let at = self.find(object)?;
                let near = |(cell, _): Pose| {
                    let mut ways = Direction::ALL.into_iter().filter(|way| side.is(*way));
                    ways.any(|way| way.from(cell) == at)
                };
                // Rules take notice of who comes. Who is there already, or can not get there, carries it.
                self.walk(near).flatten().or_else(|| self.fetch(object))
            }
            Condition::Near {
                object,
                neighbor,
                side,
            } => {
                let on_side = |spot: Cell, at: Option<Cell>, turned: bool| {
                    let sides =
                        |way: &Direction| side.is(if turned { way.opposite() } else { *way });
                    let mut ways = Direction::ALL.into_iter().filter(sides);
                    ways.any(|way| Some(way.from(spot)) == at)
                };
                let at_neighbor = |spot, _| on_side(spot, self.find(neighbor), true);
                let at_object = |spot, _| on_side(spot, self.find(object), false);
                if held == Some(object) {
                    self.put(at_neighbor).or_else(|| self.stash())
                } else if held == Some(neighbor) {
                    self.put(at_object).or_else(|| self.stash())
                } else if held.is_none() && self.put_later(object, at_neighbor).is_none() {
                    let other = self.put_later(neighbor, at_object);
                    self.fetch(if other.is_some() { neighbor } else { object })
                } else {
                    self.fetch(object)
                }
            }
        }
    }

    /// Nothing to do where the thing is there; else what leads to it, if anything does.
    fn supply(self, object: Object, n_rules: usize) -> Option<Option<Action>> {
        if self.world.held == Some(object) || self.find(object).is_some() {
            return None;
        }
        let maker = self.task.rules.iter().find(|rule| rule.becomes == object);
        let pursued = maker.filter(|_| n_rules > 0);
        Some(pursued.and_then(|rule| self.pursue(rule.when, n_rules - 1)))
    }

    fn find(self, object: Object) -> Option<Cell> {
        let mut tiles = self.world.tiles();
        let found = tiles.find(|(_, tile)| *tile == Tile::Object(object));
        found.map(|(cell, _)| cell)
    }

    /// Picks a thing up, with an empty hand.
    fn fetch(self, object: Object) -> Option<Action> {
        if self.world.held.is_some() {
            return self.stash();
        }
        let at = self.find(object)?;
        let ahead = self.walk(|(cell, facing)| facing.from(cell) == at)?;
        Some(ahead.unwrap_or(Action::PickUp))
    }

    /// Puts what is held away: where there is space around it, or else anywhere.
    fn stash(self) -> Option<Action> {
        let spacious = |spot: Cell, _| {
            let mut around = Direction::ALL.iter().map(|way| way.from(spot));
            around.all(|cell| self.world.tile(cell) == Tile::Floor)
        };
        self.put(spacious).or_else(|| self.put(|_, _| true))
    }

    /// Puts what is held on a spot that is wanted, reached in a direction, where nothing is spoilt by it
    /// and, if possible, nothing obstructed.
    fn put(self, wanted: impl Fn(Cell, Direction) -> bool) -> Option<Action> {
        self.world.held?;
        let fits = |(cell, facing): Pose| {
            let spot = facing.from(cell);
            self.world.tile(spot) == Tile::Floor && wanted(spot, facing)
        };
        let obstructs = |pose| {
            self.after_putting(pose)
                .is_none_or(|world| !world.is_passable())
        };
        let spoils = |pose| self.after_putting(pose).is_none();
        let way = self.walk(|pose| fits(pose) && !obstructs(pose));
        let way = way.or_else(|| self.walk(|pose| fits(pose) && !spoils(pose)));
        Some(way?.unwrap_or(Action::PutDown))
    }

    /// Whether a thing on the floor could be put on a spot that is wanted, were it held.
    fn put_later(self, object: Object, wanted: impl Fn(Cell, Direction) -> bool) -> Option<Action> {
        let mut world = self.world.clone();
        world.set(self.find(object)?, Tile::Floor);
        world.held = Some(object);
        let world = &world;
        Scene { world, ..self }.put(wanted)
    }

    /// The world after what is held is put down in a pose; none where a rule spoils what is put.
    fn after_putting(self, (agent, facing): Pose) -> Option<World> {
        let mut world = self.world.clone();
        (world.agent, world.facing) = (agent, facing);
        world.act(Action::PutDown);
        for rule in &self.task.rules {
            let near = matches!(rule.when, Condition::Near { .. });
            if world.apply(rule) && near && !self.is_needed(rule.becomes) {
                return None;
            }
        }
        Some(world)
    }

    /// Whether the goal or a rule has a use for it.
    fn is_needed(self, object: Object) -> bool {
        let mut by_rules = self.task.rules.iter().flat_map(|rule| rule.when.objects());
        let by_goal = match self.task.goal {
            Goal::Condition(condition) => condition.objects().any(|needed| needed == object),
            Goal::On { object: needed } | Goal::ObjectAt { object: needed, .. } => needed == object,
            Goal::At { .. } => false,
        };
        by_goal || by_rules.any(|needed| needed == object)
    }

    /// The first action of a shortest way to a pose that is wanted, none on arrival; nothing where there
    /// is no way. Closed doors are opened.
    fn walk(self, wanted: impl Fn(Pose) -> bool) -> Option<Option<Action>> {
        let start = (self.world.agent, self.world.facing);
        let mut seen = [[[false; 4]; LARGEST]; LARGEST];
        let mut next = VecDeque::from([(start, None)]);
        while let Some((pose @ (cell, facing), first)) = next.pop_front() {
            let [x, y] = cell.map(usize::from);
            let seen = seen.get_mut(y).and_then(|row| row.get_mut(x));
            if seen.is_none_or(|ways| replace(&mut ways[facing as usize], true)) {
                continue;
            }
            if wanted(pose) {
                return Some(first);
            }
            let ahead = facing.from(cell);
            let tile = self.world.tile(ahead);
            let closed = tile == Tile::Door { open: false };
            if closed || tile.is_walkable() {
                let action = if closed {
                    Action::Toggle
                } else {
                    Action::Forward
                };
                next.push_back(((ahead, facing), first.or(Some(action))));
            }
            for (action, facing) in [
                (Action::TurnLeft, facing.counterclockwise()),
                (Action::TurnRight, facing.clockwise()),
            ] {
                next.push_back(((cell, facing), first.or(Some(action))));
            }
        }
        None
    }
}
