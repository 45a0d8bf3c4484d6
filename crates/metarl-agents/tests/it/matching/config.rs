//! What a configuration refuses, and how it is written.

use dfdx::prelude::Cpu;
use metarl_agents::{ContextConfig, EmbeddingConfig, Matching, MatchingConfig};
use metarl_core::Seed;

use super::{clusters, tiny};

#[test]
fn every_value_out_of_range_is_refused_by_its_name() {
    type Change<'a> = &'a dyn Fn(&mut MatchingConfig);
    let perceptron = |hidden| EmbeddingConfig::Perceptron { hidden };
    let full = |processing_steps| ContextConfig::Full { processing_steps };
    let bad: [(&str, Change<'_>); 14] = [
        ("embedding.perceptron.hidden", &|c| {
            c.embedding = perceptron(vec![3, 0])
        }),
        ("embedding.perceptron.hidden", &|c| {
            c.embedding = perceptron(vec![1 << 30])
        }),
        ("embedding.convolutional.filters", &|c| {
            c.embedding = EmbeddingConfig::Convolutional { filters: vec![0] }
        }),
        ("width", &|c| c.width = 0),
        ("width", &|c| c.width = 1 << 30),
        ("context.full.processing_steps", &|c| c.context = full(0)),
        ("context.full.processing_steps", &|c| c.context = full(257)),
        ("inverse_temperature", &|c| c.inverse_temperature = 0.0),
        ("inverse_temperature", &|c| c.inverse_temperature = 31.0),
        ("inverse_temperature", &|c| c.inverse_temperature = f64::NAN),
        ("meta_batch_size", &|c| c.meta_batch_size = 0),
        ("n_iterations", &|c| c.n_iterations = 0),
        ("learning_rate", &|c| c.learning_rate = 0.0),
        ("learning_rate", &|c| c.learning_rate = f64::INFINITY),
    ];
    assert_eq!(MatchingConfig::default().validate(), Ok(()));
    for (key, change) in bad {
        let mut config = tiny();
        change(&mut config);
        let message = config.validate().unwrap_err().to_string();
        assert!(message.starts_with(key), "{key}: {message}");
        let made = Matching::new(config, clusters(1), Seed::new(0), Cpu::default());
        assert_eq!(made.unwrap_err().to_string(), message);
    }
}

#[test]
fn a_file_names_the_embedding_by_its_table() {
    let text = "embedding.convolutional.filters = [8, 16]\nwidth = 32";
    let expected = MatchingConfig {
        embedding: EmbeddingConfig::Convolutional {
            filters: vec![8, 16],
        },
        width: 32,
        ..MatchingConfig::default()
    };
    assert_eq!(toml::from_str::<MatchingConfig>(text).unwrap(), expected);
    let written = toml::to_string(&expected).unwrap();
    assert_eq!(
        toml::from_str::<MatchingConfig>(&written).unwrap(),
        expected
    );
    for (file, key) in [
        ("temperature = 1", "temperature"),
        ("embedding.convolution.filters = [8]", "convolution"),
        ("embedding.perceptron.units = [8]", "units"),
    ] {
        let refused = toml::from_str::<MatchingConfig>(file).unwrap_err();
        assert!(refused.to_string().contains(key), "{refused}");
    }
}
