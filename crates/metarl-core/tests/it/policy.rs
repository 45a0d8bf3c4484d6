//! [`UniformPolicy`]: uniform, and each lane from its own stream.

use metarl_core::{Continuous, DecisionBatch, Discrete, Error, Policy, Rng, Space, UniformPolicy};
use proptest::prelude::*;

use crate::counting::rngs;

fn actions<S: Space>(space: S, rngs: &mut [Rng]) -> Result<Vec<S::Element>, Error> {
    let n = rngs.len();
    let mut decision = DecisionBatch::new(n, space.zero());
    UniformPolicy(space).act(&vec![(); n], &vec![true; n], rngs, &mut decision)?;
    Ok(decision.action)
}

#[test]
fn every_action_is_as_frequent_as_the_others() {
    let n = 40_000;
    let mut count = [0_u32; 4];

    for action in actions(Discrete::<4>, &mut rngs(1, n)).unwrap() {
        count[action] += 1;
    }

    let deviation = (n as f64 * 0.25 * 0.75).sqrt();
    for count in count {
        let error = f64::from(count) - n as f64 / 4.0;
        assert!(error.abs() < 4.0 * deviation, "{count} of {n}");
    }
}

proptest! {
    #[test]
    fn actions_lie_in_the_space(seed in any::<u64>(), low in -9.0..0.0_f32, width in 0.0..9.0_f32) {
        let space = Continuous::<3> { low, high: low + width };

        for action in actions(space, &mut rngs(seed, 20)).unwrap() {
            prop_assert!(space.contains(&action), "{:?} outside {:?}", action, space);
        }
    }

    #[test]
    fn a_lane_draws_from_its_own_stream(seed in any::<u64>(), n_lanes in 1_usize..6) {
        let space = Continuous::<2>::UNBOUNDED;
        let together = actions(space, &mut rngs(seed, n_lanes)).unwrap();

        for (lane, mut rng) in rngs(seed, n_lanes).into_iter().enumerate() {
            let alone = actions(space, std::slice::from_mut(&mut rng)).unwrap();
            prop_assert_eq!(alone[0], together[lane]);
        }
    }
}

#[test]
fn values_are_zero() {
    let mut value = [7.0; 2];

    UniformPolicy(Discrete::<2>)
        .bootstrap_value(&[(); 2], &[true, false], &mut value)
        .unwrap();

    assert_eq!(value, [0.0; 2]);
}

#[test]
fn disagreeing_lanes_are_named() {
    let act = |n_rngs, n_decisions| {
        UniformPolicy(Discrete::<2>)
            .act(
                &[(); 3],
                &[true; 3],
                &mut rngs(0, n_rngs),
                &mut DecisionBatch::new(n_decisions, 0),
            )
            .map_err(|error| error.to_string())
    };

    assert_eq!(act(3, 3), Ok(()));
    assert_eq!(
        act(2, 3),
        Err("rngs has 2 lanes, the environment has 3".into())
    );
    assert_eq!(
        act(3, 4),
        Err("decision has 4 lanes, the environment has 3".into())
    );
}
