//! CartPole: the equations, the rules, the ranges, the contract.

use metarl_core::{Environment, Error, Purpose, Rng, Seed, Split, StepBatch, TaskDistribution};
use metarl_envs::{CartPole, CartPoleTask, CartPoles};
use metarl_testkit::conformance::{self, check_distribution};
use metarl_testkit::gradient::assert_close;
use proptest::prelude::*;

fn stream(lane: u64) -> Rng {
    Seed::new(7).stream(Purpose::Environment, 0, lane, 0)
}

/// The next state in double precision, from the two equations of motion solved for the
/// accelerations by Cramer's rule:
///
/// ```text
/// (M + m) ẍ + m l cos θ θ̈ = F + m l θ̇² sin θ
/// m l cos θ ẍ + 4/3 m l² θ̈ = m g l sin θ
/// ```
fn reference(task: &CartPoleTask, [x, v, angle, spin]: [f64; 4], action: usize) -> [f64; 4] {
    let [force, l, m] = [task.force, task.length, task.mass];
    let push = if action == 1 { force } else { -force };
    let (a, b, d) = (1.0 + m, m * l * angle.cos(), 4.0 / 3.0 * m * l * l);
    let (p, q) = (
        push + m * l * spin * spin * angle.sin(),
        m * 9.8 * l * angle.sin(),
    );
    let determinant = a * d - b * b;
    let (acceleration, spin_rate) = ((p * d - b * q) / determinant, (a * q - b * p) / determinant);
    [
        x + 0.02 * v,
        v + 0.02 * acceleration,
        angle + 0.02 * spin,
        spin + 0.02 * spin_rate,
    ]
}

const HEAVY: CartPoleTask = CartPoleTask {
    force: 17.0,
    length: 0.8,
    mass: 0.6,
};

/// States printed by Gymnasium 1.4.0's `CartPole-v1`, with `force_mag`, `length` and `masspole` set
/// to those of the task.
#[test]
fn the_reference_is_gymnasium() {
    let actions = [1, 0, 0, 1];
    for (task, want) in [
        (
            CartPoleTask::default(),
            [
                0.008_349_148_515_064_714,
                -0.021_626_799_199_488_206,
                0.034_320_397_067_156_44,
                0.075_911_698_947_444_1,
            ],
        ),
        (
            HEAVY,
            [
                0.008_127_814_589_121_781,
                -0.028_722_040_831_884_62,
                0.034_108_752_018_663_47,
                0.069_181_875_673_926_42,
            ],
        ),
    ] {
        let mut state = [0.01, -0.02, 0.03, 0.04];
        for action in actions {
            state = reference(&task, state, action);
        }
        assert_close(&state, &want, 1e-12);
    }
}

fn run_one(
    task: &CartPoleTask,
    n_steps: usize,
    policy: impl Fn([f32; 4], usize) -> usize,
) -> Vec<StepBatch<[f32; 4]>> {
    let mut environment = CartPole::new(1);
    environment.assign(0, task, stream(0)).unwrap();
    let mut step = StepBatch::new(1, [0.0; 4]);
    environment.reset(&mut step.observation).unwrap();
    let mut steps = vec![step.clone()];
    for t in 0..n_steps {
        let action = policy(step.observation[0], t);
        environment.step(&[action], &mut step).unwrap();
        steps.push(step.clone());
    }
    steps
}

/// Keeps the pole of the usual cart upright.
fn balance([x, v, angle, spin]: [f32; 4]) -> usize {
    usize::from(0.05 * x + 0.1 * v + angle + 0.3 * spin > 0.0)
}

#[test]
fn a_balanced_pole_is_truncated_after_500_steps() {
    let steps = run_one(&CartPoleTask::default(), 1001, |state, _| balance(state));
    for (t, step) in steps.iter().enumerate().skip(1) {
        assert_eq!(step.truncated[0], t == 500 || t == 1000, "step {t}");
        assert!(!step.terminated[0], "step {t}");
        assert_eq!(step.reward[0].to_bits(), 1.0_f32.to_bits());
    }
    let (last, next) = (steps[500].successor[0], steps[500].observation[0]);
    assert!(last != next && next.iter().all(|x| x.abs() <= 0.05));
}

#[test]
fn a_pole_pushed_one_way_falls_at_12_degrees() {
    let steps = run_one(&CartPoleTask::default(), 40, |_, _| 1);
    let end = steps.iter().position(|step| step.terminated[0]).unwrap();
    let [before, after] = [end - 1, end].map(|t| steps[t].successor[0][2].abs().to_degrees());
    assert!(before <= 12.0 && 12.0 < after, "{before}, {after}");
    assert!((8..=12).contains(&end), "{end}");
    let reset = steps[end].observation[0];
    assert!(reset.iter().all(|x| x.abs() <= 0.05), "{reset:?}");
}

#[test]
fn a_cart_that_runs_away_is_stopped_at_2_4_meters() {
    // Leaning a little to the right, the pole stays up while the cart chases it.
    let chase = |[_, _, angle, spin]: [f32; 4], _| usize::from(angle + 0.3 * spin > 0.08);
    let steps = run_one(&CartPoleTask::default(), 400, chase);
    let end = steps.iter().position(|step| step.terminated[0]).unwrap();
    let reached = steps[end].successor[0];
    assert!(
        reached[0] > 2.4 && steps[end - 1].successor[0][0] <= 2.4,
        "{reached:?}"
    );
    assert!(reached[2].abs().to_degrees() < 12.0);
}

