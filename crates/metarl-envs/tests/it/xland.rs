//! A world of rules: what each does, what is seen, that every task can be solved.

use std::collections::{HashSet, VecDeque};

use metarl_core::{
    Environment, Outcome, Process, Purpose, Rng, Seed, Space, Split, StepBatch, TaskDistribution,
};
use metarl_envs::{
    Action, Cell, Color, Condition, Direction, Goal, Object, Rule, Shape, Side, Tile, ViewSpace,
    World, WorldMap, XLand, XLandExpert, XLandProcess, XLandTask, XLandTasks,
};
use metarl_testkit::conformance::{self, Violation, check_distribution};
use proptest::prelude::*;

const BALL: Object = object(Shape::Ball, Color::Red);
const KEY: Object = object(Shape::Key, Color::Blue);
const STAR: Object = object(Shape::Star, Color::Pink);
const PAD: Object = object(Shape::Pad, Color::Green);

const fn object(shape: Shape, color: Color) -> Object {
    Object { shape, color }
}

fn stream(purpose: Purpose, task: u64) -> Rng {
    Seed::new(7).stream(purpose, task, 0, 0)
}

fn task(goal: Goal, rules: &[Rule], objects: &[Object]) -> XLandTask {
    XLandTask {
        goal,
        rules: rules.to_vec(),
        objects: objects.to_vec(),
    }
}

fn rule(when: Condition) -> Rule {
    Rule {
        when,
        becomes: STAR,
    }
}

/// One room with the agent in its middle, looking up, and these things.
fn room(things: &[(Cell, Object)]) -> World {
    let mut world = World::new(WorldMap::OneRoom, &[], &mut stream(Purpose::Environment, 0));
    (world.agent, world.facing) = ([4, 4], Direction::Up);
    for (cell, object) in things {
        world.set(*cell, Tile::Object(*object));
    }
    world
}

/// Plays actions from a world on; gives the world and what the last step gave.
fn play(task: &XLandTask, world: World, actions: &[Action]) -> (World, Outcome) {
    let process = XLandProcess::default();
    let mut rng = stream(Purpose::Environment, 0);
    let mut state = (world, 0);
    let step = |action: &Action| process.advance(task, &mut state, &(*action as usize), &mut rng);
    let last = actions.iter().map(step).last();
    (state.0, last.unwrap())
}

/// A goal no test reaches by accident.
const ELSEWHERE: Goal = Goal::At { cell: [7, 1] };

#[test]
fn actions_do_what_they_say() {
    use Action::*;
    let plain = task(ELSEWHERE, &[], &[]);
    let go = |things: &[(Cell, Object)], actions: &[Action]| play(&plain, room(things), actions).0;
    assert_eq!(go(&[], &[Forward]).agent, [4, 5]);
    assert_eq!(go(&[], &[Forward; 9]).agent, [4, 7], "a wall stops");
    assert_eq!(
        go(&[([4, 6], BALL)], &[Forward; 9]).agent,
        [4, 5],
        "a thing stops"
    );
    assert_eq!(
        go(&[([4, 6], PAD)], &[Forward; 2]).agent,
        [4, 6],
        "a pad does not"
    );
    assert_eq!(go(&[], &[TurnRight, Forward]).agent, [5, 4]);
    assert_eq!(go(&[], &[TurnLeft, Forward]).agent, [3, 4]);
    assert_eq!(go(&[], &[TurnLeft, TurnLeft, Forward]).agent, [4, 3]);

    let things = [([4, 5], BALL), ([5, 4], KEY), ([3, 4], PAD)];
    let held = go(&things, &[PickUp]);
    assert_eq!((held.held, held.tile([4, 5])), (Some(BALL), Tile::Floor));
    let second = go(&things, &[PickUp, TurnRight, PickUp]);
    assert_eq!(second.held, Some(BALL), "one hand holds one thing");
    let onto = go(&things, &[PickUp, TurnRight, PutDown]);
    assert_eq!(onto.held, Some(BALL), "nothing is put on a thing");
    let pad = go(&things, &[TurnLeft, PickUp]);
    assert_eq!(pad.held, None, "pads stay");
    let put = go(&things, &[PickUp, TurnRight, TurnRight, PutDown]);
    assert_eq!((put.held, put.tile([4, 3])), (None, Tile::Object(BALL)));

    let mut world = room(&[]);
    world.set([4, 5], Tile::Door { open: false });
    assert_eq!(play(&plain, world.clone(), &[Forward]).0.agent, [4, 4]);
    let opened = play(&plain, world.clone(), &[Toggle, Forward]).0;
    assert_eq!(opened.agent, [4, 5]);
    let closed = play(&plain, world, &[Toggle, Toggle, Forward]).0;
    assert_eq!(closed.agent, [4, 4]);
}

