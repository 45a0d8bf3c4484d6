//! Domain randomization: how parameters are distributed, and how ranges widen.

use metarl_core::{Purpose, Rng, Seed, TaskDistribution};
use metarl_envs::{
    AcrobotTask, AutomaticConfig, AutomaticRandomization, Boundary, CartPoleTask,
    GaussianRandomization, Parameterized, PendulumTask, RangeChange, UniformRandomization,
};
use metarl_testkit::conformance::{Violation, check_distribution};
use proptest::prelude::*;

fn stream(seed: u64) -> Rng {
    Seed::new(seed).stream(Purpose::Task, 0, 0, 0)
}

fn config() -> AutomaticConfig {
    AutomaticConfig {
        n_performances: 2,
        step: 0.1,
        ..AutomaticConfig::between(1.0, 9.0)
    }
}

fn moments(values: &[f64]) -> [f64; 2] {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    [
        mean,
        values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n,
    ]
}

#[test]
fn the_usual_task_has_the_usual_parameters() {
    let carts: Vec<f64> = CartPoleTask::PARAMETERS.iter().map(|p| p.default).collect();
    assert_eq!(carts, [10.0, 0.5, 0.1]);
    let usual = CartPoleTask::default();
    assert_eq!([usual.force, usual.length, usual.mass], [10.0, 0.5, 0.1]);
    let names: Vec<&str> = AcrobotTask::PARAMETERS.iter().map(|p| p.name).collect();
    assert_eq!(names, ["length", "mass", "moment_of_inertia"]);
}

#[test]
fn uniform_and_gaussian_parameters_have_the_moments_they_say() {
    let n = 20_000;
    let mut rng = stream(1);
    let uniform = UniformRandomization::<PendulumTask>::new(0.3).unwrap();
    let drawn: Vec<f64> = (0..n).map(|_| uniform.sample(&mut rng).mass).collect();
    let [mean, variance] = moments(&drawn);
    assert!((mean - 1.0).abs() < 0.004, "{mean}");
    assert!((variance - 0.6 * 0.6 / 12.0).abs() < 0.001, "{variance}");
    assert!(drawn.iter().all(|x| (0.7..=1.3).contains(x)));

    let gaussian = GaussianRandomization::<CartPoleTask>::new(0.1).unwrap();
    let drawn: Vec<f64> = (0..n).map(|_| gaussian.sample(&mut rng).force).collect();
    let [mean, variance] = moments(&drawn);
    assert!((mean - 10.0).abs() < 0.03, "{mean}");
    // Cut at three deviations, the variance is 0.9733 of what it would be.
    assert!((variance - 0.9733).abs() < 0.04, "{variance}");
    assert!(drawn.iter().all(|x| (7.0..=13.0).contains(x)));
}

#[test]
fn randomizations_keep_the_contract_of_a_distribution() -> Result<(), Violation> {
    check_distribution(&UniformRandomization::<CartPoleTask>::new(0.5).unwrap(), 20)?;
    check_distribution(&GaussianRandomization::<AcrobotTask>::new(0.2).unwrap(), 20)?;
    let mut automatic = AutomaticRandomization::<PendulumTask>::new(config()).unwrap();
    for parameter in 0..2 {
        for upper in [false, true] {
            for _ in 0..2 {
                automatic
                    .observe(Boundary { parameter, upper }, 10.0)
                    .unwrap();
            }
        }
    }
    check_distribution(&automatic, 20)
}

#[test]
fn an_end_moves_out_after_success_and_in_after_failure() {
    let mut carts = AutomaticRandomization::<CartPoleTask>::new(config()).unwrap();
    assert_eq!(carts.ranges(), [[10.0; 2], [0.5; 2], [0.1; 2]]);
    assert_eq!(carts.entropy(), f64::NEG_INFINITY);
    let force = |upper| Boundary {
        parameter: 0,
        upper,
    };
    // The mean of two decides.
    assert_eq!(carts.observe(force(true), 20.0), Ok(RangeChange::Unchanged));
    assert_eq!(carts.observe(force(true), 0.0), Ok(RangeChange::Widened));
    assert_eq!(carts.ranges()[0], [10.0, 11.0]);
    for _ in 0..2 {
        carts.observe(force(false), 9.0).unwrap();
    }
    assert_eq!(carts.ranges()[0], [9.0, 11.0]);
    // In between, nothing moves; and what was seen before a move is forgotten.
    assert_eq!(carts.observe(force(true), 5.0), Ok(RangeChange::Unchanged));
    assert_eq!(carts.observe(force(true), 5.0), Ok(RangeChange::Unchanged));
    assert_eq!(carts.ranges()[0], [9.0, 11.0]);
    for change in [RangeChange::Narrowed, RangeChange::Unchanged] {
        carts.observe(force(true), 0.0).unwrap();
        assert_eq!(
            carts.observe(force(true), 0.0),
            Ok(change),
            "not beyond the usual value"
        );
    }
    assert_eq!(carts.ranges()[0], [9.0, 10.0]);
    // Lower ends stay above 0.
    for _ in 0..40 {
        carts.observe(force(false), 9.0).unwrap();
    }
    assert_eq!(carts.ranges()[0], [0.1, 10.0]);
    assert_eq!(carts.name(), "cart-pole/automatic-12@1");
    let text = serde_json::to_string(&carts).unwrap();
    let kept: AutomaticRandomization<CartPoleTask> = serde_json::from_str(&text).unwrap();
    assert_eq!(kept, carts);
    assert!(serde_json::from_str::<AutomaticRandomization<AcrobotTask>>(&text).is_err());
    for (good, bad) in [
        ("[0.1,10.0]", "[10.0,0.1]"),
        ("[0.1,10.0],", ""),
        ("0.5", "5e999"),
    ] {
        let bad = text.replacen(good, bad, 1);
        assert_ne!(bad, text);
        assert!(
            serde_json::from_str::<AutomaticRandomization<CartPoleTask>>(&bad).is_err(),
            "{bad}"
        );
    }
}

