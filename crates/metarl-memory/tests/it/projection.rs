//! Random projections.

use metarl_core::{Purpose, Seed};
use metarl_memory::{Error, GaussianProjection};
use proptest::prelude::*;

fn projection(seed: u64, n_inputs: usize, n_features: usize) -> GaussianProjection {
    let mut stream = Seed::new(seed).stream(Purpose::Initialization, 0, 0, 0);
    GaussianProjection::new(n_inputs, n_features, &mut stream).expect("sizes")
}

fn projected(projection: &GaussianProjection, observation: &[f32]) -> Vec<f32> {
    let mut key = vec![f32::NAN; projection.n_features()];
    projection
        .project(observation, &mut key)
        .expect("its sizes");
    key
}

proptest! {
    #[test]
    fn is_linear(
        seed: u64,
        x in prop::array::uniform8(-4.0_f32..4.0),
        y in prop::array::uniform8(-4.0_f32..4.0),
        factor in -3.0_f32..3.0,
    ) {
        let projection = projection(seed, 8, 5);
        let sum: Vec<f32> = x.iter().zip(y).map(|(x, y)| x + factor * y).collect();
        let (of_x, of_y) = (projected(&projection, &x), projected(&projection, &y));
        for ((sum, x), y) in projected(&projection, &sum).iter().zip(of_x).zip(of_y) {
            prop_assert!((sum - (x + factor * y)).abs() < 1e-4);
        }
    }
}

#[test]
fn keeps_squared_lengths_in_the_mean() {
    // One observation, whose length is 5, under 2000 matrices: χ² has deviation √(2/64) each.
    let mut mean = 0.0;
    for seed in 0..2000 {
        let key = projected(&projection(seed, 3, 64), &[0.0, 3.0, -4.0]);
        mean += key.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>() / 25.0 / 2000.0;
    }
    let standard_error = (2.0_f64 / 64.0 / 2000.0).sqrt();
    assert!((mean - 1.0).abs() < 4.0 * standard_error, "{mean}");
}

#[test]
fn the_same_stream_gives_the_same_matrix() {
    assert_eq!(projection(3, 4, 2), projection(3, 4, 2));
    assert_ne!(projection(3, 4, 2), projection(4, 4, 2));
}

#[test]
fn what_does_not_fit_is_refused() {
    let mut stream = Seed::new(0).stream(Purpose::Initialization, 0, 0, 0);
    for (n_inputs, n_features) in [(0, 1), (1, 0), (usize::MAX, 2)] {
        let error = GaussianProjection::new(n_inputs, n_features, &mut stream).unwrap_err();
        assert!(matches!(error, Error::OutOfRange { .. }), "{error}");
    }
    let projection = projection(1, 2, 2);
    let refusals = [
        projection.project(&[1.0], &mut [0.0; 2]).unwrap_err(),
        projection.project(&[1.0, 1.0], &mut [0.0; 3]).unwrap_err(),
        projection
            .project(&[1.0, f32::NAN], &mut [0.0; 2])
            .unwrap_err(),
    ];
    assert_eq!(
        refusals.map(|refusal| refusal.to_string()),
        [
            "observation has 1 numbers, the memory holds 2",
            "key has 3 numbers, the memory holds 2",
            "observation has NaN at 1; every number must be finite",
        ]
    );
}
