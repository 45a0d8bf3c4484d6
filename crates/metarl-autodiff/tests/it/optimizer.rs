//! First-order steps against loops over single numbers.

use metarl_autodiff::{
    Adam, AdamConfig, Error, Optimizer, RmsProp, RmsPropConfig, Sgd, SgdConfig, clip_norm,
};
use metarl_testkit::gradient::assert_close;
use proptest::prelude::*;

use crate::support::{dot, numbers};

/// Some parameters and the gradients of a few steps.
fn walk() -> impl Strategy<Value = (Vec<f64>, Vec<Vec<f64>>)> {
    (1..4_usize).prop_flat_map(|n| (numbers(n), prop::collection::vec(numbers(n), 1..6)))
}

/// The parameters after a step along each gradient.
fn run(mut optimizer: impl Optimizer<f64>, start: &[f64], gradients: &[Vec<f64>]) -> Vec<f64> {
    let mut theta = start.to_vec();
    for gradient in gradients {
        optimizer
            .step(&mut theta, gradient)
            .expect("lengths are equal");
    }
    theta
}

/// One parameter at a time: `step(t, g)` is the change of the `t`-th step, counted from 1.
fn one_by_one<S: FnMut(i32, f64) -> f64>(
    start: &[f64],
    gradients: &[Vec<f64>],
    rule: impl Fn() -> S,
) -> Vec<f64> {
    let parameters = start.iter().enumerate().map(|(i, start)| {
        let mut step = rule();
        let steps = (1..).zip(gradients).map(|(t, g)| step(t, g[i]));
        start + steps.sum::<f64>()
    });
    parameters.collect()
}

proptest! {
    #[test]
    fn sgd_is_its_equation(
        (theta, gradients) in walk(), learning_rate in 0.001..1.0, momentum in 0.0..0.99,
    ) {
        let config = SgdConfig { learning_rate, momentum };
        let got = run(Sgd::new(config, theta.len()).unwrap(), &theta, &gradients);
        let want = one_by_one(&theta, &gradients, || {
            let mut v = 0.0;
            move |_, g| {
                v = momentum * v + g;
                -learning_rate * v
            }
        });
        assert_close(&got, &want, 1e-12);
    }

    #[test]
    fn adam_is_its_equation(
        (theta, gradients) in walk(), learning_rate in 0.001..1.0,
        beta1 in 0.0..0.99, beta2 in 0.0..0.999, epsilon in 1e-8..1e-2,
    ) {
        let config = AdamConfig { learning_rate, beta1, beta2, epsilon };
        let got = run(Adam::new(config, theta.len()).unwrap(), &theta, &gradients);
        let want = one_by_one(&theta, &gradients, || {
            let (mut m, mut v) = (0.0, 0.0);
            move |t, g| {
                m = beta1 * m + (1.0 - beta1) * g;
                v = beta2 * v + (1.0 - beta2) * g * g;
                let (m, v) = (m / (1.0 - beta1.powi(t)), v / (1.0 - beta2.powi(t)));
                -learning_rate * m / (f64::sqrt(v) + epsilon)
            }
        });
        assert_close(&got, &want, 1e-10);
    }

    #[test]
    fn rms_prop_is_its_equation(
        (theta, gradients) in walk(), learning_rate in 0.001..1.0,
        decay in 0.0..0.99, epsilon in 1e-8..1e-2,
    ) {
        let config = RmsPropConfig { learning_rate, decay, epsilon };
        let got = run(RmsProp::new(config, theta.len()).unwrap(), &theta, &gradients);
        let want = one_by_one(&theta, &gradients, || {
            let mut v = 0.0;
            move |_, g| {
                v = decay * v + (1.0 - decay) * g * g;
                -learning_rate * g / f64::sqrt(v + epsilon)
            }
        });
        assert_close(&got, &want, 1e-10);
    }

    #[test]
    fn clipping_bounds_the_norm_and_keeps_the_direction(
        gradient in (1..5_usize).prop_flat_map(numbers), max_norm in 0.1..3.0,
    ) {
        let mut clipped = gradient.clone();
        let norm = clip_norm(&mut clipped, max_norm);
        assert_close(&[norm], &[dot(&gradient, &gradient).sqrt()], 1e-12);
        let factor = (max_norm / norm).min(1.0);
        let want: Vec<f64> = gradient.iter().map(|g| g * factor).collect();
        assert_close(&clipped, &want, 1e-12);
    }
}

