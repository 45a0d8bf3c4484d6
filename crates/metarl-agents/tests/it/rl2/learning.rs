//! It learns to explore.

use metarl_agents::{Rl2Config, Trainer};
use metarl_core::{Returns, Seed};
use metarl_envs::BernoulliBandit;

use super::{Agent, bandit_agent};

/// Of ten pulls whoever cannot learn earns 5, whichever arms are pulled; the best possible learner
/// earns 6.0218.
#[test]
fn it_learns_to_find_the_better_of_two_arms() {
    let config = Rl2Config {
        hidden: 16,
        n_lanes: 256,
        lanes_per_shard: 64,
        n_iterations: 200,
        learning_rate: 0.01,
        ..Rl2Config::default()
    };
    let n_iterations = config.n_iterations;
    let mut agent = bandit_agent::<2>(config, 10, 1);
    let evaluate = |agent: &Agent<2>| {
        Returns::of(
            &agent
                .evaluate(BernoulliBandit::new, 4000, Seed::new(2))
                .unwrap(),
        )
    };
    let before = evaluate(&agent);
    for _ in 0..n_iterations {
        agent.iterate().unwrap();
    }
    let after = evaluate(&agent);
    let error = after.standard_error;
    assert!(error < 0.05, "{after:?}");
    assert!((before.mean - 5.0).abs() < 4.0 * error, "{before:?}");
    // At 5.8 a learner would be four standard errors off; chance would have to be sixteen.
    assert!(after.mean > 5.8, "{after:?}");
    assert!(after.mean < 6.0218 + 4.0 * error, "{after:?}");
}
