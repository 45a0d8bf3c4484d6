//! Classic control: Gymnasium's episodes, the rules, the contract.

use metarl_core::{
    Element, Environment, Error, Purpose, Rng, Seed, Split, StepBatch, TaskDistribution,
};
use metarl_envs::reference::{NumpyRng, Reference};
use metarl_envs::{
    Acrobot, AcrobotPhysics, AcrobotTask, Acrobots, CartPolePhysics, ClassicLanes,
    ContinuousMountainCar, ContinuousMountainCarPhysics, ContinuousMountainCarTask,
    ContinuousMountainCars, MountainCar, MountainCarPhysics, MountainCarTask, MountainCars,
    Pendulum, PendulumPhysics, PendulumTask, Pendulums, Physics,
};
use metarl_testkit::conformance::{self, Violation, check_distribution};
use proptest::prelude::*;
use serde::Deserialize;

fn stream() -> Rng {
    Seed::new(7).stream(Purpose::Environment, 0, 0, 0)
}

#[derive(Deserialize)]
struct Episode {
    environment: String,
    seed: u64,
    first: Vec<f32>,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
struct Step {
    action: f64,
    observation: Vec<f32>,
    reward: f64,
    terminated: bool,
    truncated: bool,
}

/// The first 25 steps of Gymnasium 1.4.0, as `cargo xtask parity` plays them.
fn gymnasium(name: &str) -> Episode {
    let mut lines = include_str!("data/gymnasium.jsonl").lines();
    let episodes = lines
        .by_ref()
        .map(|line| serde_json::from_str(line).unwrap());
    let mut of_name = episodes.filter(|episode: &Episode| episode.environment == name);
    of_name.next().unwrap()
}

macro_rules! gymnasium_test {
    ($name:ident, $physics:ident, $environment:literal, $action:expr) => {
        #[test]
        fn $name() {
            let episode = gymnasium($environment);
            let mut reference = Reference::<$physics<f64>>::new(&Default::default()).unwrap();
            assert_eq!(reference.reset(episode.seed).to_vec(), episode.first);
            for want in episode.steps {
                let got = reference.step(&$action(want.action)).unwrap();
                assert_eq!(got.observation.to_vec(), want.observation);
                assert_eq!(got.reward.to_bits(), want.reward.to_bits());
                assert_eq!(
                    (got.terminated, got.truncated),
                    (want.terminated, want.truncated)
                );
            }
        }
    };
}

gymnasium_test!(carts_are_gymnasiums, CartPolePhysics, "CartPole-v1", |a| a
    as usize);
gymnasium_test!(
    cars_are_gymnasiums,
    MountainCarPhysics,
    "MountainCar-v0",
    |a| a as usize
);
gymnasium_test!(
    continuous_cars_are_gymnasiums,
    ContinuousMountainCarPhysics,
    "MountainCarContinuous-v0",
    |a| [a as f32]
);
gymnasium_test!(
    pendulums_are_gymnasiums,
    PendulumPhysics,
    "Pendulum-v1",
    |a| [a as f32]
);
gymnasium_test!(acrobots_are_gymnasiums, AcrobotPhysics, "Acrobot-v1", |a| a
    as usize);

/// What `numpy.random.default_rng(seed).random(2)` prints, for a seed of one word and of two.
#[test]
fn numpy_numbers_are_numpys() {
    let mut rng = NumpyRng::new(42);
    assert_eq!(
        [rng.unit(), rng.unit()],
        [0.773_956_048_555_963_3, 0.438_878_439_752_052_3]
    );
    let mut rng = NumpyRng::new(1 << 40);
    assert_eq!(
        [rng.unit(), rng.unit()],
        [0.360_809_573_419_963_8, 0.628_240_247_811_098_4]
    );
}

#[test]
fn classic_control_keeps_the_contract_of_an_environment() -> Result<(), Violation> {
    let seed = Seed::new(1);
    let frozen = Split::Train;
    let tasks = [
        MountainCarTask::default(),
        MountainCars::EXTREME.frozen(frozen, 0),
    ];
    conformance::check(MountainCar::new, &tasks, seed, 250)?;
    let tasks = [
        ContinuousMountainCarTask::default(),
        ContinuousMountainCars::EXTREME.frozen(frozen, 0),
    ];
    conformance::check(ContinuousMountainCar::new, &tasks, seed, 1050)?;
    let tasks = [
        PendulumTask::default(),
        Pendulums::EXTREME.frozen(frozen, 0),
    ];
    conformance::check(Pendulum::new, &tasks, seed, 250)?;
    let tasks = [AcrobotTask::default(), Acrobots::EXTREME.frozen(frozen, 0)];
    conformance::check(Acrobot::new, &tasks, seed, 550)?;
    check_distribution(&MountainCars::REGULAR, 20)?;
    check_distribution(&ContinuousMountainCars::REGULAR, 20)?;
    check_distribution(&Pendulums::EXTREME, 20)?;
    check_distribution(&Acrobots::EXTREME, 20)
}

/// Steps of one lane until its first episode ends.
fn play<P: Physics<Real = f32>>(
    task: &P::Task,
    policy: impl Fn(&Element<P::ObservationSpace>) -> Element<P::ActionSpace>,
) -> Vec<StepBatch<Element<P::ObservationSpace>>> {
    let mut environment = ClassicLanes::<P>::new(1);
    environment.assign(0, task, stream()).unwrap();
    let mut step = StepBatch::new(1, metarl_core::Space::zero(&P::observation_space()));
    environment.reset(&mut step.observation).unwrap();
    let mut steps = Vec::new();
    while steps
        .last()
        .is_none_or(|last: &StepBatch<_>| !last.ended(0))
    {
        let action = policy(&step.observation[0]);
        environment.step(&[action], &mut step).unwrap();
        steps.push(step.clone());
    }
    steps
}

/// Pushing with the velocity is the best a car can do.
#[test]
fn a_car_that_swings_gets_out_and_one_that_only_pushes_does_not() {
    let swing = |o: &[f32; 2]| if o[1] < 0.0 { 0 } else { 2 };
    let steps = play::<MountainCarPhysics<f32>>(&MountainCarTask::default(), swing);
    let last = &steps[steps.len() - 1];
    assert!(last.terminated[0] && last.successor[0][0] >= 0.5);
    assert!((80..=130).contains(&steps.len()), "{}", steps.len());

    let steps = play::<MountainCarPhysics<f32>>(&MountainCarTask::default(), |_| 2);
    assert_eq!(steps.len(), 200);
    assert!(steps[199].truncated[0] && !steps[199].terminated[0]);
    assert!(steps.iter().all(|step| step.reward[0] == -1.0));

    let strong = MountainCarTask {
        force: 0.004,
        ..MountainCarTask::default()
    };
    let steps = play::<MountainCarPhysics<f32>>(&strong, |_| 2);
    assert!(
        steps[steps.len() - 1].terminated[0],
        "a strong one drives straight up"
    );
}

#[test]
fn a_continuous_car_pays_for_fuel_and_is_paid_for_arriving() {
    let swing = |o: &[f32; 2]| [if o[1] < 0.0 { -1.0 } else { 1.0 }];
    let task = ContinuousMountainCarTask::default();
    let steps = play::<ContinuousMountainCarPhysics<f32>>(&task, swing);
    let last = &steps[steps.len() - 1];
    assert!(last.terminated[0] && last.successor[0][0] >= 0.45);
    assert!((last.reward[0] - 99.9).abs() < 1e-4);
    assert!(
        steps[..steps.len() - 1]
            .iter()
            .all(|step| (step.reward[0] + 0.1).abs() < 1e-6)
    );

    let steps = play::<ContinuousMountainCarPhysics<f32>>(&task, |_| [0.0]);
    assert_eq!(steps.len(), 999);
    assert!(steps[998].truncated[0] && steps.iter().all(|step| step.reward[0] == 0.0));
}

/// Torque that adds energy until it is enough to stand upright, and a linear law near the top.
#[test]
fn a_pendulum_can_be_swung_up_and_held() {
    let policy = |&[cos, sin, spin]: &[f32; 3]| {
        let angle = sin.atan2(cos);
        let energy = spin * spin / 6.0 + 5.0 * (cos - 1.0);
        let torque = if cos > 0.9 {
            -(12.0 * angle + 3.0 * spin)
        } else {
            -4.0 * energy * spin.signum()
        };
        [torque.clamp(-2.0, 2.0)]
    };
    let steps = play::<PendulumPhysics<f32>>(&PendulumTask::default(), policy);
    assert_eq!(steps.len(), 200);
    assert!(steps[199].truncated[0]);
    let held = &steps[150..];
    assert!(
        held.iter().all(|step| step.reward[0] > -0.05),
        "{:?}",
        steps[199]
    );
}

/// Energy is what the torque puts in: without any, swinging conserves it but for the integrator.
#[test]
fn an_acrobot_left_alone_keeps_its_energy_and_a_driven_one_arrives() {
    let drive = |o: &[f32; 6]| if o[5] < 0.0 { 0 } else { 2 };
    let steps = play::<AcrobotPhysics<f32>>(&AcrobotTask::default(), drive);
    let last = &steps[steps.len() - 1];
    assert!(last.terminated[0], "{} steps", steps.len());
    assert_eq!((last.reward[0], steps[0].reward[0]), (0.0, -1.0));

    let steps = play::<AcrobotPhysics<f32>>(&AcrobotTask::default(), |_| 1);
    assert_eq!(steps.len(), 500);
    let energy = |step: &StepBatch<[f32; 6]>| {
        let [c1, s1, c2, s2, w1, w2] = step.successor[0].map(f64::from);
        // Speeds of the centers of mass, each half a meter down its link of a meter.
        let (sum_cos, sum_sin) = (c1 * c2 - s1 * s2, s1 * c2 + c1 * s2);
        let (vx, vy) = (
            c1 * w1 + 0.5 * sum_cos * (w1 + w2),
            s1 * w1 + 0.5 * sum_sin * (w1 + w2),
        );
        let kinetic =
            0.5 * (0.25 * w1 * w1 + vx * vx + vy * vy) + 0.5 * (w1 * w1 + (w1 + w2) * (w1 + w2));
        let height = -0.5 * c1 - c1 - 0.5 * sum_cos;
        kinetic + 9.8 * height
    };
    let (first, last) = (energy(&steps[0]), energy(&steps[499]));
    assert!((first - last).abs() < 0.05, "{first} {last}");
}

#[test]
fn what_is_not_allowed_is_named() {
    let mut environment = Pendulum::new(1);
    let bad = PendulumTask {
        mass: 0.0,
        ..PendulumTask::default()
    };
    let refused = environment.assign(0, &bad, stream()).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "mass must be above 0 and finite, got 0"
    );
    environment
        .assign(0, &PendulumTask::default(), stream())
        .unwrap();
    let mut step = StepBatch::new(1, [0.0; 3]);
    environment.reset(&mut step.observation).unwrap();
    let refused = environment.step(&[[2.5]], &mut step).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "pendulum, lane 0, step 0: action [2.5] is outside the action space of 1 numbers in [-2, 2]"
    );

    let mut reference = Reference::<AcrobotPhysics<f64>>::new(&AcrobotTask::default()).unwrap();
    assert!(matches!(reference.step(&1), Err(Error::Environment(_))));
    reference.reset(1);
    assert!(matches!(
        reference.step(&3),
        Err(Error::InvalidAction { .. })
    ));
    for _ in 0..500 {
        reference.step(&1).unwrap();
    }
    assert!(matches!(reference.step(&1), Err(Error::Environment(_))));
}

