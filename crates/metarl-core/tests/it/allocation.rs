//! What collecting allocates: room for one step of every lane, and nothing a step.

use allocation_counter::measure;
use metarl_core::{Rollout, UniformPolicy, collect};

use crate::counting::Episode::{Terminates, Truncates};
use crate::counting::{Counting, SPACE, rngs};

/// Allocations and their bytes when a rollout of so many steps is filled for the second time.
fn allocated(n_steps: usize) -> (u64, u64) {
    let schedules = [vec![Truncates(3)], vec![Terminates(2), Truncates(5)]];
    let n = schedules.len();
    let mut environment = Counting::new(&schedules);
    let mut policy = UniformPolicy(SPACE);
    let mut rngs = rngs(0, n);
    let mut rollout = Rollout::new(n_steps, n, [0.0; 2], 0);
    let mut fill = || {
        collect(&mut environment, &mut policy, &mut rngs, &mut rollout).unwrap();
    };
    fill();
    let of = measure(fill);
    (of.count_total, of.bytes_total)
}

#[test]
fn no_step_of_a_rollout_allocates() {
    assert_eq!(allocated(10), allocated(1000));
}
