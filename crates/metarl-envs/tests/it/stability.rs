//! Literal values for a seed: a change of any draw, or of any dynamics, shows here.

use metarl_core::{Environment, Lanes, Purpose, Seed, Space, Split, StepBatch, TaskDistribution};
use metarl_envs::{
    Acrobot, AcrobotTask, BarcodeBandit, BarcodeTasks, BitFlipping, BitFlippingTask,
    CartPolePhysics, CartPoleTask, Catch, CatchTasks, ClassicControl, ContinuousMountainCar,
    ContinuousMountainCarTask, DarkRoom, DarkRooms, GaussianRandomization, GridNavi, GridNaviTasks,
    Maze, Mazes, MountainCar, MountainCarTask, RandomWalk, RandomWalkTask, RewardNoise,
    SignalAndNoise, SignalAndNoiseTask, StickyAction, TMaze, TMazes, UniformRandomization, XLand,
    XLandTasks,
};

/// Sums of rewards and of all encoded observations over 40 steps of random actions.
fn sums<E: Environment>(mut environment: E, task: &E::Task) -> [f64; 2] {
    let stream = |purpose| Seed::new(7).stream(purpose, 0, 0, 0);
    environment
        .assign(0, task, stream(Purpose::Environment))
        .unwrap();
    let mut rng = stream(Purpose::Policy);
    let space = environment.action_space();
    let mut step = StepBatch::new(1, environment.observation_space().zero());
    environment.reset(&mut step.observation).unwrap();
    let mut encoded = vec![0.0; E::ObservationSpace::WIDTH];
    let mut sums = [0.0; 2];
    for _ in 0..40 {
        environment
            .step(&[space.sample(&mut rng)], &mut step)
            .unwrap();
        E::ObservationSpace::encode(&step.observation[0], &mut encoded);
        let weighted = encoded
            .iter()
            .enumerate()
            .map(|(i, x)| (i + 1) as f64 * f64::from(*x));
        sums[0] += f64::from(step.reward[0]);
        sums[1] += weighted.sum::<f64>();
    }
    sums
}

#[test]
fn value_stability() {
    let sticky = StickyAction {
        process: ClassicControl::<CartPolePhysics<f32>>::default(),
        probability: 0.25,
    };
    let noisy = RewardNoise {
        process: sticky,
        deviation: 0.5,
    };
    let split = Split::Test;
    let maze = TMazes {
        length: 3,
        sign: true,
    }
    .frozen(split, 0);
    let got = [
        (
            "catch",
            sums(Catch::new(1), &CatchTasks::Either.frozen(split, 0)),
        ),
        ("bits", sums(BitFlipping::<6>::new(1), &BitFlippingTask)),
        ("walk", sums(RandomWalk::<5>::new(1), &RandomWalkTask)),
        ("noise", sums(SignalAndNoise::new(1), &SignalAndNoiseTask)),
        ("maze", sums(TMaze::new(1), &maze)),
        ("room", sums(DarkRoom::new(1), &DarkRooms.frozen(split, 0))),
        (
            "navi",
            sums(GridNavi::new(1), &GridNaviTasks.frozen(split, 0)),
        ),
        (
            "barcode",
            sums(BarcodeBandit::new(1), &BarcodeTasks.frozen(split, 0)),
        ),
        (
            "car",
            sums(MountainCar::new(1), &MountainCarTask::default()),
        ),
        (
            "fuel",
            sums(
                ContinuousMountainCar::new(1),
                &ContinuousMountainCarTask::default(),
            ),
        ),
        (
            "labyrinth",
            sums(Maze::new(1), &Mazes::Small.frozen(split, 0)),
        ),
        (
            "world",
            sums(XLand::new(1), &XLandTasks::Small.frozen(split, 0)),
        ),
        ("acrobot", sums(Acrobot::new(1), &AcrobotTask::default())),
        (
            "wrapped",
            sums(Lanes::of(noisy, 1), &CartPoleTask::default()),
        ),
    ];
    let want: [(&str, [f64; 2]); 14] = [
        ("catch", [-2.0, 2774.0]),
        ("bits", [-40.0, 1213.0]),
        ("walk", [1.0, 103.0]),
        ("noise", [-4.285_248, 220.0]),
        ("maze", [9.6, 109.0]),
        ("room", [0.0, 298.0]),
        ("navi", [-4.0, 91.0]),
        ("barcode", [9.0, 1201.0]),
        ("car", [-40.0, -22.402_998]),
        ("fuel", [-1.396_798, -23.071_836]),
        ("labyrinth", [-1.624, 1329.0]),
        ("world", [0.0, 207_465.0]),
        ("acrobot", [-40.0, 149.165_700]),
        ("wrapped", [43.584_023, 87.285_414]),
    ];
    for ((name, got), (expected, want)) in got.iter().zip(want) {
        assert_eq!(*name, expected);
        let near = got
            .iter()
            .zip(want)
            .all(|(got, want)| (got - want).abs() < 1e-4);
        assert!(near, "{name}: {got:?} is no longer {want:?}");
    }
    let uniform = UniformRandomization::<CartPoleTask>::new(0.3).unwrap();
    let gaussian = GaussianRandomization::<CartPoleTask>::new(0.3).unwrap();
    let drawn = [
        uniform.frozen(split, 0).force,
        gaussian.frozen(split, 0).force,
    ];
    assert_eq!(drawn, [12.838_614_882_674_598, 15.401_407_826_418_19]);
}
