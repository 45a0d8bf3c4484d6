//! Tasks of a world of rules: what is drawn, that it can be solved, the contract.

use std::collections::{HashSet, VecDeque};

use metarl_core::{
    Environment, Process, Purpose, Rng, Seed, Space, Split, StepBatch, TaskDistribution,
};
use metarl_envs::{
    Condition, Direction, Goal, Object, Side, Tile, ViewSpace, World, WorldMap, XLand, XLandExpert,
    XLandProcess, XLandTask, XLandTasks,
};
use metarl_testkit::conformance::{self, Violation, check_distribution};
use proptest::prelude::*;

fn stream(purpose: Purpose, task: u64) -> Rng {
    Seed::new(7).stream(purpose, task, 0, 0)
}

/// How an episode of an agent that is told the rules ends: steps, and what it earned.
fn by_expert(process: XLandProcess, task: &XLandTask, start: World) -> (u32, f32) {
    let mut rng = stream(Purpose::Environment, 0);
    let mut state = (start, 0);
    while state.1 < process.max_steps().unwrap() {
        let Some(action) = XLandExpert.action(task, &state.0) else {
            break;
        };
        let outcome = process.advance(task, &mut state, &(action as usize), &mut rng);
        if outcome.terminated {
            return (state.1, outcome.reward);
        }
    }
    (state.1, 0.0)
}

#[test]
fn every_task_can_be_solved() {
    let one_room = XLandProcess::default();
    let four_rooms = XLandProcess {
        map: WorldMap::FourRooms,
    };
    for (tasks, earned) in [
        (XLandTasks::Trivial, 0.96),
        (XLandTasks::Small, 0.92),
        (XLandTasks::Medium, 0.85),
    ] {
        for (process, n_tasks, n_may_fail) in [(one_room, 300, 0), (four_rooms, 50, 1)] {
            let play = |i| {
                let task = tasks.frozen(Split::Test, i);
                process.model(&task).unwrap();
                let start = process.start(&task, &mut stream(Purpose::Environment, i)).0;
                by_expert(process, &task, start).1
            };
            let rewards: Vec<f32> = (0..n_tasks).map(play).collect();
            let n_lost = rewards.iter().filter(|reward| **reward == 0.0).count();
            assert!(n_lost <= n_may_fail, "{tasks:?}: {n_lost} lost");
            let mean = rewards.iter().sum::<f32>() / rewards.len() as f32;
            assert!(mean > earned, "{tasks:?}: {mean}");
        }
    }
}

/// The least steps to a goal from a state, all six actions tried everywhere, where there are at most so
/// many.
fn shortest(task: &XLandTask, start: &World, most: u32) -> Option<u32> {
    let process = XLandProcess::default();
    let mut rng = stream(Purpose::Environment, 0);
    let mut seen = HashSet::from([start.clone()]);
    let mut next = VecDeque::from([(start.clone(), 0)]);
    while let Some((world, n)) = next.pop_front() {
        for action in 0..6 {
            let mut state = (world.clone(), n);
            if process
                .advance(task, &mut state, &action, &mut rng)
                .terminated
            {
                return Some(n + 1);
            }
            if n + 1 < most && seen.insert(state.0.clone()) {
                next.push_back((state.0, n + 1));
            }
        }
    }
    None
}

/// No way is shorter than an exhaustive search says; and where a thing is to be picked up or come to, and
/// nothing can be moved out of the way, the expert takes a shortest one.
#[test]
fn the_expert_takes_shortest_ways() {
    let process = XLandProcess::default();
    let (mut n_direct, mut n_other) = (0, 0);
    for i in 0..150 {
        let task = XLandTasks::Trivial.frozen(Split::Train, i);
        let mut start = process.start(&task, &mut stream(Purpose::Environment, i)).0;
        let direct = match task.goal {
            Goal::Condition(Condition::Holds { object }) => Some(object),
            Goal::Condition(Condition::AgentNear {
                object,
                side: Side::Any,
            }) => Some(object),
            _ => None,
        };
        if let Some(object) = direct {
            let tiles: Vec<_> = start.tiles().collect();
            for (cell, tile) in tiles {
                if matches!(tile, Tile::Object(other) if other != object) {
                    start.set(cell, Tile::Wall);
                }
            }
        }
        let (steps, reward) = by_expert(process, &task, start.clone());
        if steps > 9 {
            continue;
        }
        assert!(reward > 0.0);
        let best = shortest(&task, &start, steps).unwrap();
        assert!(best <= steps);
        if direct.is_some() {
            assert_eq!(best, steps, "{task}");
        }
        n_direct += usize::from(direct.is_some());
        n_other += usize::from(direct.is_none());
    }
    assert!(n_direct > 10 && n_other > 20, "{n_direct} {n_other}");
}

#[test]
fn chance_earns_little() {
    let mean = |tasks: XLandTasks| {
        let mut lanes = XLand::new(64);
        for lane in 0..64 {
            let task = tasks.frozen(Split::Test, lane as u64);
            let rng = stream(Purpose::Environment, lane as u64);
            lanes.assign(lane, &task, rng).unwrap();
        }
        let mut step = StepBatch::new(64, ViewSpace.zero());
        lanes.reset(&mut step.observation).unwrap();
        let (space, mut rng) = (lanes.action_space(), stream(Purpose::Policy, 0));
        let (mut earned, mut n_ended) = (0.0, 0_usize);
        for _ in 0..1000 {
            let actions: Vec<usize> = (0..64).map(|_| space.sample(&mut rng)).collect();
            lanes.step(&actions, &mut step).unwrap();
            earned += step.reward.iter().sum::<f32>();
            n_ended += (0..64).filter(|lane| step.ended(*lane)).count();
        }
        earned / n_ended as f32
    };
    let [trivial, small, medium] =
        [XLandTasks::Trivial, XLandTasks::Small, XLandTasks::Medium].map(mean);
    assert!(trivial < 0.85, "{trivial}");
    assert!(
        small < trivial && medium < small,
        "{trivial} {small} {medium}"
    );
}