#[test]
fn carts_keep_the_contract_of_an_environment() -> Result<(), conformance::Violation> {
    let tasks = [
        CartPoleTask::default(),
        HEAVY,
        CartPoles::EXTREME.frozen(Split::Train, 0),
    ];
    conformance::check(CartPole::new, &tasks, Seed::new(1), 150)?;
    check_distribution(&CartPoles::DEFAULT, 20)?;
    check_distribution(&CartPoles::REGULAR, 20)?;
    check_distribution(&CartPoles::EXTREME, 20)
}

#[test]
fn invalid_tasks_and_actions_are_refused() {
    let mut environment = CartPole::new(1);
    let mut step = StepBatch::new(1, [0.0; 4]);
    assert!(matches!(
        environment.reset(&mut [[0.0; 4]]),
        Err(Error::Environment(_))
    ));
    assert!(matches!(
        environment.step(&[0], &mut step),
        Err(Error::Environment(_))
    ));
    let usual = CartPoleTask::default();
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        for (task, parameter) in [
            (
                CartPoleTask {
                    force: bad,
                    ..usual
                },
                "force",
            ),
            (
                CartPoleTask {
                    length: bad,
                    ..usual
                },
                "length",
            ),
            (CartPoleTask { mass: bad, ..usual }, "mass"),
        ] {
            let refused = environment.assign(0, &task, stream(0));
            assert!(matches!(refused, Err(Error::OutOfRange { name, .. }) if name == parameter));
        }
    }
    environment.assign(0, &usual, stream(0)).unwrap();
    environment.reset(&mut step.observation).unwrap();
    let refused = environment.step(&[2], &mut step).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "cart-pole, lane 0, step 0: action 2 is outside the action space 0 … 1"
    );
}

#[test]
fn a_misspelled_task_is_refused() {
    let read = serde_json::from_str::<CartPoleTask>;
    let written = r#"{"force":10.0,"length":0.5,"mass":0.1}"#;
    assert_eq!(read(written).unwrap(), CartPoleTask::default());
    assert!(read(r#"{"force":10.0,"length":0.5,"mass":0.1,"wind":1.0}"#).is_err());
    assert!(read(r#"{"force":10.0,"length":0.5}"#).is_err());
}

#[test]
fn value_stability() {
    let steps = run_one(&CartPoleTask::default(), 0, |_, _| 0);
    assert_eq!(
        steps[0].observation[0],
        [
            -0.005_295_157_4,
            -0.027_552_241,
            0.029_181_387,
            -0.035_329_353
        ]
    );
    let regular = CartPoleTask {
        force: 11.294_933_317_825_1,
        length: 0.499_342_622_421_155_8,
        mass: 0.407_622_208_093_237_3,
    };
    let extreme = CartPoleTask {
        force: 16.665_439_986_042_59,
        length: 0.774_408_360_179_040_2,
        mass: 0.889_146_649_711_884_7,
    };
    assert_eq!(CartPoles::REGULAR.frozen(Split::Test, 1), regular);
    assert_eq!(CartPoles::EXTREME.frozen(Split::Test, 1), extreme);
}

fn task() -> impl Strategy<Value = CartPoleTask> {
    (1.0..20.0, 0.05..1.0, 0.01..1.0).prop_map(|(force, length, mass)| CartPoleTask {
        force,
        length,
        mass,
    })
}

proptest! {
    #[test]
    fn every_step_is_the_reference(
        task in task(),
        actions in prop::collection::vec(0_usize..2, 60),
    ) {
        let steps = run_one(&task, actions.len(), |_, t| actions[t]);
        for (t, action) in actions.iter().enumerate() {
            let want = reference(&task, steps[t].observation[0].map(f64::from), *action);
            let got = steps[t + 1].successor[0].map(f64::from);
            assert_close(&got, &want, 1e-5);
            let fallen = got[0].abs() > 2.4 || got[2].abs() > 12_f64.to_radians();
            prop_assert_eq!(steps[t + 1].terminated[0], fallen);
        }
    }

    #[test]
    fn ranges_hold(seed in any::<u64>()) {
        let mut rng = Seed::new(seed).stream(Purpose::Task, 0, 0, 0);
        let task = CartPoles::REGULAR.sample(&mut rng);
        prop_assert!((5.0..=15.0).contains(&task.force));
        prop_assert!((0.25..=0.75).contains(&task.length));
        prop_assert!((0.05..=0.5).contains(&task.mass));
        let task = CartPoles::EXTREME.sample(&mut rng);
        let either = |x: f64, [a, b, c, d]: [f64; 4]| (a..=b).contains(&x) || (c..=d).contains(&x);
        prop_assert!(either(task.force, [1.0, 5.0, 15.0, 20.0]), "{task:?}");
        prop_assert!(either(task.length, [0.05, 0.25, 0.75, 1.0]), "{task:?}");
        prop_assert!(either(task.mass, [0.01, 0.05, 0.5, 1.0]), "{task:?}");
    }
}

/// The two intervals are met in proportion to their lengths: 4 to 5 for the force.
#[test]
fn extreme_forces_are_uniform_on_both_intervals() {
    let n = 4000;
    let strong = (0..n).filter(|i| CartPoles::EXTREME.frozen(Split::Train, *i).force >= 15.0);
    let share = strong.count() as f64 / n as f64;
    // Three standard errors of a share of 5/9 are 0.024.
    assert!((share - 5.0 / 9.0).abs() < 0.024, "{share}");
}
