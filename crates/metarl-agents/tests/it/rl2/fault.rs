//! Environments that give NaN, and training that diverges.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use metarl_agents::{Error, Rl2, Rl2Config, Trainer};
use metarl_core::Seed;
use metarl_envs::{CartPole, CartPoles};

use super::{bandit_agent, tiny};
use crate::device::test_device;
use crate::support::{Fault, Faulty};

fn nan(fault: Fault) -> Error {
    let switch = Arc::new(AtomicBool::new(false));
    let environment = |n| Faulty {
        environment: CartPole::new(n),
        fault,
        switch: switch.clone(),
        step: 0,
    };
    let (tasks, seed) = (CartPoles::default(), Seed::new(1));
    let mut agent =
        Rl2::<_, _, _, 2>::new(tiny(), tasks, environment, (2, 60), seed, test_device()).unwrap();
    agent.iterate().unwrap();
    let before = agent.state().clone();
    switch.store(true, Ordering::Relaxed);
    let error = agent.iterate().unwrap_err();
    assert_eq!(agent.state(), &before, "a failed iteration leaves no trace");

    // What failed is forgotten: the run goes on as if it had not been tried.
    switch.store(false, Ordering::Relaxed);
    let mut untroubled =
        Rl2::<_, _, _, 2>::new(tiny(), tasks, environment, (2, 60), seed, test_device()).unwrap();
    untroubled.iterate().unwrap();
    assert_eq!(agent.iterate().unwrap(), untroubled.iterate().unwrap());
    assert_eq!(agent.state(), untroubled.state());
    error
}

#[test]
fn a_reward_that_is_nan_is_named_and_changes_nothing() {
    Fault::Reward.assert_named(&nan(Fault::Reward));
}

#[test]
fn an_observation_that_is_nan_is_named_and_changes_nothing() {
    Fault::Observation.assert_named(&nan(Fault::Observation));
}

#[test]
fn training_that_diverges_says_so_and_keeps_its_state() {
    let config = Rl2Config {
        value_weight: 1e300,
        ..tiny()
    };
    let mut agent = bandit_agent::<3>(config, 6, 1);
    let before = agent.state().clone();
    let error = agent.iterate().unwrap_err();
    let named = matches!(
        error,
        Error::NonFinite {
            iteration: 0,
            what: "the loss",
            ..
        }
    );
    assert!(named, "{error}");
    assert_eq!(agent.state(), &before);
}
