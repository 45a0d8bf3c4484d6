//! Tasks of walking robots: what is drawn, what is held out, the contract.
//!
//! They need the simulator: `cargo xtask setup mujoco`.

use metarl_core::{
    Element, Environment, Lanes, Process, Purpose, Rng, Seed, Space, Split, TaskDistribution,
};
use metarl_envs::TimeLimit;
use metarl_envs::mujoco::{
    AntGoalRobot, AntGoalTask, AntGoals, AntRobot, Ants, HalfCheetahGoal, HalfCheetahRobot,
    HalfCheetahTask, HalfCheetahs, HopperRobot, HumanoidRobot, Humanoids, Leg, Locomotion,
    RandomHoppers, RandomWalkers, Robot, ScaledDynamics, Slopes, Walker2dRobot,
};
use metarl_testkit::conformance::{self, Violation, check_distribution};

fn stream(lane: u64) -> Rng {
    Seed::new(7).stream(Purpose::Environment, 0, lane, 0)
}

#[test]
fn slopes_are_as_they_are_drawn() {
    let hill = [0.0, 1.5, 3.0, 4.5, 6.0, 9.0].map(|x| Slopes::HILL.height(x));
    for (got, want) in hill.iter().zip([0.0, 0.3, 0.6, 0.3, 0.0, 0.0]) {
        assert!((got - want).abs() < 1e-12);
    }
    assert!((Slopes::STEEP.height(18.0) - 4.0).abs() < 1e-12);
    for lane in 0..50 {
        let slopes = Slopes::sample(&mut stream(lane));
        let heights: Vec<f64> = (0..200)
            .map(|i| slopes.height(f64::from(i) * 0.1))
            .collect();
        let high = heights.iter().copied().fold(f64::MIN, f64::max);
        let low = heights.iter().copied().fold(f64::MAX, f64::min);
        assert!(
            (0.2 - 1e-9..1.0 + 1e-9).contains(&(high - low)),
            "{slopes:?}"
        );
        assert!(
            slopes.rise[..2].iter().all(|rise| *rise > 0.0),
            "{slopes:?}"
        );
    }
}

#[test]
fn factors_of_physics_stay_in_their_ranges() {
    for lane in 0..20 {
        let task = RandomHoppers::default().sample(&mut stream(lane));
        let [most, damped] = [1.5_f64.powi(3), 1.3_f64.powi(3)];
        let within = |x: &[f64], most: f64| x.iter().all(|x| (1.0 / most..most).contains(x));
        assert!(within(&task.body_mass, most) && within(&task.body_inertia, most));
        assert!(within(&task.friction, most) && within(&task.damping, damped));
        assert_eq!([task.body_mass.len(), task.damping.len()], [5, 6]);
        assert_eq!([task.body_inertia.len(), task.friction.len()], [15, 15]);
    }
}

/// A robot whose episodes are short enough to see many.
fn short<R: Robot<O, A>, const O: usize, const A: usize>(
    n_lanes: usize,
) -> Lanes<TimeLimit<Locomotion<R, O, A>>> {
    let process = Locomotion::default();
    Lanes::of(
        TimeLimit {
            process,
            max_steps: 7,
        },
        n_lanes,
    )
}

