//! What a configuration refuses, and how it is written.

use metarl_agents::{MamlConfig, MamlRl, OuterOptimizer};
use metarl_core::Seed;
use metarl_envs::{PointNavigation, SquareGoals};
use metarl_optim::{MetaGradient, Proximal, TrustRegion};

use super::{ppo, tiny};
use crate::device::test_device;
use crate::support::through_json;

fn refusal(config: &MamlConfig, horizon: usize) -> Option<String> {
    let (seed, device) = (Seed::new(0), test_device());
    let environment = PointNavigation::new;
    let made = MamlRl::new(
        config.clone(),
        SquareGoals,
        environment,
        horizon,
        seed,
        device,
    );
    made.err().map(|error| error.to_string())
}

#[test]
fn every_value_out_of_range_is_refused_by_its_name() {
    let trpo = |change: fn(&mut TrustRegion)| {
        let mut region = TrustRegion::default();
        change(&mut region);
        OuterOptimizer::Trpo(region)
    };
    let ppo = |clip_range, change: fn(&mut Proximal)| {
        let mut proximal = Proximal::default();
        change(&mut proximal);
        OuterOptimizer::Ppo {
            clip_range,
            proximal,
        }
    };
    type Change<'a> = &'a dyn Fn(&mut MamlConfig);
    let bad: [(&str, Change<'_>); 30] = [
        ("hidden", &|c| c.hidden = vec![]),
        ("hidden", &|c| c.hidden = vec![8, 0]),
        ("hidden", &|c| c.hidden = vec![8, 1_000_000_000]),
        ("n_episodes", &|c| c.n_episodes = 1 << 30),
        ("meta_batch_size", &|c| c.meta_batch_size = 0),
        ("n_episodes", &|c| c.n_episodes = 0),
        ("n_inner_steps", &|c| c.n_inner_steps = 0),
        ("inner_lr", &|c| c.inner_lr = 0.0),
        ("inner_lr", &|c| c.inner_lr = f64::NAN),
        ("inner_lr", &|c| c.inner_lr = f64::INFINITY),
        ("later_step_scale", &|c| c.later_step_scale = 0.0),
        ("later_step_scale", &|c| c.later_step_scale = 1.01),
        ("later_step_scale", &|c| c.later_step_scale = f64::NAN),
        ("n_iterations", &|c| c.n_iterations = 0),
        ("discount", &|c| c.discount = -0.1),
        ("discount", &|c| c.discount = f64::NAN),
        ("trace_decay", &|c| c.trace_decay = 1.1),
        ("trace_decay", &|c| c.trace_decay = f64::NAN),
        ("max_divergence", &|c| {
            c.outer = trpo(|r| r.max_divergence = 0.0)
        }),
        ("damping", &|c| c.outer = trpo(|r| r.damping = -1.0)),
        ("backtrack_ratio", &|c| {
            c.outer = trpo(|r| r.backtrack_ratio = 1.0)
        }),
        ("n_backtracks", &|c| c.outer = trpo(|r| r.n_backtracks = 0)),
        ("n_conjugate_gradient_iterations", &|c| {
            c.outer = trpo(|r| r.n_conjugate_gradient_iterations = 0);
        }),
        ("clip_range", &|c| c.outer = ppo(0.0, |_| {})),
        ("clip_range", &|c| c.outer = ppo(1.0, |_| {})),
        ("clip_range", &|c| c.outer = ppo(f64::NAN, |_| {})),
        ("n_epochs", &|c| c.outer = ppo(0.2, |p| p.n_epochs = 0)),
        ("max_gradient_norm", &|c| {
            c.outer = ppo(0.2, |p| p.max_gradient_norm = 0.0)
        }),
        ("learning_rate", &|c| {
            c.outer = ppo(0.2, |p| p.adam.learning_rate = 0.0)
        }),
        ("beta1", &|c| c.outer = ppo(0.2, |p| p.adam.beta1 = 1.0)),
    ];
    assert_eq!(MamlConfig::default().validate(), Ok(()));
    assert_eq!(refusal(&tiny(), 1), None);
    for (key, change) in bad {
        let mut config = tiny();
        change(&mut config);
        let message = config.validate().unwrap_err().to_string();
        assert!(message.starts_with(key), "{key}: {message}");
        assert_eq!(refusal(&config, 1), Some(message));
    }
}

#[test]
fn episodes_without_steps_are_refused() {
    assert_eq!(
        refusal(&tiny(), 0).unwrap(),
        "horizon must be at least 1, got 0"
    );
}

#[test]
fn a_file_names_the_outer_optimizer_by_its_table() {
    let default: MamlConfig = toml::from_str("").unwrap();
    assert_eq!(default, MamlConfig::default());

    let trpo = "meta_gradient = 'first-order'\n[outer.trpo]\nmax_divergence = 0.02";
    let expected = MamlConfig {
        meta_gradient: MetaGradient::FirstOrder,
        outer: OuterOptimizer::Trpo(TrustRegion {
            max_divergence: 0.02,
            ..TrustRegion::default()
        }),
        ..MamlConfig::default()
    };
    assert_eq!(toml::from_str::<MamlConfig>(trpo).unwrap(), expected);

    let ppo_table = "[outer.ppo]\nclip_range = 0.3\nproximal.adam.learning_rate = 0.002";
    let mut proximal = Proximal::default();
    proximal.adam.learning_rate = 0.002;
    let expected = MamlConfig {
        outer: OuterOptimizer::Ppo {
            clip_range: 0.3,
            proximal,
        },
        ..MamlConfig::default()
    };
    assert_eq!(toml::from_str::<MamlConfig>(ppo_table).unwrap(), expected);
    assert_eq!(through_json(&expected), expected);

    let plain: MamlConfig = toml::from_str("[outer.ppo]").unwrap();
    let expected = OuterOptimizer::Ppo {
        clip_range: 0.2,
        proximal: Proximal::default(),
    };
    assert_eq!(plain.outer, expected);
    for outer in [OuterOptimizer::Trpo(TrustRegion::default()), ppo(3, 0.01)] {
        let config = MamlConfig { outer, ..tiny() };
        let written = toml::to_string(&config).unwrap();
        assert_eq!(toml::from_str::<MamlConfig>(&written).unwrap(), config);
    }
}

#[test]
fn misspelled_keys_are_refused() {
    let files = [
        ("inner_rate = 0.1", "inner_rate"),
        ("[outer.trop]", "trop"),
        ("[outer.trpo]\nmax_kl = 0.1", "max_kl"),
        ("[outer.ppo]\nclip = 0.1", "clip"),
        ("[outer.ppo.proximal]\nepochs = 2", "epochs"),
    ];
    for (file, key) in files {
        let refused = toml::from_str::<MamlConfig>(file).unwrap_err().to_string();
        let named = refused.contains(key) && refused.contains("expected");
        assert!(named, "{refused}");
    }
}
