//! What an iteration allocates once it has run: bookkeeping for every step, room for every lane, and
//! nothing for every step of every lane.

use allocation_counter::measure;
use metarl_agents::{Core, Rl2Config, Trainer};

use super::{bandit_agent, tiny};
use crate::support::on_threads;

/// Bytes that the third iteration allocates.
fn allocated(core: Core, n_lanes: usize, n_pulls: u32) -> u64 {
    let config = Rl2Config {
        core,
        // So few that every product is one of our own.
        hidden: 4,
        n_lanes,
        lanes_per_shard: n_lanes / 4,
        ..tiny()
    };
    on_threads(1, || {
        let mut agent = bandit_agent::<3>(config, n_pulls, 1);
        for _ in 0..2 {
            agent.iterate().unwrap();
        }
        let iterate = || {
            agent.iterate().unwrap();
        };
        measure(iterate).bytes_total
    })
}

#[test]
fn no_allocation_grows_with_the_number_of_rows() {
    for core in [Core::Gru, Core::Lstm] {
        let of_steps = |n_lanes| allocated(core, n_lanes, 40) - allocated(core, n_lanes, 20);
        assert_eq!(of_steps(64), of_steps(256), "{core:?}");
    }
}
