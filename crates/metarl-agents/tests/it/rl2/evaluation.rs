//! Evaluation: the same held-out tasks for everyone.

use metarl_agents::{Rl2Config, Trainer};
use metarl_core::{Lanes, Purpose, Seed, TaskDistribution};
use metarl_envs::{Bandit, BanditTask, BernoulliBandits};

use super::{bandit_agent, tiny};
use crate::device::test_device;

/// Arm 0 always pays its probability exactly, whatever is pulled: a return names its task.
#[derive(Debug, Clone, serde::Serialize)]
struct Named(f64);

impl BanditTask for Named {
    fn n_arms(&self) -> usize {
        2
    }

    fn check(&self) -> Result<(), metarl_core::Error> {
        Ok(())
    }

    fn mean(&self, _: usize) -> f64 {
        self.0
    }

    fn pull(&mut self, _: usize, _: &mut metarl_core::Rng) -> f64 {
        self.0
    }
}

#[derive(Debug, Clone, Copy)]
struct NamedTasks;

impl TaskDistribution for NamedTasks {
    type Task = Named;

    fn name(&self) -> String {
        "bandit/named@1".to_owned()
    }

    fn sample(&self, rng: &mut metarl_core::Rng) -> Named {
        Named(BernoulliBandits { n_arms: 1 }.sample(rng).probability[0])
    }
}

#[test]
fn tasks_are_those_of_the_evaluation_streams_in_their_order() {
    let device = test_device();
    let agent = metarl_agents::Rl2::<Lanes<Bandit<Named, 2>>, _, _, 2>::new(
        tiny(),
        NamedTasks,
        Lanes::new,
        (1, 1),
        Seed::new(1),
        device,
    );
    let agent = agent.unwrap();
    let seed = Seed::new(9);
    // Ten tasks in blocks of four lanes: the last block has two.
    let got = agent.evaluate(Lanes::new, 10, seed).unwrap();
    let expected: Vec<f64> = (0..10)
        .map(|i| {
            NamedTasks
                .sample(&mut seed.stream(Purpose::EvaluationTask, i, 0, 0))
                .0
        })
        .map(|p| f64::from(p as f32))
        .collect();
    assert_eq!(got, expected);
    assert_eq!(
        agent.evaluate(Lanes::new, 0, seed).unwrap(),
        Vec::<f64>::new()
    );
}

#[test]
fn neither_lanes_a_shard_nor_training_streams_enter() {
    let few = bandit_agent::<3>(tiny(), 6, 1);
    let config = Rl2Config {
        lanes_per_shard: 8,
        n_minibatches: 1,
        ..tiny()
    };
    let mut many = bandit_agent::<3>(config, 6, 2);
    many.restore(few.state().clone()).unwrap();
    let evaluate =
        |agent: &super::Agent<3>, n| agent.evaluate(Lanes::new, n, Seed::new(9)).unwrap();
    let returns = evaluate(&few, 13);
    assert_eq!(returns.len(), 13);
    assert_eq!(returns, evaluate(&many, 13));
    assert_eq!(returns[..5], evaluate(&few, 5));
    let other = few.evaluate(Lanes::new, 13, Seed::new(10)).unwrap();
    assert_ne!(returns, other);
}

#[test]
fn trials_that_do_not_end_are_an_error() {
    let tasks = BernoulliBandits { n_arms: 2 };
    let device = test_device();
    let environment = super::Bandits::<2>::new;
    let agent = metarl_agents::Rl2::<_, _, _, 2>::new(
        tiny(),
        tasks,
        environment,
        (5, 4),
        Seed::new(1),
        device,
    );
    let refused = agent
        .unwrap()
        .evaluate(environment, 3, Seed::new(9))
        .unwrap_err();
    assert!(refused.to_string().starts_with("max_steps"), "{refused}");
}
