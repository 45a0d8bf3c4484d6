//! The same seed gives the same bits.

use metarl_agents::{Error, MamlConfig, Trainer};

use super::{navigation, ppo, tiny};
use crate::support::{on_threads, through_json};

fn configs() -> [MamlConfig; 2] {
    let proximal = MamlConfig {
        outer: ppo(2, 0.01),
        ..tiny()
    };
    [tiny(), proximal]
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    for config in configs() {
        let trained = |n_threads| {
            let config = config.clone();
            on_threads(n_threads, move || {
                let mut agent = navigation(config, 1);
                for _ in 0..3 {
                    agent.iterate().unwrap();
                }
                agent.state().clone()
            })
        };
        let one = trained(1);
        assert_eq!(one, trained(3));
        let untrained = navigation(config.clone(), 1);
        assert_ne!(one.parameters, untrained.state().parameters);
    }
}

#[test]
fn a_run_that_was_kept_and_resumed_ends_in_the_same_bits() {
    for config in configs() {
        let mut whole = navigation(config.clone(), 1);
        whole.iterate().unwrap();
        let kept = through_json(whole.state());
        assert_eq!(&kept, whole.state());
        let mut resumed = navigation(config, 1);
        resumed.restore(kept).unwrap();
        for _ in 0..2 {
            assert_eq!(resumed.iterate().unwrap(), whole.iterate().unwrap());
        }
        assert_eq!(resumed.state(), whole.state());
    }
}

#[test]
fn a_state_of_another_size_is_refused() {
    let larger = MamlConfig {
        hidden: vec![6],
        ..tiny()
    };
    let larger = navigation(larger, 1);
    let mut agent = navigation(tiny(), 1);
    let before = agent.state().clone();
    let (expected, got) = (before.parameters.len(), larger.state().parameters.len());
    let count = metarl_autodiff::Error::ParameterCount {
        name: "the stored state",
        expected,
        got,
    };
    let refused = agent.restore(larger.state().clone());
    assert_eq!(refused, Err(Error::Differentiation(count)));
    assert_eq!(agent.state(), &before);
    assert_eq!(agent.layout().n_parameters(), expected);
}
