//! Tasks and examples that are not such.

use std::sync::Arc;

use dfdx::prelude::Cpu;
use metarl_agents::{EmbeddingConfig, Error, Matching, MatchingConfig, Trainer};
use metarl_core::{FewShotTask, Rng, Seed, TaskDistribution};
use metarl_envs::few_shot::{ClassTasks, ClusterTasks, FewShot, LabelledData};

use super::{agent, clusters, tiny};

type Change = fn(&mut FewShotTask);

/// Clusters, with one thing changed.
struct Faulty {
    tasks: ClusterTasks,
    change: Change,
}

impl TaskDistribution for Faulty {
    type Task = FewShotTask;

    fn name(&self) -> String {
        "few-shot/faulty@1".to_owned()
    }

    fn sample(&self, rng: &mut Rng) -> FewShotTask {
        let mut task = self.tasks.sample(rng);
        (self.change)(&mut task);
        task
    }
}

#[test]
fn a_task_that_is_none_is_refused_and_changes_nothing() {
    let faults: [(Change, &str); 6] = [
        (
            |task| task.query[3] = f32::NAN,
            "query must be finite numbers, got NaN",
        ),
        (
            |task| task.support[3] = f32::INFINITY,
            "support must be finite numbers, got inf",
        ),
        (|task| task.n_ways = 0, "n_ways must be at least 1, got 0"),
        (
            |task| task.support_label[4] = 3,
            "support_label must be every class, got no example of class 4",
        ),
        (
            |task| task.query_label[0] = 9,
            "query must be labelled below n_ways, got 9",
        ),
        (
            |task| {
                task.support.clear();
                task.support_label.clear();
            },
            "support_label must be every class, got no example of class 0",
        ),
    ];
    let judge = agent(tiny(), 1);
    for (change, message) in faults {
        let tasks = clusters(1);
        let faulty = Faulty { tasks, change };
        let (seed, device) = (Seed::new(1), Cpu::default());
        let mut agent = Matching::new(tiny(), faulty, seed, device).unwrap();
        let before = agent.state().clone();
        let error = agent.iterate().unwrap_err();
        assert_eq!(error.to_string(), message);
        assert!(matches!(error, Error::Environment(_)));
        assert_eq!(agent.state(), &before, "a failed iteration leaves no trace");
        let faulty = Faulty {
            tasks: clusters(1),
            change,
        };
        let judged = judge.evaluate(&faulty, 2, Seed::new(1)).unwrap_err();
        assert_eq!(judged.to_string(), message);
    }
}

#[test]
fn examples_of_another_size_are_refused() {
    let agent = agent(tiny(), 1);
    let task = FewShotTask {
        n_ways: 1,
        n_features: 2,
        support: vec![0.0; 2],
        support_label: vec![0],
        query: vec![0.0; 2],
        query_label: vec![0],
    };
    assert_eq!(
        agent.classify(&task).unwrap_err().to_string(),
        "n_features must be that of the tasks the network was made for, got 2"
    );
}

#[test]
fn convolutions_read_squares_only() {
    let config = MatchingConfig {
        embedding: EmbeddingConfig::Convolutional { filters: vec![2] },
        ..tiny()
    };
    let data = LabelledData::from_csv("0,1,2,3\n0,1,1,1\n1,1,2,1\n1,2,2,2\n").unwrap();
    let shape = FewShot {
        n_ways: 2,
        n_shots: 1,
        n_queries: 1,
    };
    let tasks = ClassTasks::new("rows", Arc::new(data), vec![0, 1], shape).unwrap();
    let refused = Matching::new(config, tasks, Seed::new(1), Cpu::default()).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "n_features must be a square for a convolutional embedding, got 3"
    );
}

/// Zeros have no direction; they are similar to nothing, and training goes on.
#[test]
fn examples_of_zeros_are_no_fault() {
    let change = |task: &mut FewShotTask| task.support[..32].fill(0.0);
    let tasks = Faulty {
        tasks: clusters(1),
        change,
    };
    let mut agent = Matching::new(tiny(), tasks, Seed::new(1), Cpu::default()).unwrap();
    for _ in 0..3 {
        let done = agent.iterate().unwrap();
        assert!(done.loss.is_finite());
    }
}

#[test]
fn training_that_diverges_says_so_and_keeps_its_state() {
    let config = MatchingConfig {
        learning_rate: 1e38,
        ..tiny()
    };
    let mut agent = agent(config, 1);
    let failed = (0..10).find_map(|_| {
        let before = agent.state().clone();
        let error = agent.iterate().err()?;
        assert_eq!(agent.state(), &before);
        Some(error)
    });
    let error = failed.expect("it cannot go on for ever");
    assert!(matches!(error, Error::NonFinite { .. }), "{error}");
}
