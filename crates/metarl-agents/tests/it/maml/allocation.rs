//! What an iteration allocates once it has run: what dfdx's tape does in its derivatives, and nothing
//! else.

use metarl_agents::{MamlConfig, OuterOptimizer};

use super::{navigation, ppo, tiny};
use crate::support::{allocations_of_dfdx, allocations_of_iteration};

/// Operations on the tapes of the inner loss's gradient and its Hessian-vector product.
const INNER: [u64; 2] = [8, 14];
/// Those of TRPO's surrogate and of the divergence.
const SURROGATE: u64 = 10;
const DIVERGENCE: u64 = 10;
/// Those of PPO's surrogate.
const CLIPPED: u64 = 13;

/// Allocations of an iteration, a task.
fn allocated(config: MamlConfig) -> u64 {
    let n_tasks = config.meta_batch_size as u64;
    let of_all = allocations_of_iteration(navigation(config, 1));
    assert_eq!(of_all % n_tasks, 0, "every task has the same");
    of_all / n_tasks
}

#[test]
fn a_step_of_trust_region_policy_optimization() {
    let OuterOptimizer::Trpo(region) = tiny().outer else {
        panic!("the default is TRPO");
    };
    // One product more says how long the step may be.
    let n_products = region.n_conjugate_gradient_iterations as u64 + 1;
    let [gradient, product] = INNER.map(allocations_of_dfdx);
    let adaptation = gradient + allocations_of_dfdx(SURROGATE) + product;
    let fisher = 2 * product + allocations_of_dfdx(DIVERGENCE);
    // Each try of the line search adapts once more.
    let search = allocated(tiny()) - (adaptation + n_products * fisher);
    assert_eq!(search % gradient, 0, "{search} of the line search");
    assert!((1..=region.n_backtracks as u64).contains(&(search / gradient)));
}

#[test]
fn steps_of_proximal_policy_optimization() {
    let n_steps = 3;
    let config = MamlConfig {
        outer: ppo(n_steps, 0.01),
        ..tiny()
    };
    let [gradient, product] = INNER.map(allocations_of_dfdx);
    let step = gradient + allocations_of_dfdx(CLIPPED) + product;
    assert_eq!(allocated(config), gradient + n_steps as u64 * step);
}
