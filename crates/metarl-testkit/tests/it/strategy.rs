//! Drawn rollouts are consistent the way collected ones are.

use metarl_testkit::strategy::steps;
use proptest::prelude::*;

proptest! {
    #[test]
    fn next_value_follows_the_flags(s in steps(1..=12, 1..=4)) {
        let n = s.n_steps * s.n_lanes;
        prop_assert_eq!(s.reward.len(), n);
        for i in 0..n {
            prop_assert!(!(s.terminated[i] && s.truncated[i]));
            if s.terminated[i] {
                prop_assert_eq!(s.next_value[i], 0.0);
            } else if !s.truncated[i] && i + s.n_lanes < n {
                prop_assert_eq!(s.next_value[i], s.value[i + s.n_lanes]);
            }
        }
    }
}