#[test]
fn what_is_held_changes() {
    let task = task(ELSEWHERE, &[rule(Condition::Holds { object: BALL })], &[]);
    let (world, _) = play(&task, room(&[([4, 5], BALL)]), &[Action::PickUp]);
    assert_eq!((world.held, world.tile([4, 5])), (Some(STAR), Tile::Floor));
    let (world, _) = play(&task, room(&[([4, 5], KEY)]), &[Action::PickUp]);
    assert_eq!(world.held, Some(KEY));
}

/// The agent steps between four balls; only the one on the rule's side changes.
#[test]
fn what_the_agent_comes_to_changes() {
    let around = [[4, 6], [5, 5], [3, 5]];
    let things = around.map(|cell| (cell, BALL));
    for (side, changed) in [
        (Side::Any, Some([4, 6])),
        (Side::Up, Some([4, 6])),
        (Side::Right, Some([5, 5])),
        (Side::Left, Some([3, 5])),
        (Side::Down, None),
    ] {
        let object = BALL;
        let task = task(
            ELSEWHERE,
            &[rule(Condition::AgentNear { object, side })],
            &[],
        );
        let (world, _) = play(&task, room(&things), &[Action::Forward]);
        for cell in around {
            let now = if changed == Some(cell) { STAR } else { BALL };
            assert_eq!(world.tile(cell), Tile::Object(now), "{side:?} at {cell:?}");
        }
        let (world, _) = play(&task, room(&things), &[Action::TurnLeft]);
        assert!(
            around
                .iter()
                .all(|cell| world.tile(*cell) == Tile::Object(BALL))
        );
    }
}

/// A ball is put ahead of the agent, on (4, 5), where a key is on one side of it.
#[test]
fn what_is_put_side_by_side_changes() {
    for (key, ball_is) in [
        ([4, 6], Side::Down),
        ([5, 5], Side::Left),
        ([3, 5], Side::Right),
    ] {
        for side in Side::ALL {
            let (object, neighbor) = (BALL, KEY);
            let when = Condition::Near {
                object,
                neighbor,
                side,
            };
            let put_near = task(ELSEWHERE, &[rule(when)], &[]);
            let mut world = room(&[(key, KEY)]);
            world.held = Some(BALL);
            let (world, _) = play(&put_near, world, &[Action::PutDown]);
            let fires = side == Side::Any || side == ball_is;
            let now = if fires { [STAR, STAR] } else { [BALL, KEY] };
            assert_eq!(
                world.tile([4, 5]),
                Tile::Object(now[0]),
                "{side:?} {ball_is:?}"
            );
            let neighbor_is = if fires {
                Tile::Floor
            } else {
                Tile::Object(KEY)
            };
            assert_eq!(world.tile(key), neighbor_is);

            // The other way round: the key is put where the ball was, the ball lies where it was.
            let mut turned = room(&[(key, BALL)]);
            turned.held = Some(KEY);
            let (turned, _) = play(&put_near, turned, &[Action::PutDown]);
            let opposite = match ball_is {
                Side::Down => Side::Up,
                Side::Left => Side::Right,
                _ => Side::Left,
            };
            let fires = side == Side::Any || side == opposite;
            let now = if fires { STAR } else { BALL };
            assert_eq!(
                turned.tile(key),
                Tile::Object(now),
                "the first becomes the product"
            );
            let put = if fires {
                Tile::Floor
            } else {
                Tile::Object(KEY)
            };
            assert_eq!(turned.tile([4, 5]), put);

            // What lies side by side from the start does not change while one walks by.
            let beside = room(&[([4, 5], BALL), (key, KEY)]);
            let walk = [Action::TurnRight, Action::Forward];
            let (world, _) = play(&put_near, beside, &walk);
            assert_eq!(world.tile([4, 5]), Tile::Object(BALL));
        }
    }
}

