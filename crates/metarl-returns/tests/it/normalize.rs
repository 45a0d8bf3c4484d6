//! Normalized advantages.

use metarl_returns::{Error, normalize};
use proptest::prelude::*;

fn moments(x: &[f64]) -> (f64, f64) {
    let n = x.len() as f64;
    let mean = x.iter().sum::<f64>() / n;
    (mean, x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n)
}

proptest! {
    #[test]
    fn mean_zero_and_variance_one(mut x in prop::collection::vec(-1e3..1e3, 2..40)) {
        prop_assume!(moments(&x).1 > 1e-3);
        normalize(&mut x, 1e-12).unwrap();
        let (mean, variance) = moments(&x);
        prop_assert!(mean.abs() < 1e-9 && (variance - 1.0).abs() < 1e-6, "{mean} {variance}");
    }

    #[test]
    fn order_is_kept(x in prop::collection::vec(-1e3..1e3, 2..40)) {
        let mut normalized = x.clone();
        normalize(&mut normalized, 1e-8).unwrap();
        for i in 1..x.len() {
            prop_assert_eq!(x[i] > x[i - 1], normalized[i] > normalized[i - 1]);
        }
    }
}

#[test]
fn equal_advantages_become_zero() {
    let mut x = [5.0_f32; 4];
    normalize(&mut x, 1e-8).unwrap();
    assert_eq!(x, [0.0; 4]);
    normalize::<f32>(&mut [], 1e-8).unwrap();
}

#[test]
fn epsilon_must_be_positive() {
    for epsilon in [0.0, -1.0, f64::NAN] {
        let refused = normalize(&mut [1.0], epsilon);
        assert!(matches!(
            refused,
            Err(Error::OutOfRange {
                name: "epsilon",
                ..
            })
        ));
    }
}
