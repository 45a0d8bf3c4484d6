//! Evaluation, and adaptation by hand.

use metarl_core::{Adapt, Environment, Purpose, Rollout, Seed, TaskDistribution, collect};
use metarl_envs::{PointNavigation, SquareGoals};

use super::reference::Batch;
use super::{navigation, tiny};
use crate::support::on_threads;

const SEED: Seed = Seed::new(11);

/// The environment `evaluate` makes for a task.
fn environment(task_idx: u64, n_episodes: usize) -> PointNavigation {
    let mut environment = PointNavigation::new(n_episodes);
    let task = SquareGoals.sample(&mut SEED.stream(Purpose::EvaluationTask, task_idx, 0, 0));
    for lane in 0..n_episodes {
        let stream = SEED.stream(Purpose::EvaluationEnvironment, task_idx, lane as u64, 0);
        environment.assign(lane, &task, stream).unwrap();
    }
    environment
}

#[test]
fn returns_are_those_of_adapting_and_acting_by_hand() {
    let agent = navigation(tiny(), 1);
    let returns = agent.evaluate(3, 2, 4, SEED).unwrap();
    assert_eq!(returns.len(), 3);
    for (task_idx, returns) in returns.iter().enumerate() {
        assert_eq!(returns.len(), 3);
        for (round, expected) in returns.iter().enumerate() {
            let mut environment = environment(task_idx as u64, 4);
            let mut policy = agent
                .adapt(&mut environment, round, SEED, task_idx as u64)
                .unwrap();
            let (task, round) = (task_idx as u64, round as u64);
            let stream = |lane| SEED.stream(Purpose::EvaluationPolicy, task, lane, round);
            let mut rngs: Vec<_> = (0..4).map(stream).collect();
            let mut rollout = Rollout::new(200, 4, [0.0; 2], [0.0; 2]);
            collect(&mut environment, &mut policy, &mut rngs, &mut rollout).unwrap();
            let got = Batch::new(&rollout, 100, 1.0, 1.0).mean_return();
            assert!((got - expected).abs() < 1e-9, "{got} {expected}");
        }
        assert_ne!(returns[0], returns[1]);
        assert_ne!(returns[1], returns[2]);
    }
}

#[test]
fn the_same_seed_gives_the_same_returns_however_many_tasks_and_threads() {
    let agent = navigation(tiny(), 1);
    let evaluate = |n_threads, n_tasks, seed| {
        let agent = &agent;
        on_threads(n_threads, move || {
            agent.evaluate(n_tasks, 1, 3, seed).unwrap()
        })
    };
    let returns = evaluate(1, 5, SEED);
    assert_eq!(returns, evaluate(3, 5, SEED));
    assert_eq!(returns[..2], evaluate(1, 2, SEED));
    assert_ne!(returns, evaluate(1, 5, Seed::new(12)));
    assert!(evaluate(1, 0, SEED).is_empty());
}

#[test]
fn evaluating_without_episodes_is_refused() {
    let agent = navigation(tiny(), 1);
    let refused = agent.evaluate(1, 1, 0, SEED).unwrap_err().to_string();
    assert_eq!(refused, "n_episodes must be at least 1, got 0");
    let adapted = agent.adapt(&mut PointNavigation::new(0), 1, SEED, 0);
    assert!(adapted.is_err());
}