#[test]
fn the_first_step_of_adam_is_the_learning_rate() {
    let mut theta = [1.0, 1.0];
    let mut adam = Adam::new(AdamConfig::default(), 2).unwrap();
    adam.step(&mut theta, &[1e-3, -7.0]).unwrap();
    assert_close(&theta, &[0.999, 1.001], 1e-7);
}

#[test]
fn adam_follows_a_schedule() {
    let mut theta = [1.0];
    let mut adam = Adam::new(AdamConfig::default(), 1).unwrap();
    adam.set_learning_rate(0.5);
    adam.step(&mut theta, &[2.0]).unwrap();
    assert_close(&theta, &[0.5], 1e-7);
}

/// The name and value an error carries.
fn refused<T>(result: Result<T, Error>) -> (&'static str, f64) {
    match result {
        Err(Error::OutOfRange { name, got, .. }) => (name, got),
        Err(other) => panic!("another error: {other}"),
        Ok(_) => panic!("no error"),
    }
}

fn assert_refused<T>(result: Result<T, Error>, name: &str, value: f64) {
    let (named, got) = refused(result);
    assert_eq!((named, got.to_bits()), (name, value.to_bits()));
}

#[test]
fn hyper_parameters_outside_their_range_are_named() {
    for rate in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let sgd = SgdConfig {
            learning_rate: rate,
            ..SgdConfig::default()
        };
        assert_refused(Sgd::<f32>::new(sgd, 1), "learning_rate", rate);
        let adam = AdamConfig {
            learning_rate: rate,
            ..AdamConfig::default()
        };
        assert_refused(Adam::<f32>::new(adam, 1), "learning_rate", rate);
        let rms = RmsPropConfig {
            learning_rate: rate,
            ..RmsPropConfig::default()
        };
        assert_refused(RmsProp::<f32>::new(rms, 1), "learning_rate", rate);
        let adam = AdamConfig {
            epsilon: rate,
            ..AdamConfig::default()
        };
        assert_refused(Adam::<f32>::new(adam, 1), "epsilon", rate);
        let rms = RmsPropConfig {
            epsilon: rate,
            ..RmsPropConfig::default()
        };
        assert_refused(RmsProp::<f32>::new(rms, 1), "epsilon", rate);
    }
    for share in [1.0, -0.1, f64::NAN] {
        let sgd = SgdConfig {
            momentum: share,
            ..SgdConfig::default()
        };
        assert_refused(Sgd::<f32>::new(sgd, 1), "momentum", share);
        let adam = AdamConfig {
            beta1: share,
            ..AdamConfig::default()
        };
        assert_refused(Adam::<f32>::new(adam, 1), "beta1", share);
        let adam = AdamConfig {
            beta2: share,
            ..AdamConfig::default()
        };
        assert_refused(Adam::<f32>::new(adam, 1), "beta2", share);
        let rms = RmsPropConfig {
            decay: share,
            ..RmsPropConfig::default()
        };
        assert_refused(RmsProp::<f32>::new(rms, 1), "decay", share);
    }
}

#[test]
fn wrong_lengths_are_named_and_change_nothing() {
    fn refuses(mut optimizer: impl Optimizer<f64>) {
        let wrong = |name, got| Error::ParameterCount {
            name,
            expected: 2,
            got,
        };
        let mut theta = [1.0, 2.0];
        let error = optimizer.step(&mut theta, &[0.1; 3]).unwrap_err();
        assert_eq!(error, wrong("gradient", 3));
        let error = optimizer.step(&mut theta[..1], &[0.1; 2]).unwrap_err();
        assert_eq!(error, wrong("parameters", 1));
        assert_close(&theta, &[1.0, 2.0], 0.0);
    }
    refuses(Sgd::new(SgdConfig::default(), 2).unwrap());
    refuses(Adam::new(AdamConfig::default(), 2).unwrap());
    refuses(RmsProp::new(RmsPropConfig::default(), 2).unwrap());
}
