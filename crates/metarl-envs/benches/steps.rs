//! Steps per second of every environment: random actions, episodes that end and start anew.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use metarl_core::{Environment, Purpose, Seed, Space, StepBatch, TaskDistribution};
use metarl_envs::{
    Acrobot, Acrobots, BernoulliBandit, BernoulliBandits, CartPole, CartPoles, Maze, MazeProcess,
    Mazes, MountainCar, MountainCars, Pendulum, Pendulums, PointNavigation, RandomTabular,
    SquareGoals, TabularMdp, TwoStep, TwoStepTasks, WorldMap, XLand, XLandProcess, XLandTasks,
};

const N_LANES: usize = 1024;

/// Actions are drawn before, eight steps of them in turn, so that only the environment is timed.
fn steps<E, T>(criterion: &mut Criterion, name: &str, mut environment: E, tasks: &T)
where
    E: Environment,
    T: TaskDistribution<Task = E::Task>,
{
    let seed = Seed::new(1);
    for lane in 0..N_LANES {
        let stream = |purpose| seed.stream(purpose, lane as u64, 0, 0);
        let task = tasks.sample(&mut stream(Purpose::Task));
        let assigned = environment.assign(lane, &task, stream(Purpose::Environment));
        assigned.expect("tasks of its own distribution");
    }
    let mut rng = seed.stream(Purpose::Policy, 0, 0, 0);
    let space = environment.action_space();
    let mut draw = || {
        (0..N_LANES)
            .map(|_| space.sample(&mut rng))
            .collect::<Vec<_>>()
    };
    let actions: Vec<Vec<_>> = (0..8).map(|_| draw()).collect();
    let mut step = StepBatch::new(N_LANES, environment.observation_space().zero());
    environment
        .reset(&mut step.observation)
        .expect("every lane has a task");

    let mut group = criterion.benchmark_group("steps");
    group.throughput(Throughput::Elements(8 * N_LANES as u64));
    group.bench_function(BenchmarkId::new(name, N_LANES), |bencher| {
        bencher.iter(|| {
            for action in &actions {
                environment
                    .step(action, &mut step)
                    .expect("actions of its space");
            }
        });
    });
    group.finish();
}

fn all(criterion: &mut Criterion) {
    let arms = BernoulliBandits { n_arms: 10 };
    steps(
        criterion,
        "bandit",
        BernoulliBandit::<10>::new(N_LANES),
        &arms,
    );
    steps(
        criterion,
        "two-step",
        TwoStep::new(N_LANES),
        &TwoStepTasks::Switching,
    );
    let tabular = TabularMdp::<10, 5>::new(N_LANES);
    steps(criterion, "tabular", tabular, &RandomTabular::RL2);
    steps(
        criterion,
        "navigation",
        PointNavigation::new(N_LANES),
        &SquareGoals,
    );
    steps(
        criterion,
        "cart-pole",
        CartPole::new(N_LANES),
        &CartPoles::REGULAR,
    );
    let cars = MountainCars::REGULAR;
    steps(criterion, "mountain-car", MountainCar::new(N_LANES), &cars);
    let pendulums = Pendulums::REGULAR;
    steps(criterion, "pendulum", Pendulum::new(N_LANES), &pendulums);
    let acrobots = Acrobots::REGULAR;
    steps(criterion, "acrobot", Acrobot::new(N_LANES), &acrobots);
    steps(criterion, "maze-small", Maze::new(N_LANES), &Mazes::Small);
    let large = Maze::of(MazeProcess::LARGE, N_LANES);
    steps(criterion, "maze-large", large, &Mazes::Large);
    let tasks = XLandTasks::Trivial;
    steps(criterion, "xland-trivial", XLand::new(N_LANES), &tasks);
    let tasks = XLandTasks::Medium;
    steps(criterion, "xland-medium", XLand::new(N_LANES), &tasks);
    let map = WorldMap::FourRooms;
    let four_rooms = XLand::of(XLandProcess { map }, N_LANES);
    steps(criterion, "xland-medium-four-rooms", four_rooms, &tasks);
}

criterion_group!(benches, all);
criterion_main!(benches);
