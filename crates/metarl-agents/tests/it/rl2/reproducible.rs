//! The same seed gives the same bits.

use metarl_agents::{Error, Rl2Config, Trainer};

use super::{bandit_agent, tiny};
use crate::support::{on_threads, through_json};

fn trained(n_threads: usize, n_iterations: usize) -> super::Agent<3> {
    on_threads(n_threads, || {
        let mut agent = bandit_agent(tiny(), 6, 1);
        for _ in 0..n_iterations {
            agent.iterate().unwrap();
        }
        agent
    })
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    let (one, three) = (trained(1, 3), trained(3, 3));
    assert_eq!(one.state(), three.state());
    assert_ne!(one.state().parameters, trained(1, 2).state().parameters);
}

#[test]
fn a_run_that_was_kept_and_resumed_ends_in_the_same_bits() {
    let mut whole = trained(1, 2);
    let kept = through_json(whole.state());
    assert_eq!(&kept, whole.state());
    let mut resumed = bandit_agent::<3>(tiny(), 6, 1);
    resumed.restore(kept).unwrap();
    for _ in 0..2 {
        assert_eq!(resumed.iterate().unwrap(), whole.iterate().unwrap());
    }
    assert_eq!(resumed.state(), whole.state());
}

#[test]
fn another_seed_is_another_run() {
    let [one, other] = [1, 2].map(|seed| bandit_agent::<3>(tiny(), 6, seed));
    assert_ne!(one.state().parameters, other.state().parameters);
}

#[test]
fn a_state_of_another_size_is_refused() {
    let larger = Rl2Config {
        hidden: 6,
        ..tiny()
    };
    let larger = bandit_agent::<3>(larger, 6, 1);
    let mut agent = bandit_agent::<3>(tiny(), 6, 1);
    let before = agent.state().clone();
    let (expected, got) = (before.parameters.len(), larger.state().parameters.len());
    let refused = agent.restore(larger.state().clone());
    let count = metarl_autodiff::Error::ParameterCount {
        name: "the stored state",
        expected,
        got,
    };
    assert_eq!(refused, Err(Error::Differentiation(count)));
    assert_eq!(agent.state(), &before);
    assert_eq!(agent.layout().n_parameters(), expected);
}

#[test]
fn a_state_of_longer_trials_is_refused() {
    let longer = bandit_agent::<3>(tiny(), 7, 1);
    let mut agent = bandit_agent::<3>(tiny(), 6, 1);
    let refused = agent.restore(longer.state().clone()).unwrap_err();
    let message = "n_steps of the stored state must be that of the agent's trials, got 7";
    assert_eq!(refused.to_string(), message);
}
