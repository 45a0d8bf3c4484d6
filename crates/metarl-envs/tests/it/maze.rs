//! Mazes: that they are mazes, what is seen in them, what is best.

use std::collections::BTreeSet;

use metarl_core::{
    Element, Environment, Process, Purpose, Rng, Seed, Space, Split, StepBatch, TaskDistribution,
};
use metarl_envs::{
    Cell, Direction, LocatedMaze, Maze, MazeLayout, MazeOracle, MazeProcess, MazeTask, Mazes,
};
use metarl_testkit::conformance::{self, Violation, check_distribution};
use proptest::prelude::*;

type View = Element<<MazeProcess as Process>::ObservationSpace>;

/// Where the walls of one's own cell are in the observation.
const OWN_WALL: [usize; 4] = [10, 3, 7, 2];

fn stream(purpose: Purpose, task: u64) -> Rng {
    Seed::new(7).stream(purpose, task, 0, 0)
}

/// Return and length of one episode, the action chosen by cell and view.
fn episode(
    task: &MazeTask,
    process: MazeProcess,
    rng: &mut Rng,
    mut policy: impl FnMut(Cell, &View) -> usize,
) -> (Cell, f64, u32) {
    let model = process.model(task).unwrap();
    let mut at = process.start(&model, rng);
    let (start, mut earned) = (at, 0.0);
    for step in 1..=process.max_steps {
        let view = process.observe(&model, &at);
        let action = policy(at, &view);
        let outcome = process.advance(&model, &mut at, &action, rng);
        earned += f64::from(outcome.reward);
        if outcome.terminated {
            return (start, earned, step);
        }
    }
    (start, earned, process.max_steps)
}

#[test]
fn the_oracle_earns_what_it_says() {
    for (mazes, process) in [
        (Mazes::Small, MazeProcess::SMALL),
        (Mazes::Large, MazeProcess::LARGE),
    ] {
        let (mut by_oracle, mut by_chance) = (0.0, 0.0);
        for i in 0..100 {
            let task = mazes.frozen(Split::Test, i);
            let oracle = MazeOracle::new(&task).unwrap();
            let mut rng = stream(Purpose::Environment, i);
            let best = |at, _: &View| oracle.action(at).unwrap();
            let (start, earned, length) = episode(&task, process, &mut rng, best);
            assert_eq!(Some(length), oracle.distance(start));
            assert!((earned - oracle.value(start).unwrap()).abs() < 1e-5);
            assert!((earned - (1.0 - 0.04 * f64::from(length))).abs() < 1e-5);
            by_oracle += earned;
            let (space, mut actions) = (process.action_space(), stream(Purpose::Policy, i));
            let random = |_, _: &View| space.sample(&mut actions);
            by_chance += episode(&task, process, &mut rng, random).1;
        }
        assert!(by_oracle > by_chance + 200.0, "{by_oracle} {by_chance}");
    }
}

