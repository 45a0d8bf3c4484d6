//! Environments that give NaN.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use metarl_agents::{Error, MamlConfig, MamlRl, Trainer};
use metarl_core::{Adapt, Purpose, Seed, TaskDistribution};
use metarl_envs::{PointNavigation, SquareGoals};

use super::{navigation, ppo, tiny};
use crate::device::test_device;
use crate::support::{Fault, Faulty};

fn nan(fault: Fault) -> Error {
    let switch = Arc::new(AtomicBool::new(false));
    let shared = switch.clone();
    let environment = move |n| Faulty {
        environment: PointNavigation::new(n),
        fault,
        switch: shared.clone(),
        step: 0,
    };
    let agent = || {
        let (seed, device) = (Seed::new(1), test_device());
        let environment = environment.clone();
        let mut agent = MamlRl::new(tiny(), SquareGoals, environment, 100, seed, device).unwrap();
        agent.iterate().unwrap();
        agent
    };
    let (mut agent, mut untroubled) = (agent(), agent());
    let before = agent.state().clone();
    switch.store(true, Ordering::Relaxed);
    let error = agent.iterate().unwrap_err();
    assert_eq!(agent.state(), &before, "a failed iteration leaves no trace");
    assert_eq!(
        agent.evaluate(2, 1, 3, Seed::new(2)).map_err(named),
        Err(named(error.clone()))
    );

    let mut environment = environment(2);
    let task = SquareGoals.sample(&mut Seed::new(0).stream(Purpose::Task, 0, 0, 0));
    for lane in 0..2 {
        let stream = Seed::new(0).stream(Purpose::Environment, 0, lane as u64, 0);
        metarl_core::Environment::assign(&mut environment, lane, &task, stream).unwrap();
    }
    let adapted = agent.adapt(&mut environment, 1, Seed::new(0), 0).map(drop);
    assert_eq!(
        adapted.map_err(|e| named(e.into())),
        Err(named(error.clone()))
    );

    switch.store(false, Ordering::Relaxed);
    assert_eq!(agent.iterate().unwrap(), untroubled.iterate().unwrap());
    assert_eq!(agent.state(), untroubled.state());
    error
}

/// What failed and where, without the numbers beside the NaN.
fn named(error: Error) -> String {
    let message = error.to_string();
    message.split('[').next().unwrap_or_default().to_owned()
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
fn an_episode_longer_than_the_horizon_is_an_error() {
    let (seed, device) = (Seed::new(1), test_device());
    let mut agent =
        MamlRl::new(tiny(), SquareGoals, PointNavigation::new, 99, seed, device).unwrap();
    let before = agent.state().clone();
    let error = agent.iterate().unwrap_err().to_string();
    let expected = "environment: an episode is longer than the horizon of 99 steps";
    assert_eq!(error, expected);
    assert_eq!(agent.state(), &before);
}

#[test]
fn training_that_diverges_says_so_and_keeps_its_state() {
    let config = MamlConfig {
        outer: ppo(3, 1e30),
        ..tiny()
    };
    let mut agent = navigation(config, 1);
    let before = agent.state().clone();
    let error = agent.iterate().unwrap_err();
    assert!(
        matches!(error, Error::NonFinite { iteration: 0, .. }),
        "{error}"
    );
    assert_eq!(agent.state(), &before);
}