/// Physics that nobody would build: it may be slow to learn in, but it must not hang.
#[test]
fn a_weightless_acrobot_spins_but_comes_to_an_end() {
    let task = AcrobotTask {
        length: 1.0,
        mass: 1e-5,
        moment_of_inertia: 1e-5,
    };
    let drive = |o: &[f32; 6]| if o[5] < 0.0 { 0 } else { 2 };
    let steps = play::<AcrobotPhysics<f32>>(&task, drive);
    assert!(steps.len() <= 500);
    let tiny = AcrobotTask {
        length: 1e-50,
        ..task
    };
    let refused = Acrobot::new(1).assign(0, &tiny, stream());
    assert!(matches!(refused, Err(Error::OutOfRange { .. })));
}

#[test]
fn value_stability() {
    let task = MountainCars::REGULAR.frozen(Split::Test, 1);
    assert_eq!(
        [task.force, task.gravity],
        [0.003_332_719_993_021_295_4, 0.002_994_740_979_369_246_4]
    );
    let task = Acrobots::EXTREME.frozen(Split::Test, 1);
    assert_eq!(
        [task.length, task.mass, task.moment_of_inertia],
        [
            1.314_746_665_891_255,
            0.749_342_622_421_155_8,
            1.397_358_008_992_486
        ]
    );
    let steps = play::<PendulumPhysics<f32>>(&PendulumTask::default(), |_| [0.5]);
    assert_eq!(
        steps[1].successor[0],
        [0.915_289_16, -0.402_797_37, -0.916_335_5]
    );
}

