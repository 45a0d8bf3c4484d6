//! What collecting allocates: nothing, once a rollout has been filled.

use allocation_counter::measure;
use metarl_core::{Rollout, UniformPolicy, collect, collect_episodes};

use crate::counting::Episode::{Terminates, Truncates};
use crate::counting::{Counting, SPACE, rngs};

#[test]
fn a_rollout_that_is_filled_again_allocates_nothing() {
    let schedules = [vec![Truncates(3)], vec![Terminates(2), Truncates(5)]];
    let n = schedules.len();
    let mut environment = Counting::new(&schedules);
    let mut policy = UniformPolicy(SPACE);
    let mut rngs = rngs(0, n);
    let mut rollout = Rollout::new(100, n, [0.0; 2], 0);
    let mut fill = || {
        collect(&mut environment, &mut policy, &mut rngs, &mut rollout).unwrap();
        let budget = (20, 5);
        collect_episodes(
            &mut environment,
            &mut policy,
            &mut rngs,
            budget,
            &mut rollout,
        )
        .unwrap();
    };
    fill();
    assert_eq!(measure(fill).count_total, 0);
}
