//! What a configuration refuses.

use metarl_agents::{Error, Rl2, Rl2Config};
use metarl_core::Seed;
use metarl_envs::{BernoulliBandit, BernoulliBandits};

use super::tiny;
use crate::device::{TestDevice, test_device};
use crate::support::through_json;

type Change = fn(&mut Rl2Config);

#[test]
fn every_value_out_of_range_is_refused_by_its_name() {
    let bad: [(&str, Change); 35] = [
        ("hidden", |c| c.hidden = 0),
        ("hidden", |c| c.hidden = 1_000_000_000),
        ("readout", |c| c.readout = 16_385),
        ("n_lanes", |c| c.n_lanes = 0),
        ("n_lanes", |c| c.n_lanes = 1 << 30),
        ("n_trials", |c| c.n_trials = 0),
        ("recall_distance", |c| c.recall_distance = -1.0),
        ("recall_distance", |c| c.recall_distance = f32::INFINITY),
        ("n_trials", |c| c.n_trials = 1 << 30),
        ("lanes_per_shard", |c| c.lanes_per_shard = 0),
        ("lanes_per_shard", |c| c.lanes_per_shard = 3),
        ("lanes_per_shard", |c| c.lanes_per_shard = 2 * c.n_lanes),
        ("n_iterations", |c| c.n_iterations = 0),
        ("n_epochs", |c| c.n_epochs = 0),
        ("n_minibatches", |c| c.n_minibatches = 0),
        ("n_minibatches", |c| c.n_minibatches = 3),
        ("n_minibatches", |c| c.n_minibatches = 8),
        ("learning_rate", |c| c.learning_rate = 0.0),
        ("learning_rate", |c| c.learning_rate = f64::NAN),
        ("learning_rate", |c| c.learning_rate = f64::INFINITY),
        ("final_learning_rate", |c| c.final_learning_rate = -1e-9),
        ("final_learning_rate", |c| c.final_learning_rate = f64::NAN),
        ("discount", |c| c.discount = 1.01),
        ("discount", |c| c.discount = f32::NAN),
        ("trace_decay", |c| c.trace_decay = -0.01),
        ("trace_decay", |c| c.trace_decay = f32::NAN),
        ("clip_range", |c| c.clip_range = 0.0),
        ("clip_range", |c| c.clip_range = 1.0),
        ("clip_range", |c| c.clip_range = f64::NAN),
        ("entropy_weight", |c| c.entropy_weight = -1.0),
        ("entropy_weight", |c| c.entropy_weight = f64::NAN),
        ("value_weight", |c| c.value_weight = f64::INFINITY),
        ("value_weight", |c| c.value_weight = f64::NAN),
        ("max_gradient_norm", |c| c.max_gradient_norm = 0.0),
        ("max_gradient_norm", |c| c.max_gradient_norm = f64::NAN),
    ];
    assert_eq!(tiny().validate(), Ok(()));
    assert_eq!(Rl2Config::default().validate(), Ok(()));
    for (key, change) in bad {
        let mut config = tiny();
        change(&mut config);
        let refused = config.validate();
        assert!(
            matches!(refused, Err(Error::OutOfRange { name, .. }) if name == key),
            "{key}: {refused:?}"
        );
        let message = refused.unwrap_err().to_string();
        assert!(message.starts_with(key), "{message}");
        let made = agent(config, (1, 1));
        assert!(matches!(made, Err(Error::OutOfRange { name, .. }) if name == key));
    }
}

#[test]
fn values_at_the_bounds_are_allowed() {
    let good: [Change; 6] = [
        |c| c.final_learning_rate = 0.0,
        |c| c.discount = 1.0,
        |c| c.discount = 0.0,
        |c| c.trace_decay = 1.0,
        |c| c.entropy_weight = 0.0,
        |c| c.value_weight = 0.0,
    ];
    for change in good {
        let mut config = tiny();
        change(&mut config);
        assert_eq!(config.validate(), Ok(()));
    }
}

fn agent(
    config: Rl2Config,
    trial: (u32, usize),
) -> Result<Rl2<BernoulliBandit<2>, BernoulliBandits, TestDevice, 2>, Error> {
    let tasks = BernoulliBandits { n_arms: 2 };
    Rl2::new(
        config,
        tasks,
        BernoulliBandit::new,
        trial,
        Seed::new(0),
        test_device(),
    )
}

#[test]
fn a_trial_without_episodes_or_steps_is_refused() {
    let episodes = agent(tiny(), (0, 1)).unwrap_err().to_string();
    assert_eq!(episodes, "n_episodes must be at least 1, got 0");
    let steps = agent(tiny(), (1, 0)).unwrap_err().to_string();
    assert_eq!(steps, "n_steps must be at least 1, got 0");
}

#[test]
fn a_file_may_leave_keys_out_but_not_misspell_them() {
    let config: Rl2Config = toml::from_str("hidden = 7\nentropy_weight = 0.5").unwrap();
    let expected = Rl2Config {
        hidden: 7,
        entropy_weight: 0.5,
        ..Rl2Config::default()
    };
    assert_eq!(config, expected);
    assert_eq!(through_json(&config), config);
    let refused = toml::from_str::<Rl2Config>("hiden = 7").unwrap_err();
    assert!(refused.to_string().contains("hiden"), "{refused}");
    let refused = serde_json::from_str::<Rl2Config>(r#"{"n_lane": 8}"#).unwrap_err();
    assert!(refused.to_string().contains("n_lane"), "{refused}");
}
