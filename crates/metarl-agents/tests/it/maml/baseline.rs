//! The linear baseline.

use metarl_agents::LinearBaseline;
use proptest::collection::vec;
use proptest::prelude::*;

use super::reference::{features, regress};

/// Twice, for what the first one leaves must not matter.
fn fit<const O: usize>(
    observation: &[[f32; O]],
    time: &[usize],
    returns: &[f64],
) -> LinearBaseline {
    let mut baseline = LinearBaseline::default();
    baseline.fit(&[[0.3; O], [-0.9; O]], &[2, 7], &[f64::INFINITY, 5.0]);
    baseline.fit(observation, time, returns);
    baseline
}

fn rows() -> impl Strategy<Value = Vec<([f32; 2], usize, f64)>> {
    let row = (
        prop::array::uniform2(-2.0_f32..2.0),
        0_usize..100,
        -10.0..10.0,
    );
    vec(row, 1..60)
}

fn unzip(rows: &[([f32; 2], usize, f64)]) -> (Vec<[f32; 2]>, Vec<usize>, Vec<f64>) {
    let observation = rows.iter().map(|row| row.0).collect();
    let time = rows.iter().map(|row| row.1).collect();
    (observation, time, rows.iter().map(|row| row.2).collect())
}

proptest! {
    #[test]
    fn it_solves_the_normal_equations(rows in rows()) {
        let (observation, time, returns) = unzip(&rows);
        let baseline = fit(&observation, &time, &returns);
        let wide = observation.iter().map(|o| o.map(f64::from));
        let phi: Vec<_> = wide.zip(&time).map(|(o, t)| features((&o, t))).collect();
        let weights = regress(&phi, &returns, 1e-5);
        for ((o, t), phi) in observation.iter().zip(&time).zip(&phi) {
            let expected: f64 = phi.iter().zip(&weights).map(|(x, w)| x * w).sum();
            prop_assert!((baseline.value(o, *t) - expected).abs() < 1e-5);
        }
    }

    #[test]
    fn it_recovers_returns_that_are_linear_in_its_features(
        rows in vec((prop::array::uniform2(-2.0_f32..2.0), 0_usize..100), 50..80),
        weights in vec(-3.0..3.0_f64, 8),
        unseen in (prop::array::uniform2(-1.0_f32..1.0), 20_usize..80),
    ) {
        let exact = |o: &[f32; 2], t: &usize| {
            let phi = features((&o.map(f64::from), t));
            phi.iter().zip(&weights).map(|(x, w)| x * w).sum::<f64>()
        };
        let (observation, time): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
        let returns: Vec<f64> = observation.iter().zip(&time).map(|(o, t)| exact(o, t)).collect();
        let baseline = fit(&observation, &time, &returns);
        let (o, t) = unseen;
        // The ridge of 1e-5 costs a little where features are nearly dependent.
        let error = (baseline.value(&o, t) - exact(&o, &t)).abs();
        prop_assert!(error < 0.02, "{error}");
    }
}

#[test]
fn features_that_cannot_be_told_apart_share_what_they_explain() {
    // One observation at one time, again and again: of rank one.
    let (observation, time) = ([[0.5_f32, -0.25]; 20], [3_usize; 20]);
    let baseline = fit(&observation, &time, &[4.0; 20]);
    assert!((baseline.value(&[0.5, -0.25], 3) - 4.0).abs() < 1e-4);
}

#[test]
fn huge_features_are_still_fitted() {
    let observation: Vec<[f32; 2]> = (0..30).map(|i| [1e9 * i as f32, 1.0]).collect();
    let time: Vec<usize> = (0..30).collect();
    let baseline = fit(&observation, &time, &[2.0; 30]);
    let error = (baseline.value(&observation[20], 20) - 2.0).abs();
    assert!(error < 0.5, "{error}");
}

#[test]
fn what_has_no_regression_predicts_nothing() {
    for bad in [f64::NAN, f64::INFINITY] {
        let baseline = fit(&[[0.5, 1.0]], &[0], &[bad]);
        assert_eq!(baseline.value(&[0.5, 1.0], 0), 0.0);
    }
    let baseline = fit(&[[f32::NAN, 1.0]], &[0], &[1.0]);
    assert_eq!(baseline.value(&[0.5, 1.0], 0), 0.0);
    let baseline = fit::<2>(&[], &[], &[]);
    assert_eq!(baseline.value(&[0.5, 1.0], 0), 0.0);
}
