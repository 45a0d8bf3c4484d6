//! How elements cross over.

use metarl_core::{Continuous, Discrete, Environment, StepBatch};
use metarl_envs::gymnasium::{Gymnasium, GymnasiumError, GymnasiumSpace, GymnasiumTask, Recipe};
use serde_json::json;

use super::{assign, counter, gymnasium};

/// What `Counter` shows after a step, and its observation space.
fn shown<O: GymnasiumSpace>(shows: &str) -> (O, O::Element) {
    let recipe = counter().with("shows", shows);
    let mut lanes = Gymnasium::<O, Discrete<3>>::new(&recipe, 1).unwrap();
    assign(&mut lanes, &GymnasiumTask::default());
    let space = lanes.observation_space();
    let mut step = StepBatch::new(1, space.zero());
    lanes.reset(&mut step.observation).unwrap();
    lanes.step(&[2], &mut step).unwrap();
    assert!(space.contains(&step.observation[0]));
    (space, step.observation[0])
}

#[test]
fn boxes_of_every_type_are_vectors() {
    if !gymnasium() {
        return;
    }
    let bounds = [
        ("float32", -2000.0, 2000.0),
        ("float64", -6e4, 1e5),
        ("uint8", 0.0, 255.0),
        ("int16", -300.0, 300.0),
        ("indices", 0.0, 599.0),
    ];
    for (shows, low, high) in bounds {
        let (space, seen) = shown::<Continuous<6>>(shows);
        assert_eq!(space, Continuous { low, high }, "{shows}");
        // Row by row, though the array lies in memory column by column.
        let [opening, rest @ ..] = seen;
        assert!((1.0..100.0).contains(&opening), "{shows}");
        assert_eq!(rest, [1.0, 7.0, 0.0, 1.0, 0.0], "{shows}");
    }
    let (space, seen) = shown::<Continuous<6>>("bits");
    let (low, high) = (0.0, 1.0);
    assert_eq!(
        (space, seen),
        (Continuous { low, high }, [1.0, 0.0, 1.0, 0.0, 0.0, 1.0])
    );
}

#[test]
fn indices_count_from_their_start() {
    if gymnasium() {
        assert_eq!(shown::<Discrete<600>>("index").1, 1);
    }
}

type Mover = Gymnasium<Continuous<5>, Continuous<4>>;

fn mover() -> Recipe {
    Recipe::new("bridge_environments:Mover-v0")
}

#[test]
fn actions_have_the_shape_and_type_of_their_box() {
    if !gymnasium() {
        return;
    }
    for (dtype, size) in [("float32", 4.0), ("float64", 8.0), ("int64", 8.0)] {
        let mut lanes = Mover::new(&mover().with("dtype", dtype), 1).unwrap();
        assign(&mut lanes, &GymnasiumTask::default());
        let mut step = StepBatch::new(1, [0.0; 5]);
        lanes.reset(&mut step.observation).unwrap();
        lanes.step(&[[-1.0, 0.0, 1.0, 0.0]], &mut step).unwrap();
        assert_eq!(step.observation, [[-1.0, 0.0, 1.0, 0.0, size]], "{dtype}");
    }
}

#[test]
fn bounds_of_actions_are_carried_over_inward() {
    if !gymnasium() {
        return;
    }
    let space = |low: f64, high: f64| {
        let recipe = mover()
            .with("dtype", "float64")
            .with("low", low)
            .with("high", high);
        let space = Mover::new(&recipe, 1).unwrap().action_space();
        (space.low, space.high)
    };
    assert_eq!(space(-2.0, 0.5), (-2.0, 0.5));
    // 0.1 lies below its nearest single-precision number, −0.1 above.
    assert!(f64::from(0.1_f32) > 0.1);
    assert_eq!(
        space(-0.1, 0.1),
        (-(0.1_f32.next_down()), 0.1_f32.next_down())
    );
    assert_eq!(
        space(-1e300, f64::from(f32::MAX)),
        (f32::NEG_INFINITY, f32::INFINITY)
    );
}

#[test]
fn uneven_bounds_of_actions_want_a_wrapper() {
    if !gymnasium() {
        return;
    }
    let uneven = mover()
        .with("shape", json!([4]))
        .with("high", json!([1, 1, 1, 2]));
    let refused = Mover::new(&uneven, 1).unwrap_err();
    assert!(matches!(
        &refused,
        GymnasiumError::Space { role: "action", .. }
    ));
    assert!(refused.to_string().contains("RescaleAction"), "{refused}");

    let serde_json::Value::Object(unit) = json!({"min_action": -1.0, "max_action": 1.0}) else {
        unreachable!("braces are an object")
    };
    let mut lanes = Mover::new(&uneven.wrap("RescaleAction", unit), 1).unwrap();
    let (low, high) = (-1.0, 1.0);
    assert_eq!(lanes.action_space(), Continuous { low, high });
    assign(&mut lanes, &GymnasiumTask::default());
    let mut step = StepBatch::new(1, [0.0; 5]);
    lanes.reset(&mut step.observation).unwrap();
    lanes.step(&[[1.0, 0.0, -1.0, 1.0]], &mut step).unwrap();
    // Gymnasium rescales in single precision.
    let close = step.observation[0].iter().zip([1.0, 0.0, -1.0, 2.0, 4.0]);
    assert!(
        close.into_iter().all(|(x, y)| (x - y).abs() < 1e-6),
        "{step:?}"
    );
}

#[test]
fn spaces_that_do_not_fit_are_named_in_both_languages() {
    if !gymnasium() {
        return;
    }
    fn refused<O: GymnasiumSpace, A: GymnasiumSpace>(recipe: &Recipe) -> String {
        Gymnasium::<O, A>::new(recipe, 1).unwrap_err().to_string()
    }
    type Pair = Discrete<2>;
    let pole = Recipe::new("CartPole-v1");
    let found = [
        refused::<Continuous<3>, Pair>(&pole),
        refused::<Continuous<4>, Discrete<5>>(&pole),
        refused::<Discrete<4>, Pair>(&pole),
        refused::<Continuous<4>, Continuous<2>>(&pole),
        refused::<Continuous<6>, Discrete<3>>(&counter().with("shows", "text")),
    ];
    let expected = [
        [
            "the observation space is Box",
            "of 4 numbers, not Continuous<3>",
        ],
        ["the action space is Discrete(2)", "not Discrete<5>"],
        ["the observation space is Box", "as Discrete<4> needs"],
        ["the action space is Discrete(2)", "as Continuous<2> needs"],
        ["the observation space is Text", "FlattenObservation"],
    ];
    for (found, parts) in found.iter().zip(expected) {
        assert!(parts.iter().all(|part| found.contains(part)), "{found}");
    }
}