#[test]
fn walking_robots_keep_the_contract() -> Result<(), Violation> {
    let seed = Seed::new(1);
    let frozen = |tasks: HalfCheetahs| tasks.frozen(Split::Test, 1);
    let cheetahs = [
        HalfCheetahs::Velocity,
        HalfCheetahs::DisabledJoint,
        HalfCheetahs::Slopes,
        HalfCheetahs::Pier,
    ]
    .map(frozen);
    conformance::check(short::<HalfCheetahRobot, 17, 6>, &cheetahs, seed, 20)?;
    let ants = [Ants::Direction, Ants::CrippledLeg].map(|tasks| tasks.frozen(Split::Test, 0));
    conformance::check(short::<AntRobot, 105, 8>, &ants, seed, 20)?;
    let goals = [
        AntGoalTask { goal: [1.0, 2.0] },
        AntGoals.frozen(Split::Test, 0),
    ];
    conformance::check(short::<AntGoalRobot, 107, 8>, &goals, seed, 20)?;
    let walkers = [0, 1].map(|i| RandomWalkers::default().frozen(Split::Test, i));
    conformance::check(short::<Walker2dRobot, 17, 6>, &walkers, seed, 20)?;
    let hoppers = [0, 1].map(|i| RandomHoppers::default().frozen(Split::Test, i));
    conformance::check(short::<HopperRobot, 11, 3>, &hoppers, seed, 20)?;
    let humanoids = [0, 1].map(|i| Humanoids::Direction.frozen(Split::Test, i));
    conformance::check(short::<HumanoidRobot, 348, 17>, &humanoids, seed, 20)?;

    for cheetahs in [
        HalfCheetahs::Default,
        HalfCheetahs::Direction,
        HalfCheetahs::Velocity,
        HalfCheetahs::Velocity3,
        HalfCheetahs::DisabledJoint,
        HalfCheetahs::Slopes,
        HalfCheetahs::Pier,
    ] {
        check_distribution(&cheetahs, 20)?;
    }
    for ants in [
        Ants::Default,
        Ants::ForwardBackward,
        Ants::Direction,
        Ants::CrippledLeg,
    ] {
        check_distribution(&ants, 20)?;
    }
    check_distribution(&AntGoals, 20)?;
    check_distribution(&RandomWalkers::default(), 20)?;
    check_distribution(&RandomHoppers::default(), 20)?;
    check_distribution(&Humanoids::Direction, 20)
}

#[test]
fn what_is_held_out_is_never_trained_on() {
    for index in 0..100 {
        let train = HalfCheetahs::DisabledJoint.frozen(Split::Train, index);
        let test = HalfCheetahs::DisabledJoint.frozen(Split::Test, index);
        assert!(matches!(train.disabled_joint, Some(1..=5)));
        assert_eq!(test.disabled_joint, Some(0));
        let train = Ants::CrippledLeg.frozen(Split::Train, index);
        assert_ne!(train.crippled, Some(Leg::BackRight));
        let test = Ants::CrippledLeg.frozen(Split::Test, index);
        assert_eq!(test.crippled, Some(Leg::BackRight));
    }
}

/// First observation of an episode, drawn from the lane's stream.
fn opening<P: Process + Default>(task: &P::Task) -> Element<P::ObservationSpace> {
    let mut lanes = Lanes::<P>::new(1);
    lanes.assign(0, task, stream(0)).unwrap();
    let mut opening = [lanes.observation_space().zero()];
    lanes.reset(&mut opening).unwrap();
    opening[0]
}

/// Draws are exact: they come before the simulator. What it makes of them is held above.
#[test]
fn value_stability() {
    let velocity = HalfCheetahs::Velocity.frozen(Split::Test, 0);
    let goal = AntGoals.frozen(Split::Test, 0).goal;
    let walker = RandomWalkers::default().frozen(Split::Test, 0);
    let direction = Humanoids::Direction.frozen(Split::Test, 0).direction;
    let HalfCheetahGoal::Velocity(velocity) = velocity.goal else {
        panic!("{velocity:?}");
    };
    let seen = opening::<Locomotion<HalfCheetahRobot, 17, 6>>(&HalfCheetahTask::default());
    let hopper = opening::<Locomotion<HopperRobot, 11, 3>>(&ScaledDynamics::default());
    let got = [
        velocity,
        goal[0],
        goal[1],
        walker.body_mass[1],
        walker.damping[8],
        direction,
        f64::from(seen[0]),
        f64::from(seen[16]),
        f64::from(hopper[0]),
    ];
    let want = [
        1.946_204_960_891_532,
        2.774_965_717_138_804_2,
        -0.473_491_549_065_887_9,
        2.523_663_727_859_128_5,
        0.607_504_449_813_909_7,
        6.114_183_207_516_847,
        -0.070_658_698_678_016_66,
        -0.026_659_496_128_559_113,
        1.246_467_113_494_873,
    ];
    let near = |(got, want): (&f64, &f64)| (got - want).abs() < 1e-12;
    assert!(
        got.iter().zip(&want).all(near),
        "{got:?} is no longer {want:?}"
    );
}