/// A corridor that turns twice.
#[test]
fn a_maze_known_by_heart() {
    let (mut right, mut up) = ([0; 9], [0; 9]);
    (right[0], right[1], up[0]) = (0b01, 0b01, 0b01);
    let layout = MazeLayout { size: 2, right, up };
    let task = MazeTask {
        layout,
        goal: [1, 1],
    };
    let drawn = "+---+---+\n|       |\n+   +---+\n|       |\n+---+---+";
    assert_eq!(layout.to_string(), drawn);
    let oracle = MazeOracle::new(&task).unwrap();
    let distances = layout.cells().map(|cell| oracle.distance(cell));
    let distances: Vec<_> = distances.flatten().collect();
    assert_eq!(distances, [2, 3, 1, 0]);
    assert!((oracle.mean_value() - (1.0 - 0.04 * 2.0)).abs() < 1e-7);
    assert_eq!(oracle.action([1, 0]), Some(Direction::Left as usize));
    assert_eq!(oracle.action([1, 1]), None);
    assert_eq!(oracle.distance([2, 0]), None);

    let process = MazeProcess::SMALL;
    let (model, mut rng) = (
        process.model(&task).unwrap(),
        stream(Purpose::Environment, 0),
    );
    let mut at = [1, 0];
    let view = process.observe(&model, &at);
    let goal = view[12..].iter().position(|x| *x == 1.0);
    assert_eq!(goal, Some(7), "the goal is above");
    assert_eq!(OWN_WALL.map(|i| view[i]), [1.0, 1.0, 1.0, 0.0]);
    assert_eq!(view[4], 0.0, "there is a passage in the row above");
    let outcome = process.advance(&model, &mut at, &0, &mut rng);
    assert_eq!((outcome.reward, outcome.terminated), (-0.04 - 0.001, false));
    assert_eq!(at, [1, 0], "a wall stops");
    for action in [3, 0] {
        let outcome = process.advance(&model, &mut at, &action, &mut rng);
        assert_eq!((outcome.reward, outcome.terminated), (-0.04, false));
    }
    let outcome = process.advance(&model, &mut at, &1, &mut rng);
    assert_eq!((outcome.reward, outcome.terminated), (1.0 - 0.04, true));
}

/// Who keeps a hand on the wall gets through every perfect maze, and sees it coming: within twice as many
/// steps as there are passages, and without ever running into a wall.
#[test]
fn a_hand_on_the_wall_finds_every_goal() {
    let mut maze = Maze::of(MazeProcess::LARGE, 50);
    let tasks = (0..50).map(|i| Mazes::Large.frozen(Split::Train, i));
    for (lane, task) in tasks.enumerate() {
        let rng = stream(Purpose::Environment, lane as u64);
        maze.assign(lane, &task, rng).unwrap();
    }
    let mut step = StepBatch::new(50, maze.observation_space().zero());
    maze.reset(&mut step.observation).unwrap();
    let mut facing = [Direction::Up; 50];
    let mut n_found = 0;
    for _ in 0..2 * 80 {
        let follow = |(view, facing): (&View, &mut Direction)| {
            let right = facing.clockwise() as usize;
            let ways = [0, 3, 2, 1].map(|turn| Direction::of(right + turn));
            let open = ways
                .into_iter()
                .find(|way| view[OWN_WALL[*way as usize]] == 0.0);
            *facing = open.unwrap();
            *facing as usize
        };
        let actions: Vec<usize> = step
            .observation
            .iter()
            .zip(&mut facing)
            .map(follow)
            .collect();
        maze.step(&actions, &mut step).unwrap();
        n_found += step.terminated.iter().filter(|found| **found).count();
        let hit = |reward: &f32| *reward == -0.04 - 0.001;
        assert!(!step.reward.iter().any(hit) && !step.truncated.contains(&true));
    }
    assert!(n_found >= 50, "{n_found}");
}

#[test]
fn mazes_keep_the_contract() -> Result<(), Violation> {
    let tasks = [0, 1].map(|i| Mazes::Small.frozen(Split::Test, i));
    let short = MazeProcess { max_steps: 20 };
    conformance::check(|n| Maze::of(short, n), &tasks, Seed::new(1), 120)?;
    conformance::check(Maze::new, &tasks, Seed::new(1), 600)?;
    conformance::check(LocatedMaze::new, &tasks, Seed::new(1), 600)?;
    check_distribution(&Mazes::Small, 20)?;
    check_distribution(&Mazes::Large, 20)
}