/// Rules are tried in order, each once: what one makes, a later one may use in the same step.
#[test]
fn rules_are_tried_in_order() {
    let hold = |object, becomes| Rule {
        when: Condition::Holds { object },
        becomes,
    };
    let forth = [hold(BALL, KEY), hold(KEY, STAR)];
    let back = [hold(KEY, STAR), hold(BALL, KEY)];
    for (rules, held) in [(forth, STAR), (back, KEY)] {
        let task = task(ELSEWHERE, &rules, &[]);
        let (world, _) = play(&task, room(&[([4, 5], BALL)]), &[Action::PickUp]);
        assert_eq!(world.held, Some(held));
    }
}

#[test]
fn goals_pay_the_sooner_the_more() {
    use Action::*;
    let near = |side| Condition::Near {
        object: BALL,
        neighbor: KEY,
        side,
    };
    let agent_near = |side| Condition::AgentNear { object: KEY, side };
    let goal = Goal::Condition;
    let things = [([4, 5], BALL), ([5, 6], KEY), ([3, 4], PAD)];
    let cases: [(Goal, &[Action]); 9] = [
        (goal(Condition::Holds { object: BALL }), &[PickUp]),
        (
            goal(agent_near(Side::Up)),
            &[TurnRight, Forward, TurnLeft, Forward],
        ),
        (
            goal(agent_near(Side::Any)),
            &[TurnRight, Forward, TurnLeft, Forward],
        ),
        (goal(near(Side::Left)), &[PickUp, Forward, PutDown]),
        (goal(near(Side::Any)), &[PickUp, Forward, PutDown]),
        (
            goal(near(Side::Down)),
            &[PickUp, TurnRight, Forward, TurnLeft, PutDown],
        ),
        (Goal::On { object: PAD }, &[TurnLeft, Forward]),
        (Goal::At { cell: [4, 3] }, &[TurnRight, TurnRight, Forward]),
        (
            Goal::ObjectAt {
                object: BALL,
                cell: [4, 6],
            },
            &[PickUp, Forward, PutDown],
        ),
    ];
    for (goal, actions) in cases {
        let task = task(goal, &[], &[]);
        for n in 1..actions.len() {
            let (_, outcome) = play(&task, room(&things), &actions[..n]);
            assert_eq!((outcome.reward, outcome.terminated), (0.0, false), "{goal}");
        }
        let (_, outcome) = play(&task, room(&things), actions);
        let want = 1.0 - 0.9 * actions.len() as f32 / 243.0;
        assert!(
            outcome.terminated && (outcome.reward - want).abs() < 1e-6,
            "{goal}"
        );
    }
}

/// Five cells ahead and two to each side, turned with the agent.
#[test]
fn what_is_ahead_is_seen() {
    // Two ahead and one to the right, from the middle of the room, in each direction.
    let places = [[5, 6], [6, 3], [3, 2], [2, 5]];
    for (way, place) in Direction::ALL.into_iter().zip(places) {
        let mut world = room(&[(place, KEY)]);
        world.facing = way;
        let view = world.view();
        let seen = view
            .tiles
            .iter()
            .position(|tile| *tile == Tile::Object(KEY));
        assert_eq!(seen, Some(2 * 5 + 3), "{way:?}");
        assert_eq!(view.facing, way);
        assert!(view.tiles[20..].iter().all(|tile| *tile == Tile::Wall));
        assert!(view.tiles[..5].iter().all(|tile| *tile == Tile::Floor));
        world.held = Some(BALL);
        assert_eq!(world.view().tiles[2], Tile::Object(BALL), "what is held");
        // From a corner one looks out of the map: all is wall.
        world.agent = [7, 7];
        let out = matches!(way, Direction::Up | Direction::Right);
        let walls = world.view().tiles[5..]
            .iter()
            .all(|tile| *tile == Tile::Wall);
        assert_eq!(walls, out, "{way:?}");
    }
    let mut encoded = vec![0.5; ViewSpace::WIDTH];
    ViewSpace::encode(&room(&[([4, 5], KEY), ([4, 6], PAD)]).view(), &mut encoded);
    let ones = encoded.iter().enumerate().filter(|(_, x)| **x != 0.0);
    let ones: Vec<usize> = ones.map(|(i, _)| i).collect();
    // Kind 3 + 3 and color 2 of cell 7; kind 3 + 6 and color 1 of cell 12; five walls; up.
    let mut want = vec![7 * 20 + 6, 7 * 20 + 12, 12 * 20 + 9, 12 * 20 + 11];
    want.extend((20..25).map(|cell| cell * 20));
    want.push(500);
    assert_eq!(ones, want);
}

