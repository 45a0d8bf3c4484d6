//! What a caller can get wrong, and what a file may say.

use metarl_autodiff::Error as LossError;
use metarl_optim::{Adaptation, Error, MamlTask, MetaGradient, Proximal, TrustRegion};

use crate::quadratic::Quadratic;

const ORDERS: [MetaGradient; 2] = [MetaGradient::SecondOrder, MetaGradient::FirstOrder];

fn bowl() -> Quadratic {
    Quadratic {
        matrix: vec![vec![1.0, 0.0], vec![0.0, 2.0]],
        center: vec![0.0; 2],
    }
}

fn wrong_length(got: usize) -> impl Fn(&Error) -> bool {
    move |error| matches!(error, Error::Loss(LossError::ParameterCount { expected: 2, got: g, .. }) if *g == got)
}

#[test]
fn a_path_is_differentiated_with_its_own_losses() {
    let path = Adaptation::along(&[1.0, 1.0], &[bowl(), bowl()], 0.1).unwrap();
    for n in [0, 1, 3] {
        let support = vec![bowl(); n];
        for order in ORDERS {
            let want = Err(Error::Steps {
                expected: 2,
                got: n,
            });
            assert_eq!(path.pull_back(&support, &[1.0, 1.0], order), want);
            assert_eq!(path.push_forward(&support, &[1.0, 1.0], order), want);
        }
    }
    let error = path
        .pull_back(&[bowl()], &[1.0, 1.0], ORDERS[0])
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "1 support losses for an adaptation of 2 steps"
    );
}

#[test]
fn vectors_are_as_long_as_the_parameters() {
    for n_steps in 0..2 {
        let support = vec![bowl(); n_steps];
        let path = Adaptation::along(&[1.0, 1.0], &support, 0.1).unwrap();
        for order in ORDERS {
            for vector in [&[1.0][..], &[1.0; 3]] {
                let refused = wrong_length(vector.len());
                assert!(refused(
                    &path.pull_back(&support, vector, order).unwrap_err()
                ));
                assert!(refused(
                    &path.push_forward(&support, vector, order).unwrap_err()
                ));
            }
        }
    }
}

#[test]
fn parameters_are_as_long_as_the_losses_take() {
    for n_steps in 0..2 {
        let task = MamlTask {
            support: vec![bowl(); n_steps],
            query: bowl(),
            inner_lr: 0.1,
        };
        assert!(wrong_length(3)(&task.value(&[1.0; 3]).unwrap_err()));
        for order in ORDERS {
            assert!(wrong_length(1)(&task.gradient(&[1.0], order).unwrap_err()));
        }
    }
}

#[test]
fn a_refused_step_leaves_the_path_as_it_was() {
    let mut path = Adaptation::new(&[1.0, 1.0]);
    for lr in [f64::NAN, f64::INFINITY] {
        let error = path.step(&bowl(), lr).unwrap_err();
        assert!(matches!(
            error,
            Error::OutOfRange {
                name: "inner learning rate",
                ..
            }
        ));
    }
    assert_eq!((path.adapted(), path.n_steps()), ([1.0, 1.0].as_slice(), 0));
}

#[test]
fn files_name_the_orders_and_know_every_key() {
    let order: MetaGradient = serde_json::from_str("\"first-order\"").unwrap();
    assert_eq!(order, MetaGradient::FirstOrder);
    let order = serde_json::to_string(&MetaGradient::SecondOrder).unwrap();
    assert_eq!(order, "\"second-order\"");

    let region: TrustRegion = serde_json::from_str("{\"max_divergence\": 0.02}").unwrap();
    let want = TrustRegion {
        max_divergence: 0.02,
        ..TrustRegion::default()
    };
    assert_eq!(region, want);
    assert!(serde_json::from_str::<TrustRegion>("{\"max_kl\": 0.02}").is_err());
    let proximal: Proximal = serde_json::from_str("{\"adam\": {\"learning_rate\": 0.5}}").unwrap();
    assert_eq!((proximal.n_epochs, proximal.adam.learning_rate), (5, 0.5));
    assert!(serde_json::from_str::<Proximal>("{\"epochs\": 5}").is_err());
}
