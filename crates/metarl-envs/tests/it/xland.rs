//! A world of rules: what actions, rules and goals do, what is seen, what is not allowed.

use metarl_core::{Environment, Outcome, Process, Purpose, Rng, Seed, Space};
use metarl_envs::{
    Action, Cell, Color, Condition, Direction, Goal, Object, Rule, Shape, Side, Tile, ViewSpace,
    World, WorldMap, WorldView, XLand, XLandProcess, XLandTask,
};

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
    assert_eq!(size_of::<WorldView>(), 51, "two bytes a cell, and one");
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
