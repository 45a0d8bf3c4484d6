//! Several steps of Adam on one clipped batch.

use dfdx::prelude::Rank0;
use metarl_autodiff::{
    Adam, AdamConfig, Algebra, Buffer, Differentiable, Error as LossError, Mlp, Network, Objective,
    OnDevice,
};
use metarl_losses::{ClipRange, clipped_surrogate};
use metarl_optim::{Error, Proximal};
use metarl_testkit::gradient::assert_close;
use proptest::prelude::*;

use crate::device::{TestDevice, test_device};
use crate::difference::norm;
use crate::policy::{ACTIONS, Batch, Case, INPUTS, cases, distribution, network};

/// PPO's loss on a batch whose actions the policy at `start` took.
#[derive(Debug, Clone)]
struct Clipped {
    network: Mlp<INPUTS, ACTIONS>,
    batch: Batch,
    behavior_log_prob: Vec<f64>,
}

impl Objective<f64, TestDevice> for Clipped {
    type Network = Mlp<INPUTS, ACTIONS>;

    fn network(&self) -> &Self::Network {
        &self.network
    }

    fn loss<A: Algebra<Elem = f64, Device = TestDevice>>(
        &self,
        algebra: &A,
        parameters: <Self::Network as Network>::Bound<A>,
    ) -> Result<A::Of<Rank0>, LossError> {
        let policy = distribution(algebra, &parameters, &self.batch);
        clipped_surrogate(
            algebra,
            policy.log_prob(&self.batch.action),
            &self.behavior_log_prob,
            &self.batch.advantage,
            ClipRange::new(0.2)?,
        )
    }
}

fn clipped(case: &Case) -> OnDevice<Clipped, TestDevice> {
    let log_probs = case.reference().log_probs(&case.parameters, &case.query);
    let taken = log_probs.iter().zip(&case.query.action);
    let objective = Clipped {
        network: network(&case.hidden),
        batch: case.query.clone(),
        behavior_log_prob: taken.map(|(log_probs, a)| log_probs[*a]).collect(),
    };
    OnDevice::new(objective, test_device())
}

fn proximal(n_epochs: usize, learning_rate: f64, max_gradient_norm: f64) -> Proximal {
    Proximal {
        n_epochs,
        adam: AdamConfig {
            learning_rate,
            ..AdamConfig::default()
        },
        max_gradient_norm,
    }
}

/// What the documentation says, as loops: `(θ, loss before the first and the last step)`.
fn by_hand(
    p: &Proximal,
    loss: &OnDevice<Clipped, TestDevice>,
    start: &[f64],
) -> (Vec<f64>, (f64, f64)) {
    let c = p.adam;
    let mut theta = start.to_vec();
    let (mut m, mut v) = (vec![0.0; start.len()], vec![0.0; start.len()]);
    let mut losses = Vec::new();
    for t in 1..=p.n_epochs as i32 {
        let (value, gradient) = loss.gradient(&theta).expect("its own parameters");
        losses.push(value);
        let shrink = (p.max_gradient_norm / norm(&gradient)).min(1.0);
        for i in 0..theta.len() {
            let g = gradient[i] * shrink;
            m[i] = c.beta1 * m[i] + (1.0 - c.beta1) * g;
            v[i] = c.beta2 * v[i] + (1.0 - c.beta2) * g * g;
            let mean = m[i] / (1.0 - c.beta1.powi(t));
            let square = v[i] / (1.0 - c.beta2.powi(t));
            theta[i] -= c.learning_rate * mean / (square.sqrt() + c.epsilon);
        }
    }
    (theta, (losses[0], losses[losses.len() - 1]))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn it_is_adam_on_shortened_gradients(
        case in cases(Just(0)),
        n_epochs in 1..8_usize,
        // Some gradients are shortened, some are not.
        max_gradient_norm in 0.01..2.0,
    ) {
        let loss = clipped(&case);
        let p = proximal(n_epochs, 0.01, max_gradient_norm);
        let mut theta = case.parameters.clone();
        let mut adam = Adam::new(p.adam, theta.len()).unwrap();
        let losses = p.steps(&mut theta, &mut adam, |x| Ok::<_, Error>(loss.gradient(x)?)).unwrap();

        let (want, want_losses) = by_hand(&p, &loss, &case.parameters);
        assert_close(&theta, &want, 1e-9);
        assert_close(&[losses.0, losses.1], &[want_losses.0, want_losses.1], 1e-9);
    }

    /// On policy the surrogate starts at minus the mean advantage, and falls.
    #[test]
    fn it_reduces_the_clipped_surrogate(case in cases(Just(0))) {
        let loss = clipped(&case);
        let (_, slope) = loss.gradient(&case.parameters).unwrap();
        prop_assume!(norm(&slope) > 0.1);
        let p = proximal(5, 0.002, 1.0);
        let mut theta = case.parameters.clone();
        let mut adam = Adam::new(p.adam, theta.len()).unwrap();
        let (first, last) =
            p.steps(&mut theta, &mut adam, |x| Ok::<_, Error>(loss.gradient(x)?)).unwrap();

        let advantage = &case.query.advantage;
        let mean = advantage.iter().sum::<f64>() / advantage.len() as f64;
        assert_close(&[first], &[-mean], 1e-12);
        prop_assert!(last < first);
        prop_assert!(loss.value(&theta).unwrap() < last);
    }
}

#[test]
fn its_memory_goes_on_where_it_was() {
    let slope = |x: &[f64]| Ok::<_, Error>((x[0] * x[0], vec![2.0 * x[0]].into()));
    let run = |split: &[usize]| {
        let mut theta = [1.0];
        let mut adam = Adam::new(AdamConfig::default(), 1).unwrap();
        for n in split {
            proximal(*n, 0.001, 1.0)
                .steps(&mut theta, &mut adam, slope)
                .unwrap();
        }
        theta
    };
    assert_eq!(run(&[6]), run(&[2, 4]));
}

#[test]
fn errors_are_passed_on() {
    let p = Proximal::default();
    let mut adam = Adam::new(p.adam, 1).unwrap();
    let steps = Error::Steps {
        expected: 1,
        got: 2,
    };
    let fails = |_: &[f64]| Err::<(f64, Buffer<f64>), _>(steps.clone());
    assert_eq!(p.steps(&mut [0.0], &mut adam, fails), Err(steps.clone()));

    let short = |_: &[f64]| Ok::<_, Error>((0.0, Buffer::default()));
    let error = p.steps(&mut [0.0], &mut adam, short).unwrap_err();
    assert!(matches!(
        error,
        Error::Loss(LossError::ParameterCount {
            name: "gradient",
            expected: 1,
            got: 0
        })
    ));
}

#[test]
fn validation_names_the_key() {
    let good = Proximal::default();
    assert_eq!(good.validate(), Ok(()));
    let refused = |key: &str, p: Proximal| match p.validate() {
        Err(Error::OutOfRange { name, .. }) => assert_eq!(name, key),
        other => panic!("{key}: {other:?}"),
    };
    refused(
        "n_epochs",
        Proximal {
            n_epochs: 0,
            ..good
        },
    );
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        refused(
            "max_gradient_norm",
            Proximal {
                max_gradient_norm: bad,
                ..good
            },
        );
    }
}