proptest! {
    #[test]
    fn ranges_hold(seed in any::<u64>()) {
        let mut rng = Seed::new(seed).stream(Purpose::Task, 0, 0, 0);
        let within = |x: f64, [a, b]: [f64; 2]| (a..=b).contains(&x);
        let either = |x, [a, b, c, d]: [f64; 4]| within(x, [a, b]) || within(x, [c, d]);
        let car = MountainCars::REGULAR.sample(&mut rng);
        prop_assert!(within(car.force, [0.0005, 0.005]) && within(car.gravity, [0.001, 0.005]));
        let car = MountainCars::EXTREME.sample(&mut rng);
        prop_assert!(either(car.force, [0.0001, 0.0005, 0.005, 0.01]));
        prop_assert!(either(car.gravity, [0.0005, 0.001, 0.005, 0.01]));
        let acrobot = Acrobots::EXTREME.sample(&mut rng);
        for x in [acrobot.length, acrobot.mass, acrobot.moment_of_inertia] {
            prop_assert!(either(x, [0.5, 0.75, 1.25, 1.5]));
        }
        let pendulum = Pendulums::REGULAR.sample(&mut rng);
        for x in [pendulum.length, pendulum.mass] {
            prop_assert!(within(x, [0.75, 1.25]));
        }
    }
}
