//! Point robots: the published numbers, the rules, the contract.

use metarl_core::{
    Environment, Error, Lanes, Purpose, Rng, Seed, Split, StepBatch, TaskDistribution,
};
use metarl_envs::{
    ActionScale, HalfCircleGoals, NavigationTask, PointNavigation, PointObjective, PointReward,
    PointRobot, ReachGoal, SparsePointRobot, SquareGoals,
};
use metarl_testkit::conformance::{self, check_distribution};
use proptest::prelude::*;

fn stream() -> Rng {
    Seed::new(7).stream(Purpose::Environment, 0, 0, 0)
}

fn scaled(scale: ActionScale) -> PointRobot<ReachGoal> {
    PointRobot {
        scale,
        ..PointRobot::default()
    }
}

fn paid(objective: PointReward) -> PointRobot<PointReward> {
    PointRobot {
        objective,
        ..PointRobot::default()
    }
}

fn goal(x: f32, y: f32) -> NavigationTask {
    NavigationTask { goal: [x, y] }
}

/// Return of the first episode of each task, one lane each.
fn returns<O: PointObjective>(
    mut environment: Lanes<PointRobot<O>>,
    tasks: &[NavigationTask],
    policy: impl Fn(&NavigationTask, [f32; 2]) -> [f32; 2],
) -> Vec<f64> {
    let mut step = StepBatch::new(tasks.len(), [0.0; 2]);
    for (lane, task) in tasks.iter().enumerate() {
        environment.assign(lane, task, stream()).unwrap();
    }
    environment.reset(&mut step.observation).unwrap();
    let mut total = vec![0.0; tasks.len()];
    let mut running = vec![true; tasks.len()];
    for _ in 0..O::MAX_STEPS {
        let lanes = tasks.iter().zip(&step.observation);
        let action: Vec<_> = lanes.map(|(task, p)| policy(task, *p)).collect();
        environment.step(&action, &mut step).unwrap();
        for lane in 0..tasks.len() {
            if running[lane] {
                total[lane] += f64::from(step.reward[lane]);
                running[lane] = !step.ended(lane);
            }
        }
    }
    assert!(!running.contains(&true), "every episode ends in time");
    total
}

fn mean(x: &[f64]) -> f64 {
    x.iter().sum::<f64>() / x.len() as f64
}

/// The midpoints of a grid over the square of goals.
fn grid() -> Vec<NavigationTask> {
    let at = |i: u16| (f32::from(i) + 0.5) / 200.0 - 0.5;
    (0..200)
        .flat_map(|i| (0..200).map(move |j| goal(at(i), at(j))))
        .collect()
}

#[test]
fn standing_still_earns_a_hundred_mean_distances() {
    let tasks = grid();
    let still = mean(&returns(
        PointNavigation::new(tasks.len()),
        &tasks,
        |_, _| [0.0; 2],
    ));
    // Mean distance from the center of a unit square to a point of it.
    let exact = (2.0_f64.sqrt() + (1.0 + 2.0_f64.sqrt()).ln()) / 6.0;
    assert!((still + 100.0 * exact).abs() < 0.01, "{still}");
}

#[test]
fn knowing_the_goal_earns_minus_half() {
    let tasks = grid();
    for scale in [ActionScale::Raw, ActionScale::Normalized] {
        let environment = PointNavigation::of(scaled(scale), tasks.len());
        let best = mean(&returns(environment, &tasks, |task, p| {
            task.best_action(p, scale)
        }));
        assert!((best + 0.506).abs() < 0.001, "{best}");
    }
}

#[test]
fn knowing_the_goal_of_the_sparse_robot_earns_13_38() {
    for (n, want) in [(10_001, 13.382), (100, 13.375)] {
        let tasks = HalfCircleGoals::spaced(n);
        let environment = SparsePointRobot::new(n);
        let scale = environment.process().scale;
        let best = mean(&returns(environment, &tasks, |task, p| {
            task.best_action(p, scale)
        }));
        assert!((best - want).abs() < 0.001, "{n} goals: {best}");
    }
}

#[test]
fn dense_reward_is_minus_the_distance() {
    let still = |reward| {
        let environment = SparsePointRobot::of(paid(reward), 1);
        returns(environment, &[goal(0.6, 0.8)], |_, _| [0.0; 2])[0]
    };
    assert!((still(PointReward::Dense) + 20.0).abs() < 1e-5);
    assert_eq!(still(PointReward::Sparse).to_bits(), 0);
}

#[test]
fn spaced_goals_span_the_half_circle() {
    let goals = HalfCircleGoals::spaced(3);
    for (task, [x, y]) in goals.iter().zip([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]]) {
        assert!(
            (task.goal[0] - x).hypot(task.goal[1] - y) < 1e-6,
            "{task:?}"
        );
    }
    assert_eq!(HalfCircleGoals::spaced(1), [goal(1.0, 0.0)]);
    assert!(HalfCircleGoals::spaced(0).is_empty());
}

#[test]
fn reaching_the_goal_terminates_and_running_out_of_time_truncates() {
    let mut environment = PointNavigation::new(2);
    environment.assign(0, &goal(0.25, -0.05), stream()).unwrap();
    environment.assign(1, &goal(0.4, 0.4), stream()).unwrap();
    let mut step = StepBatch::new(2, [9.0; 2]);
    environment.reset(&mut step.observation).unwrap();
    for t in 1..=200 {
        let action = [
            goal(0.25, -0.05).best_action(step.observation[0], ActionScale::Normalized),
            [0.0; 2],
        ];
        environment.step(&action, &mut step).unwrap();
        assert_eq!(step.terminated, [t % 3 == 0, false], "step {t}");
        assert_eq!(step.truncated, [false, t % 100 == 0], "step {t}");
        if step.terminated[0] {
            assert_eq!(step.observation[0], [0.0; 2]);
            assert!((step.successor[0][0] - 0.25).abs() < 1e-6);
        }
    }
}

