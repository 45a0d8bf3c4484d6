//! What an iteration allocates once it has run: what dfdx's tape does in its gradients, and nothing
//! else.

use metarl_agents::{Core, Rl2Config};

use super::{bandit_agent, tiny};
use crate::support::{allocations_of_dfdx, allocations_of_iteration};

/// Asserts that an iteration allocates as much as the tapes of its gradients, with so many operations.
#[track_caller]
fn assert_only_dfdx(core: Core, n_operations: u64) {
    for n_lanes in [16, 64] {
        let config = Rl2Config {
            core,
            // So few that every product is one of our own.
            hidden: 4,
            n_lanes,
            lanes_per_shard: n_lanes / 4,
            ..tiny()
        };
        let n_gradients = (4 * config.n_epochs) as u64;
        let allocated = allocations_of_iteration(bandit_agent::<3>(config, 20, 1));
        let of_dfdx = n_gradients * allocations_of_dfdx(n_operations);
        assert_eq!(
            allocated, of_dfdx,
            "{n_gradients} gradients, {n_lanes} lanes"
        );
    }
}

#[test]
fn a_gated_recurrent_unit() {
    assert_only_dfdx(Core::Gru, 30);
}

#[test]
fn a_long_short_term_memory() {
    assert_only_dfdx(Core::Lstm, 30);
}
