//! What is refused, and that the message names it.

use metarl_returns::{
    Error, Transitions, VTrace, discounted_returns, gae, lambda_returns, n_step_returns, retrace,
    upgo, v_trace,
};

const SIX: Transitions<'static, f64> = Transitions {
    n_lanes: 2,
    reward: &[0.0; 6],
    next_value: &[0.0; 6],
    terminated: &[false; 6],
    truncated: &[false; 6],
};

const PARAMS: VTrace<f64> = VTrace {
    discount: 0.9,
    lambda: 1.0,
    rho_bar: 1.0,
    c_bar: 1.0,
};

fn mismatch(name: &'static str) -> Result<(), Error> {
    Err(Error::LengthMismatch {
        name,
        expected: 6,
        got: 5,
    })
}

#[test]
fn every_length_is_checked() {
    let mut out = [0.0; 6];
    let short = [false; 5];
    for (transitions, name) in [
        (
            Transitions {
                next_value: &[0.0; 5],
                ..SIX
            },
            "next_value",
        ),
        (
            Transitions {
                terminated: &short,
                ..SIX
            },
            "terminated",
        ),
        (
            Transitions {
                truncated: &short,
                ..SIX
            },
            "truncated",
        ),
    ] {
        assert_eq!(
            discounted_returns(&transitions, 0.9, &mut out),
            mismatch(name)
        );
    }
    let (five, six) = ([0.0; 5], [0.0; 6]);
    let mut few = [0.0; 5];
    assert_eq!(discounted_returns(&SIX, 0.9, &mut few), mismatch("returns"));
    assert_eq!(n_step_returns(&SIX, 0.9, 2, &mut few), mismatch("returns"));
    assert_eq!(
        lambda_returns(&SIX, 0.9, 0.9, &mut few),
        mismatch("returns")
    );
    assert_eq!(upgo(&SIX, 0.9, &mut few), mismatch("returns"));
    assert_eq!(gae(&SIX, &five, 0.9, 0.9, &mut out), mismatch("value"));
    assert_eq!(gae(&SIX, &six, 0.9, 0.9, &mut few), mismatch("advantage"));
    let refuse = |value, ratio, target: &mut [f64], out: &mut [f64], name| {
        assert_eq!(
            v_trace(&SIX, value, ratio, PARAMS, target, out),
            mismatch(name)
        );
    };
    refuse(&five, &six, &mut [0.0; 6], &mut [0.0; 6], "value");
    refuse(
        &six,
        &five,
        &mut [0.0; 6],
        &mut [0.0; 6],
        "importance_ratio",
    );
    refuse(&six, &six, &mut [0.0; 5], &mut [0.0; 6], "value_target");
    refuse(&six, &six, &mut [0.0; 6], &mut [0.0; 5], "advantage");
    assert_eq!(
        retrace(&SIX, &five, &six, 0.9, 0.9, &mut out),
        mismatch("action_value")
    );
    assert_eq!(
        retrace(&SIX, &six, &five, 0.9, 0.9, &mut out),
        mismatch("importance_ratio")
    );
    assert_eq!(
        retrace(&SIX, &six, &six, 0.9, 0.9, &mut few),
        mismatch("target")
    );
}

#[test]
fn rows_must_be_whole() {
    for n_lanes in [0, 4] {
        let ragged = Transitions { n_lanes, ..SIX };
        let refused = discounted_returns(&ragged, 0.9, &mut [0.0; 6]);
        assert_eq!(
            refused,
            Err(Error::Ragged {
                n_entries: 6,
                n_lanes
            })
        );
    }
}

#[test]
fn nothing_is_a_valid_rectangle() {
    for n_lanes in [0, 3] {
        let empty = Transitions::<f32> {
            n_lanes,
            reward: &[],
            next_value: &[],
            terminated: &[],
            truncated: &[],
        };
        assert_eq!(discounted_returns(&empty, 0.9, &mut []), Ok(()));
        assert_eq!(n_step_returns(&empty, 0.9, 3, &mut []), Ok(()));
    }
}

#[test]
fn hyper_parameters_are_checked() {
    let mut out = [0.0; 6];
    let refused =
        |name| move |e: Error| matches!(e, Error::OutOfRange { name: n, .. } if n == name);
    for bad in [-0.1, 1.1, f64::NAN] {
        let discounted = discounted_returns(&SIX, bad, &mut out);
        assert!(discounted.is_err_and(refused("discount")));
        let lambda = lambda_returns(&SIX, 0.9, bad, &mut out);
        assert!(lambda.is_err_and(refused("lambda")));
        assert!(gae(&SIX, &[0.0; 6], bad, 0.9, &mut out).is_err_and(refused("discount")));
        assert!(gae(&SIX, &[0.0; 6], 0.9, bad, &mut out).is_err_and(refused("lambda")));
        assert!(n_step_returns(&SIX, bad, 1, &mut out).is_err_and(refused("discount")));
        assert!(upgo(&SIX, bad, &mut out).is_err_and(refused("discount")));
        let mut with =
            |discount, lambda| retrace(&SIX, &[0.0; 6], &[1.0; 6], discount, lambda, &mut out);
        assert!(with(bad, 0.9).is_err_and(refused("discount")));
        assert!(with(0.9, bad).is_err_and(refused("lambda")));
    }
    assert!(n_step_returns(&SIX, 0.9, 0, &mut out).is_err_and(refused("n")));
    for (params, name) in [
        (
            VTrace {
                discount: 2.0,
                ..PARAMS
            },
            "discount",
        ),
        (
            VTrace {
                lambda: -1.0,
                ..PARAMS
            },
            "lambda",
        ),
        (
            VTrace {
                rho_bar: 0.0,
                ..PARAMS
            },
            "rho_bar",
        ),
        (
            VTrace {
                c_bar: f64::NAN,
                ..PARAMS
            },
            "c_bar",
        ),
    ] {
        let result = v_trace(&SIX, &[0.0; 6], &[1.0; 6], params, &mut out, &mut [0.0; 6]);
        assert!(result.is_err_and(refused(name)));
    }
}

#[test]
fn messages_name_the_culprit() {
    let error = discounted_returns(&SIX, 1.5, &mut [0.0; 6]).unwrap_err();
    assert_eq!(error.to_string(), "discount must be in [0, 1], got 1.5");
    let error = discounted_returns(&SIX, 0.5, &mut [0.0; 2]).unwrap_err();
    assert_eq!(error.to_string(), "returns has 2 entries, reward has 6");
}
