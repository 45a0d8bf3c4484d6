//! [`evaluate`] and [`Returns`].

use metarl_core::{Error, Returns, UniformPolicy, evaluate};
use proptest::prelude::*;

use crate::counting::Episode::{Terminates, Truncates};
use crate::counting::{Counting, Episode, Fault, Place, Remembering, SPACE, rngs};

/// Returns when action 0 is always taken.
fn returns_of(schedules: &[Vec<Episode>], max_steps: usize) -> Result<Vec<f64>, Error> {
    let n = schedules.len();
    let mut always_0 = UniformPolicy(metarl_core::Discrete::<1>);
    evaluate(
        &mut Counting::new(schedules),
        &mut always_0,
        &mut rngs(0, n),
        max_steps,
    )
}

#[test]
fn a_lane_that_ends_early_waits() {
    let schedules = [
        vec![Terminates(1)],
        vec![Truncates(2)],
        vec![Terminates(4), Terminates(1)],
    ];

    assert_eq!(returns_of(&schedules, 4), Ok(vec![1.0, 3.0, 10.0]));
}

#[test]
fn an_episode_that_does_not_end_is_an_error() {
    assert_eq!(
        returns_of(&[vec![Terminates(1)], vec![Truncates(5)]], 4)
            .unwrap_err()
            .to_string(),
        "max_steps must be enough for every lane's episode to end, got 4"
    );
}

#[test]
fn a_policy_with_a_memory_is_told_where_episodes_begin() {
    let mut policy = Remembering::new(2);

    evaluate(
        &mut Counting::new(&[vec![Terminates(2)], vec![Truncates(5)]]),
        &mut policy,
        &mut rngs(0, 2),
        5,
    )
    .unwrap();

    assert_eq!(policy.seen, [1, 5]);
}

#[test]
fn a_reward_that_is_not_finite_is_named() {
    let mut environment = Counting::new(&[vec![Terminates(3)], vec![Terminates(3)]]);
    environment.fault = Some(Fault {
        place: Place::Reward,
        step: 2,
        lane: 1,
        value: f32::NEG_INFINITY,
    });

    let result = evaluate(
        &mut environment,
        &mut UniformPolicy(SPACE),
        &mut rngs(0, 2),
        3,
    );

    assert_eq!(
        result,
        Err(Error::NonFinite {
            step: 2,
            lane: 1,
            value: f32::NEG_INFINITY
        })
    );
}

#[test]
fn a_stream_is_needed_for_each_lane() {
    let result = evaluate(
        &mut Counting::new(&[vec![Terminates(1)]]),
        &mut UniformPolicy(SPACE),
        &mut rngs(0, 2),
        1,
    );

    assert_eq!(
        result.unwrap_err().to_string(),
        "rngs has 2 lanes, the environment has 1"
    );
}

#[test]
fn few_returns_have_no_spread() {
    let of = |returns: &[f64]| {
        let returns = Returns::of(returns);
        (returns.mean, returns.standard_error, returns.n_episodes)
    };

    assert_eq!(of(&[]), (0.0, 0.0, 0));
    assert_eq!(of(&[-2.5]), (-2.5, 0.0, 1));
    assert_eq!(of(&[2.0, 4.0, 4.0, 6.0]), (4.0, (2.0_f64 / 3.0).sqrt(), 4));
}

proptest! {
    /// `s²/n` from the squares of all differences: `Σᵢⱼ (xᵢ − xⱼ)² = 2 n² · (n − 1)/n · s²`.
    #[test]
    fn the_standard_error_is_that_of_all_pairs(
        returns in prop::collection::vec(-100.0..100.0_f64, 2..20),
    ) {
        let n = returns.len() as f64;
        let pairs: f64 = returns
            .iter()
            .flat_map(|x| returns.iter().map(move |y| (x - y).powi(2)))
            .sum();

        let got = Returns::of(&returns);

        let expected = (pairs / (2.0 * n * n * (n - 1.0))).sqrt();
        prop_assert!((got.standard_error - expected).abs() <= 1e-9 * (1.0 + expected));
        prop_assert!((got.mean * n - returns.iter().sum::<f64>()).abs() < 1e-9 * n);
    }
}
