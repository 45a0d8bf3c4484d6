//! Inputs that do not fit together are refused by name.

use metarl_autodiff::Differentiable;
use metarl_losses::{ClipRange, Error};

use crate::support::{Loss, on_device};

#[track_caller]
fn assert_mismatch(loss: Loss, name: &'static str, reference: &'static str) {
    let want = Error::StepMismatch {
        name,
        reference,
        expected: 3,
        got: 2,
    };
    let loss = on_device(3, loss);
    assert_eq!(loss.value(&[0.0; 3]), Err(want.clone()));
    assert_eq!(loss.gradient(&[0.0; 3]), Err(want.clone()));
    let product = loss.hessian_vector_product(&[0.0; 3], &[1.0; 3]);
    assert_eq!(product, Err(want));
}

#[test]
fn a_step_mismatch_names_the_argument() {
    let short = || vec![0.0; 2];
    let right = || vec![0.0; 3];
    let advantage = ("advantage", "log_prob");
    let behavior = ("behavior_log_prob", "log_prob");
    let range = ClipRange::new(0.2).unwrap();
    for (loss, (name, reference)) in [
        (Loss::PolicyGradient { advantage: short() }, advantage),
        (
            Loss::Surrogate {
                behavior: right(),
                advantage: short(),
            },
            advantage,
        ),
        (
            Loss::Surrogate {
                behavior: short(),
                advantage: right(),
            },
            behavior,
        ),
        (
            Loss::Clipped {
                behavior: right(),
                advantage: short(),
                range,
            },
            advantage,
        ),
        (
            Loss::Clipped {
                behavior: short(),
                advantage: right(),
                range,
            },
            behavior,
        ),
        (Loss::Value { target: short() }, ("value_target", "value")),
        (Loss::Huber { target: short() }, ("value_target", "value")),
    ] {
        assert_mismatch(loss, name, reference);
    }
}

#[test]
fn the_message_says_what_to_mend() {
    let loss = on_device(
        3,
        Loss::PolicyGradient {
            advantage: vec![0.0; 2],
        },
    );
    let error = loss.value(&[0.0; 3]).unwrap_err();
    assert_eq!(error.to_string(), "advantage has 2 steps, log_prob has 3");
}