/// How an episode of an agent that is told the rules ends: steps, and whether it won.
fn by_expert(process: XLandProcess, task: &XLandTask, rng: &mut Rng) -> (u32, f32) {
    let mut state = process.start(task, rng);
    while state.1 < process.max_steps().unwrap() {
        let Some(action) = XLandExpert.action(task, &state.0) else {
            break;
        };
        let outcome = process.advance(task, &mut state, &(action as usize), rng);
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
                by_expert(process, &task, &mut stream(Purpose::Environment, i)).1
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

/// Where a thing is to be picked up or come to, the expert takes a shortest way. To get it on a certain
/// side, it may walk around where carrying is shorter.
#[test]
fn no_way_is_shorter_than_the_shortest() {
    let process = XLandProcess::default();
    let (mut n_direct, mut n_other) = (0, 0);
    for i in 0..150 {
        let task = XLandTasks::Trivial.frozen(Split::Train, i);
        let start = process.start(&task, &mut stream(Purpose::Environment, i)).0;
        let (steps, _) = by_expert(process, &task, &mut stream(Purpose::Environment, i));
        if steps > 9 {
            continue;
        }
        let best = shortest(&task, &start, steps).unwrap();
        let direct = match task.goal {
            Goal::Condition(Condition::Holds { .. }) => true,
            Goal::Condition(Condition::AgentNear { side, .. }) => side == Side::Any,
            _ => false,
        };
        assert!(best <= steps);
        if direct {
            assert_eq!(best, steps, "{task}");
        }
        n_direct += usize::from(direct);
        n_other += usize::from(!direct);
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
fn what_is_not_allowed_is_named() {
    let refused = |task: &XLandTask| {
        let rng = stream(Purpose::Environment, 0);
        XLand::new(1).assign(0, task, rng).unwrap_err().to_string()
    };
    let crowd: Vec<Object> = Object::portable().take(17).collect();
    assert_eq!(
        refused(&task(ELSEWHERE, &[], &crowd)),
        "the number of objects must be at most a third of the floor, got 17, of 16"
    );
    assert_eq!(
        refused(&task(Goal::At { cell: [0, 3] }, &[], &[])),
        "the goal's cell must be within the outer walls, got [0, 3]"
    );
    assert_eq!(
        refused(&task(Goal::On { object: BALL }, &[], &[])),
        "what the goal has the agent stand on must be a pad, got red ball"
    );
    let mut makes_pad = rule(Condition::Holds { object: BALL });
    makes_pad.becomes = PAD;
    assert_eq!(
        refused(&task(ELSEWHERE, &[makes_pad], &[])),
        "what rules make or have held must be no pad, got green pad"
    );
}

#[test]
fn tasks_say_themselves_in_words() {
    let when = Condition::Near {
        object: object(Shape::Hexagon, Color::Orange),
        neighbor: KEY,
        side: Side::Up,
    };
    let goal = Goal::Condition(Condition::AgentNear {
        object: STAR,
        side: Side::Any,
    });
    let words = "\
The episode is won when a pink star is next to you.
When an orange hexagon is put right above a blue key, both become a pink star.
At first there are: red ball, blue key.";
    assert_eq!(task(goal, &[rule(when)], &[BALL, KEY]).to_string(), words);
}

#[test]
fn value_stability() {
    let words = "\
The episode is won when a gray square is put to the right of a green hexagon.
When a red ball is put next to a white key, both become a green hexagon.
At first there are: white key, red ball, gray square, brown pyramid, white star.";
    let task = XLandTasks::Medium.frozen(Split::Test, 0);
    assert_eq!(task.to_string(), words);
    let mut rng = stream(Purpose::Environment, 0);
    let world = World::new(WorldMap::FourRooms, &[BALL], &mut rng);
    let ball = world.tiles().find(|(_, tile)| *tile == Tile::Object(BALL));
    assert_eq!(
        (world.agent, ball.map(|(cell, _)| cell)),
        ([1, 7], Some([2, 9]))
    );
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
