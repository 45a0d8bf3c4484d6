//! Lanes that are stepped together, by whatever instructions the machine has, give the bits of lanes
//! stepped one by one.

use metarl_core::{Environment, Process, Purpose, Seed, Space, StepBatch, TaskDistribution};
use metarl_envs::{
    AcrobotPhysics, Acrobots, CartPolePhysics, CartPoles, ClassicControl, ClassicLanes,
    ContinuousMountainCarPhysics, ContinuousMountainCars, MountainCarPhysics, MountainCars,
    PendulumPhysics, Pendulums, Physics, Real,
};

/// More than a vector register or a word of bits holds, and not a multiple of either.
const N_LANES: usize = 101;

fn together_as_one_by_one<P, T>(tasks: &T)
where
    P: Physics<Real = f32, State: PartialEq>,
    T: TaskDistribution<Task = P::Task>,
{
    let process = ClassicControl::<P>::default();
    let mut lanes = ClassicLanes::<P>::new(N_LANES);
    let stream = |lane, purpose| Seed::new(3).stream(purpose, lane as u64, 0, 0);
    let mut alone: Vec<_> = (0..N_LANES)
        .map(|lane| {
            let task = tasks.sample(&mut stream(lane, Purpose::Task));
            let mut rng = stream(lane, Purpose::Environment);
            lanes
                .assign(lane, &task, stream(lane, Purpose::Environment))
                .unwrap();
            let model = process.model(&task).unwrap();
            let state = process.start(&model, &mut rng);
            (model, state, rng, 0)
        })
        .collect();
    let mut step = StepBatch::new(N_LANES, P::observation_space().zero());
    lanes.reset(&mut step.observation).unwrap();
    let mut rng = stream(0, Purpose::Policy);
    for _ in 0..600 {
        let action: Vec<_> = (0..N_LANES)
            .map(|_| P::action_space().sample(&mut rng))
            .collect();
        lanes.step(&action, &mut step).unwrap();
        for (lane, (model, state, rng, n_steps)) in alone.iter_mut().enumerate() {
            let outcome = process.advance(model, state, &action[lane], rng);
            assert_eq!(
                bits(&step.successor[lane]),
                bits(&process.observe(model, state))
            );
            assert_eq!(step.reward[lane].to_bits(), outcome.reward.to_bits());
            assert_eq!(step.terminated[lane], outcome.terminated);
            *n_steps += 1;
            let is_over = *n_steps == P::MAX_STEPS && !outcome.terminated;
            assert_eq!(step.truncated[lane], is_over);
            if step.ended(lane) {
                process.restart(model, state, rng);
                *n_steps = 0;
            }
            assert_eq!(step.observation[lane], process.observe(model, state));
        }
    }

    fn bits<O: std::fmt::Debug>(observation: &O) -> String {
        // The shortest digits that tell a number from its neighbors, and the sign of a zero.
        format!("{observation:?}")
    }
}

#[test]
fn cart_pole() {
    together_as_one_by_one::<CartPolePhysics<f32>, _>(&CartPoles::EXTREME);
}

#[test]
fn mountain_car() {
    together_as_one_by_one::<MountainCarPhysics<f32>, _>(&MountainCars::EXTREME);
}

#[test]
fn continuous_mountain_car() {
    together_as_one_by_one::<ContinuousMountainCarPhysics<f32>, _>(
        &ContinuousMountainCars::EXTREME,
    );
}

#[test]
fn pendulum() {
    together_as_one_by_one::<PendulumPhysics<f32>, _>(&Pendulums::EXTREME);
}

#[test]
fn acrobot() {
    together_as_one_by_one::<AcrobotPhysics<f32>, _>(&Acrobots::EXTREME);
}

/// Every 97th number up to 1000, both signs, against double precision.
#[test]
fn sines_and_cosines_are_within_their_stated_error() {
    let all = (0..=1000.0_f32.to_bits()).step_by(97).map(f32::from_bits);
    let error = all.flat_map(|x| [x, -x]).map(|x| {
        let (sin, cos) = x.sine_cosine();
        let x = f64::from(x);
        let off = |got: f32, want: f64| (f64::from(got) - want).abs();
        off(sin, x.sin()).max(off(cos, x.cos()))
    });
    let largest = error.fold(0.0, f64::max);
    assert!(largest < 8e-8, "{largest:e}");
}

#[test]
fn angles_are_wrapped_by_whole_turns() {
    for k in -40..=40_i16 {
        let angle = f32::from(k) * 0.5;
        let [fast, exact] = [f64::from(angle.wrap()), f64::from(angle).wrap()];
        let apart = (fast - exact).abs();
        // π and −π are one angle.
        assert!(apart < 5e-6 || (apart - std::f64::consts::TAU).abs() < 5e-6);
        assert!(fast.abs() <= std::f64::consts::PI + 1e-6, "{angle}: {fast}");
    }
}
