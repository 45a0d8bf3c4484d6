//! The same seed gives the same bits.

use metarl_agents::{Error, MatchingConfig, Trainer};
use metarl_core::Seed;

use super::{agent, clusters, conditional, tiny};
use crate::support::{on_threads, through_json};

#[test]
fn the_number_of_threads_changes_no_bit() {
    let trained = |n_threads, config: MatchingConfig| {
        on_threads(n_threads, || {
            let mut agent = agent(config, 1);
            for _ in 0..5 {
                agent.iterate().unwrap();
            }
            let accuracy = agent.evaluate(&clusters(2), 9, Seed::new(4)).unwrap();
            (agent.state().clone(), accuracy)
        })
    };
    for config in [tiny(), conditional()] {
        let one = trained(1, config.clone());
        assert_eq!(one, trained(3, config.clone()));
        assert_ne!(
            one.0.parameters,
            agent(config.clone(), 1).state().parameters
        );
        assert_ne!(one.0.parameters, agent(config, 2).state().parameters);
    }
}

#[test]
fn a_run_that_was_kept_and_resumed_ends_in_the_same_bits() {
    let mut whole = agent(tiny(), 1);
    whole.iterate().unwrap();
    let kept = through_json(whole.state());
    assert_eq!(&kept, whole.state());
    let mut resumed = agent(tiny(), 1);
    resumed.restore(kept).unwrap();
    for _ in 0..2 {
        assert_eq!(resumed.iterate().unwrap(), whole.iterate().unwrap());
    }
    assert_eq!(resumed.state(), whole.state());
}

#[test]
fn a_state_of_another_size_is_refused() {
    let larger = MatchingConfig { width: 6, ..tiny() };
    let larger = agent(larger, 1);
    let mut agent = agent(tiny(), 1);
    let before = agent.state().clone();
    let refused = agent.restore(larger.state().clone());
    assert!(matches!(refused, Err(Error::Differentiation(_))));
    assert_eq!(agent.state(), &before);
}
