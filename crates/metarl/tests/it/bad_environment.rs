//! Environments that return numbers that are none.

use dfdx::prelude::Cpu;
use metarl::agents::{Rl2, Rl2Config, Trainer};
use metarl::core::{Continuous, Discrete, Environment, Error, Rng, Seed, StepBatch};
use metarl::envs::{BernoulliBandits, BernoulliTask};

#[derive(Clone, Copy)]
enum Flaw {
    Reward,
    Observation,
}

/// One number is seen, one of two arms pulled; in lane 1 something is wrong with it.
struct Broken {
    flaw: Flaw,
    n_lanes: usize,
}

impl Broken {
    fn number(&self, flaw: bool, lane: usize) -> f32 {
        if flaw && lane == 1 { f32::NAN } else { 0.5 }
    }

    fn see(&self, observation: &mut [[f32; 1]]) {
        let flaw = matches!(self.flaw, Flaw::Observation);
        for (lane, seen) in observation.iter_mut().enumerate() {
            *seen = [self.number(flaw, lane)];
        }
    }
}

impl Environment for Broken {
    type Task = BernoulliTask;
    type ObservationSpace = Continuous<1>;
    type ActionSpace = Discrete<2>;

    fn observation_space(&self) -> Continuous<1> {
        Continuous::UNBOUNDED
    }

    fn action_space(&self) -> Discrete<2> {
        Discrete
    }

    fn n_lanes(&self) -> usize {
        self.n_lanes
    }

    fn assign(&mut self, _lane: usize, _task: &BernoulliTask, _rng: Rng) -> Result<(), Error> {
        Ok(())
    }

    fn reset(&mut self, observation: &mut [[f32; 1]]) -> Result<(), Error> {
        self.see(observation);
        Ok(())
    }

    fn step(&mut self, _action: &[usize], step: &mut StepBatch<[f32; 1]>) -> Result<(), Error> {
        self.see(&mut step.observation);
        self.see(&mut step.successor);
        let flaw = matches!(self.flaw, Flaw::Reward);
        for lane in 0..self.n_lanes {
            step.reward[lane] = self.number(flaw, lane);
        }
        step.terminated.fill(true);
        step.truncated.fill(false);
        Ok(())
    }
}

#[track_caller]
fn is_refused(flaw: Flaw, what: &str, allowed: &str) {
    let config = Rl2Config {
        hidden: 4,
        n_lanes: 4,
        lanes_per_shard: 4,
        n_minibatches: 1,
        ..Rl2Config::default()
    };
    let tasks = BernoulliBandits { n_arms: 2 };
    let make = |n_lanes| Broken { flaw, n_lanes };
    let device = Cpu::default();
    let agent = Rl2::new(config, tasks, make, (3, 3), Seed::new(0), device);
    let mut agent = agent.expect("the configuration is good");
    let before = agent.state().clone();

    let refused = agent.iterate().expect_err("it is not a number").to_string();

    assert!(
        refused.contains(what) && refused.contains("NaN"),
        "{refused}"
    );
    assert!(
        refused.contains("lane 1") && refused.contains(allowed),
        "{refused}"
    );
    assert_eq!(refused.lines().count(), 1);
    assert_eq!(*agent.state(), before);
    let refused = agent
        .evaluate(make, 4, Seed::new(0))
        .expect_err("nor is this");
    assert!(refused.to_string().contains("NaN"), "{refused}");
}

#[test]
fn a_reward_that_is_not_a_number_is_named() {
    is_refused(Flaw::Reward, "reward", "must be finite");
}

#[test]
fn an_observation_that_is_not_a_number_is_named() {
    is_refused(Flaw::Observation, "observation", "outside its space");
}