#[test]
fn point_robots_keep_the_contract_of_an_environment() -> Result<(), conformance::Violation> {
    let tasks = [goal(0.1, 0.1), goal(-0.4, 0.3), goal(0.0, 0.0)];
    let seed = Seed::new(1);
    conformance::check(PointNavigation::new, &tasks, seed, 250)?;
    conformance::check(SparsePointRobot::new, &tasks, seed, 70)?;
    let raw = |n| PointNavigation::of(scaled(ActionScale::Raw), n);
    conformance::check(raw, &tasks, seed, 250)?;
    let dense = |n| SparsePointRobot::of(paid(PointReward::Dense), n);
    conformance::check(dense, &tasks, seed, 70)?;
    check_distribution(&SquareGoals, 20)?;
    check_distribution(&HalfCircleGoals, 20)
}

#[test]
fn invalid_tasks_and_actions_are_refused() {
    let mut environment = PointNavigation::new(1);
    assert!(matches!(
        environment.reset(&mut [[0.0; 2]]),
        Err(Error::Environment(_))
    ));
    let mut step = StepBatch::new(1, [0.0; 2]);
    assert!(matches!(
        environment.step(&[[0.0; 2]], &mut step),
        Err(Error::Environment(_))
    ));
    for bad in [goal(f32::NAN, 0.0), goal(0.0, f32::INFINITY)] {
        let refused = environment.assign(0, &bad, stream());
        assert!(matches!(
            refused,
            Err(Error::OutOfRange { name: "goal", .. })
        ));
    }
    environment.assign(0, &goal(0.1, 0.1), stream()).unwrap();
    environment.reset(&mut step.observation).unwrap();
    environment
        .step(&[[f32::MAX, f32::MIN]], &mut step)
        .unwrap();
    assert_eq!(step.successor[0], [0.1, -0.1]);
    let refused = environment.step(&[[f32::NAN, 0.0]], &mut step).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "point robot, lane 0, step 1: action [NaN, 0.0] is outside the action space of 2 finite numbers"
    );
}

#[test]
fn a_misspelled_task_is_refused() {
    let read = serde_json::from_str::<NavigationTask>;
    assert_eq!(read(r#"{"goal":[0.5,-0.25]}"#).unwrap(), goal(0.5, -0.25));
    assert!(read(r#"{"goal":[0.5,-0.25],"speed":1.0}"#).is_err());
}

#[test]
fn value_stability() {
    assert_eq!(
        SquareGoals.frozen(Split::Train, 0),
        goal(-0.123_422_384, 0.020_135_522)
    );
    assert_eq!(
        SquareGoals.frozen(Split::Test, 3),
        goal(0.151_528_6, -0.143_470_4)
    );
    // Sine and cosine may differ in the last bit from one platform to another.
    for (split, i, [x, y]) in [
        (Split::Train, 0, [0.378_099_77, 0.925_764_86]),
        (Split::Test, 3, [-0.458_264_17, 0.888_816_06]),
    ] {
        let [goal_x, goal_y] = HalfCircleGoals.frozen(split, i).goal;
        assert!((goal_x - x).hypot(goal_y - y) < 1e-6, "{goal_x}, {goal_y}");
    }
}

proptest! {
    #[test]
    fn goals_are_where_they_say(seed in any::<u64>()) {
        let mut rng = Seed::new(seed).stream(Purpose::Task, 0, 0, 0);
        let [x, y] = SquareGoals.sample(&mut rng).goal;
        prop_assert!(x.abs() <= 0.5 && y.abs() <= 0.5);
        let [x, y] = HalfCircleGoals.sample(&mut rng).goal;
        prop_assert!((x.hypot(y) - 1.0).abs() < 1e-6 && y >= 0.0);
    }

    #[test]
    fn no_step_is_longer_than_a_tenth(x in -2.0_f32..2.0, y in -2.0_f32..2.0) {
        for scale in [ActionScale::Raw, ActionScale::Normalized] {
            let [dx, dy] = scale.displacement([x, y]);
            prop_assert!(dx.abs() <= 0.1 && dy.abs() <= 0.1);
            let within = scale.action([dx, dy]);
            let [again_x, again_y] = scale.displacement(within);
            prop_assert!((again_x - dx).abs() < 1e-7 && (again_y - dy).abs() < 1e-7);
        }
    }

    #[test]
    fn nothing_beats_knowing_the_goal(
        x in -0.5_f32..0.5,
        y in -0.5_f32..0.5,
        noise in prop::collection::vec((-1.0_f32..1.0, -1.0_f32..1.0), 20),
    ) {
        let task = goal(x, y);
        let best = |sparse| {
            let environment = SparsePointRobot::of(paid(sparse), 1);
            returns(environment, &[task], |task, p| task.best_action(p, ActionScale::Normalized))[0]
        };
        for reward in [PointReward::Sparse, PointReward::Dense] {
            let index = std::cell::Cell::new(0);
            let environment = SparsePointRobot::of(paid(reward), 1);
            let other = returns(environment, &[task], |_, _| {
                let (ax, ay) = noise[index.replace(index.get() + 1)];
                [ax, ay]
            })[0];
            prop_assert!(other <= best(reward) + 1e-5, "{other} against {}", best(reward));
        }
    }
}