#[test]
fn entropy_is_the_mean_logarithm_of_relative_widths() {
    let mut pendulums = AutomaticRandomization::<PendulumTask>::new(config()).unwrap();
    for parameter in 0..2 {
        for _ in 0..2 * (1 + parameter) {
            pendulums
                .observe(
                    Boundary {
                        parameter,
                        upper: true,
                    },
                    9.0,
                )
                .unwrap();
        }
    }
    let expected = (0.1_f64.ln() + 0.2_f64.ln()) / 2.0;
    assert!((pendulums.entropy() - expected).abs() < 1e-9);
}

#[test]
fn what_is_not_allowed_is_named_and_changes_nothing() {
    let refused = |config| {
        let error = AutomaticRandomization::<CartPoleTask>::new(config).unwrap_err();
        error.to_string()
    };
    let bad = AutomaticConfig {
        step: 0.0,
        ..config()
    };
    assert_eq!(refused(bad), "step must be in (0, 1), got 0");
    let bad = AutomaticConfig {
        narrow_below: 10.0,
        ..config()
    };
    assert_eq!(
        refused(bad),
        "narrow_below must be at most widen_above, got 10"
    );
    let bad = AutomaticConfig {
        boundary_probability: f64::NAN,
        ..config()
    };
    assert_eq!(
        refused(bad),
        "boundary_probability must be in [0, 1], got NaN"
    );
    let bad = AutomaticConfig {
        n_performances: 0,
        ..config()
    };
    assert_eq!(refused(bad), "n_performances must be at least 1, got 0");
    let bad = AutomaticConfig {
        widen_above: f64::INFINITY,
        ..config()
    };
    assert_eq!(refused(bad), "widen_above must be finite, got inf");

    let mut carts = AutomaticRandomization::<CartPoleTask>::new(config()).unwrap();
    let before = carts.clone();
    let missing = Boundary {
        parameter: 3,
        upper: true,
    };
    assert!(carts.observe(missing, 9.0).is_err());
    assert!(
        carts
            .observe(
                Boundary {
                    parameter: 0,
                    upper: true
                },
                f64::NAN
            )
            .is_err()
    );
    assert_eq!(carts, before);
    assert!(UniformRandomization::<CartPoleTask>::new(1.0).is_err());
    let read = serde_json::from_str::<UniformRandomization<CartPoleTask>>;
    assert!(read(r#"{"spread":0.5}"#).is_ok());
    assert!(read(r#"{"spread":-0.5}"#).is_err());
    let read = serde_json::from_str::<GaussianRandomization<CartPoleTask>>;
    assert!(read(r#"{"deviation":0.5}"#).is_ok());
    assert!(read(r#"{"deviation":2.0}"#).is_err());
    assert!(GaussianRandomization::<CartPoleTask>::new(f64::NAN).is_err());
}

proptest! {
    /// A task at a boundary has its parameter there; the others, and all of other tasks, lie within.
    #[test]
    fn tasks_lie_where_the_ranges_say(seed in any::<u64>(), n_moves in 0_usize..12) {
        let mut rng = stream(seed);
        let mut carts = AutomaticRandomization::<CartPoleTask>::new(config()).unwrap();
        for i in 0..2 * n_moves {
            let at = Boundary { parameter: i % 3, upper: i % 2 == 0 };
            carts.observe(at, 9.0).unwrap();
        }
        for _ in 0..20 {
            let (task, boundary) = carts.draw(&mut rng);
            let values = [task.force, task.length, task.mass];
            for (value, [low, high]) in values.iter().zip(carts.ranges()) {
                prop_assert!(low <= value && value <= high);
            }
            if let Some(at) = boundary {
                let end = carts.ranges()[at.parameter][usize::from(at.upper)];
                prop_assert_eq!(values[at.parameter], end);
            }
        }
    }
}