#[test]
fn what_is_not_allowed_is_named() {
    let good = Mazes::Small.frozen(Split::Train, 0);
    let refused = |task: MazeTask| {
        let rng = stream(Purpose::Environment, 0);
        Maze::new(1).assign(0, &task, rng).unwrap_err().to_string()
    };
    let mut task = good;
    task.goal = [5, 0];
    assert_eq!(refused(task), "goal must be a cell of the maze, got [5, 0]");
    let mut task = good;
    task.layout.size = 200;
    let message = "size of the maze must be between 2 and 9, got 200";
    assert_eq!(refused(task), message);
    let mut task = good;
    task.layout.right[3] |= 1 << 4;
    let message = "passages must be between cells of the maze, got one that leads out of row 3";
    assert_eq!(refused(task), message);
    let mut task = good;
    task.layout.up[4] = 1;
    let message = "passages must be between cells of the maze, got one that leads out of row 4";
    assert_eq!(refused(task), message);
    let mut task = good;
    task.layout.right = [0; 9];
    let message = refused(task);
    let start = "a way to the goal must be one from every cell, got none from [";
    assert!(message.starts_with(start), "{message}");
}

#[test]
fn value_stability() {
    let goals = [0, 1, 2].map(|i| Mazes::Small.frozen(Split::Test, i).goal);
    assert_eq!(goals, [[0, 3], [2, 1], [1, 1]]);
    let layout = Mazes::Small.frozen(Split::Test, 0).layout;
    let drawn = "\
+---+---+---+---+---+
|   |               |
+   +---+---+   +   +
|   |           |   |
+   +   +---+---+   +
|       |   |       |
+---+---+   +   +---+
|   |       |   |   |
+   +   +   +   +   +
|       |           |
+---+---+---+---+---+";
    assert_eq!(layout.to_string(), drawn);
}

proptest! {
    /// Passages that connect all cells, one fewer than cells: one way from each to each.
    #[test]
    fn mazes_are_perfect(size in 2_u8..=9, seed in any::<u64>()) {
        let layout = MazeLayout::depth_first(size, &mut Seed::new(seed).stream(Purpose::Task, 0, 0, 0));
        let passages = layout.right.iter().chain(&layout.up);
        let n_passages: u32 = passages.map(|row| row.count_ones()).sum();
        prop_assert_eq!(n_passages, u32::from(size) * u32::from(size) - 1);
        let mut reached = BTreeSet::from([[0, 0]]);
        let mut next = vec![[0, 0]];
        while let Some(at) = next.pop() {
            for way in Direction::ALL {
                let to = way.from(at);
                prop_assert_eq!(layout.is_open(at, way), layout.is_open(to, way.opposite()));
                if layout.is_open(at, way) && reached.insert(to) {
                    next.push(to);
                }
            }
        }
        prop_assert_eq!(reached.len(), usize::from(size) * usize::from(size));
        prop_assert!(reached.iter().flatten().all(|c| *c < size));
    }

    /// What is seen is what is there, looked up wall by wall.
    #[test]
    fn the_view_is_true(seed in any::<u64>(), x in 0_u8..5, y in 0_u8..5) {
        let task = Mazes::Small.sample(&mut Seed::new(seed).stream(Purpose::Task, 0, 0, 0));
        let process = MazeProcess::SMALL;
        let view = process.observe(&process.model(&task).unwrap(), &[x, y]);
        let (x, y) = (i32::from(x), i32::from(y));
        let wall = |x: i32, y: i32, way| {
            let outside = x < 0 || y < 0;
            outside || !task.layout.is_open([x as u8, y as u8], way)
        };
        for dy in -1..=1 {
            for (i, dx) in [-1, 0].into_iter().enumerate() {
                let seen = view[2 * (dy + 1) as usize + i] == 1.0;
                prop_assert_eq!(seen, wall(x + dx, y + dy, Direction::Right));
            }
            for dx in -1..=1 {
                if dy < 1 {
                    let seen = view[6 + 3 * (dy + 1) as usize + (dx + 1) as usize] == 1.0;
                    prop_assert_eq!(seen, wall(x + dx, y + dy, Direction::Up));
                }
                let goal = task.goal.map(i32::from) == [x + dx, y + dy];
                prop_assert_eq!(view[12 + 3 * (dy + 1) as usize + (dx + 1) as usize] == 1.0, goal);
            }
        }
    }
}
