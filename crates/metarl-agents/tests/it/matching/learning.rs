//! It learns: in seconds, what distances do not tell.

use metarl_agents::{MatchingConfig, Trainer};
use metarl_core::{Purpose, Returns, Seed, TaskDistribution};
use metarl_envs::few_shot::nearest_centroid;

use super::{agent, clusters};

#[test]
fn an_embedding_is_learned_that_tells_clusters_apart() {
    let config = MatchingConfig {
        inverse_temperature: 5.0,
        learning_rate: 0.003,
        ..MatchingConfig::default()
    };
    let mut agent = agent(config, 1);
    let judged = Seed::new(9);
    let accuracy = |agent: &super::Agent| {
        Returns::of(&agent.evaluate(&clusters(1), 400, judged).unwrap()).mean
    };
    let untrained = accuracy(&agent);
    for _ in 0..200 {
        agent.iterate().unwrap();
    }
    let trained = accuracy(&agent);
    let centroid = (0..400).map(|idx| {
        let task = clusters(1).sample(&mut judged.stream(Purpose::EvaluationTask, idx, 0, 0));
        task.accuracy(&nearest_centroid(&task)).unwrap() / 400.0
    });
    let centroid: f64 = centroid.sum();
    assert!(untrained < 0.45, "{untrained}");
    assert!(trained > centroid + 0.25, "{trained}, {centroid}");
}
