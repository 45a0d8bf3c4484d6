//! It learns to learn.

use metarl_agents::{MamlConfig, MamlRl, OuterOptimizer, Trainer};
use metarl_core::{Lanes, Returns, Seed};
use metarl_envs::{PointObjective, PointRobot, ReachGoal, SquareGoals};
use metarl_optim::TrustRegion;

use super::{Agent, ppo};
use crate::device::test_device;

/// [`ReachGoal`] in episodes of twenty steps.
#[derive(Debug, Default)]
struct Soon;

impl PointObjective for Soon {
    const MAX_STEPS: u32 = 20;

    fn judge(&self, offset: [f32; 2]) -> (f32, bool) {
        ReachGoal.judge(offset)
    }
}

/// Returns after no and after one update, and what the update gains.
fn evaluate(agent: &Agent<Lanes<PointRobot<Soon>>>) -> [Returns; 3] {
    let returns = agent.evaluate(40, 1, 10, Seed::new(2)).unwrap();
    let of = |f: fn(&Vec<f64>) -> f64| Returns::of(&returns.iter().map(f).collect::<Vec<_>>());
    [of(|r| r[0]), of(|r| r[1]), of(|r| r[1] - r[0])]
}

/// Before and after this much meta-training.
fn train(outer: OuterOptimizer, n_iterations: usize) -> [[Returns; 3]; 2] {
    let config = MamlConfig {
        hidden: vec![32],
        meta_batch_size: 8,
        n_episodes: 10,
        outer,
        ..MamlConfig::default()
    };
    let (make, horizon) = (Lanes::new as fn(usize) -> _, Soon::MAX_STEPS as usize);
    let mut agent: Agent<Lanes<PointRobot<Soon>>> = MamlRl::new(
        config,
        SquareGoals,
        make,
        horizon,
        Seed::new(1),
        test_device(),
    )
    .unwrap();
    let before = evaluate(&agent);
    for _ in 0..n_iterations {
        agent.iterate().unwrap();
    }
    [before, evaluate(&agent)]
}

/// Standing still earns about −7.7. An untrained agent's update gains 0.5.
fn check([untrained, trained]: [[Returns; 3]; 2]) {
    let [_, after, gain] = trained;
    assert!(untrained[2].mean < 1.0, "{untrained:?}");
    assert!(
        gain.mean > 2.5 && gain.mean > 4.0 * gain.standard_error,
        "{gain:?}"
    );
    assert!(
        after.mean > untrained[1].mean + 4.0,
        "{after:?} after {untrained:?}"
    );
}

#[test]
fn one_update_gains_much_after_meta_training_with_trpo() {
    check(train(OuterOptimizer::Trpo(TrustRegion::default()), 30));
}

#[test]
fn one_update_gains_much_after_meta_training_with_ppo() {
    check(train(ppo(5, 0.01), 20));
}