#[test]
fn benchmarks_have_their_parameters() {
    let mut n_made = [0.0; 2];
    for i in 0..400 {
        let trivial = XLandTasks::Trivial.frozen(Split::Train, i);
        let Goal::Condition(goal) = trivial.goal else {
            panic!("benchmarks draw conditions")
        };
        assert_eq!(trivial.objects.len(), goal.objects().count() + 3);
        assert!(trivial.rules.is_empty());
        for (tasks, n_made) in [XLandTasks::Small, XLandTasks::Medium]
            .iter()
            .zip(&mut n_made)
        {
            let task = tasks.frozen(Split::Train, i);
            let Goal::Condition(goal) = task.goal else {
                panic!("benchmarks draw conditions")
            };
            let is_made = |object| task.rules.iter().any(|rule| rule.becomes == object);
            let n_goal = goal.objects().count();
            let made = goal.objects().filter(|object| is_made(*object)).count();
            *n_made += made as f64 / n_goal as f64 / 400.0;
        }
    }
    // Standard errors are at most 0.023.
    assert!(
        (n_made[0] - 0.7).abs() < 0.07 && (n_made[1] - 0.9).abs() < 0.05,
        "{n_made:?}"
    );
}

#[test]
fn worlds_keep_the_contract() -> Result<(), Violation> {
    let seed = Seed::new(1);
    let trivial = [0, 3].map(|i| XLandTasks::Trivial.frozen(Split::Test, i));
    conformance::check(XLand::new, &trivial, seed, 600)?;
    let medium = [0, 1].map(|i| XLandTasks::Medium.frozen(Split::Test, i));
    let map = WorldMap::FourRooms;
    let rooms = |n| XLand::of(XLandProcess { map }, n);
    conformance::check(rooms, &medium, seed, 1100)?;
    check_distribution(&XLandTasks::Trivial, 20)?;
    check_distribution(&XLandTasks::Small, 20)?;
    check_distribution(&XLandTasks::Medium, 20)
}

#[test]
fn value_stability() {
    let words = "\
The episode is won when a gray square is put to the right of a green hexagon.
When a red ball is put next to a white key, both become a green hexagon.
At first there are: white key, red ball, gray square, brown pyramid, white star.";
    let task = XLandTasks::Medium.frozen(Split::Test, 0);
    assert_eq!(task.to_string(), words);
    let things: Vec<Object> = Object::portable().take(1).collect();
    let mut rng = stream(Purpose::Environment, 0);
    let world = World::new(WorldMap::FourRooms, &things, &mut rng);
    let mut tiles = world.tiles();
    let thing = tiles.find(|(_, tile)| *tile == Tile::Object(things[0]));
    let cells = (world.agent, thing.map(|(cell, _)| cell));
    assert_eq!(cells, ([1, 7], Some([2, 9])));
}

proptest! {
    /// Whatever there is a use for lies about or is made of what lies about, once.
    #[test]
    fn trees_grow_from_the_ground(seed in any::<u64>(), size in 0_usize..3) {
        let tasks = [XLandTasks::Trivial, XLandTasks::Small, XLandTasks::Medium][size];
        let task = tasks.sample(&mut Seed::new(seed).stream(Purpose::Task, 0, 0, 0));
        let mut there: HashSet<Object> = task.objects.iter().copied().collect();
        prop_assert_eq!(there.len(), task.objects.len(), "no two alike");
        for _ in 0..=task.rules.len() {
            for rule in &task.rules {
                if rule.when.objects().all(|object| there.contains(&object)) {
                    there.insert(rule.becomes);
                }
            }
        }
        let Goal::Condition(goal) = task.goal else { panic!("benchmarks draw conditions") };
        prop_assert!(goal.objects().all(|object| there.contains(&object)), "{}", task);
        let products: HashSet<Object> = task.rules.iter().map(|rule| rule.becomes).collect();
        prop_assert_eq!(products.len(), task.rules.len());
        prop_assert!(products.is_disjoint(&task.objects.iter().copied().collect()));
    }

    /// Everything on the floor can be walked up to at the start, also in the most crowded room.
    #[test]
    fn layouts_obstruct_nothing(seed in any::<u64>(), n in 1_usize..=16, four in any::<bool>()) {
        let map = if four { WorldMap::FourRooms } else { WorldMap::OneRoom };
        let objects: Vec<Object> = Object::portable().take(n).collect();
        let mut rng = Seed::new(seed).stream(Purpose::Environment, 0, 0, 0);
        let world = World::new(map, &objects, &mut rng);
        let mut reached = HashSet::from([world.agent]);
        let mut next = vec![world.agent];
        while let Some(at) = next.pop() {
            for to in Direction::ALL.map(|way| way.from(at)) {
                let tile = world.tile(to);
                let door = matches!(tile, Tile::Door { .. });
                if (door || tile.is_walkable()) && reached.insert(to) {
                    next.push(to);
                }
            }
        }
        let mut n_things = 0;
        for (cell, tile) in world.tiles() {
            if let Tile::Object(_) = tile {
                n_things += 1;
                prop_assert!(Direction::ALL.iter().any(|way| reached.contains(&way.from(cell))));
            } else if tile != Tile::Wall {
                prop_assert!(reached.contains(&cell));
            }
        }
        prop_assert_eq!(n_things, n);
    }
}
