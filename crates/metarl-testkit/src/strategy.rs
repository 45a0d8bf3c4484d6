//! Strategies for what an agent sees: rectangles of steps, time × lane.

use std::ops::RangeInclusive;

use proptest::prelude::*;

/// A rollout as plain numbers. Entry `t * n_lanes + lane` is step `t` of that lane.
///
/// It is consistent the way a collected rollout is: never both terminated and truncated,
/// `next_value` is 0 where terminated, the next row's `value` where the episode goes on, and a
/// number of its own where the episode was truncated or the rollout stops.
#[derive(Debug, Clone, PartialEq)]
pub struct Steps {
    /// Rows.
    pub n_steps: usize,
    /// Columns.
    pub n_lanes: usize,
    /// Rewards in `[−2, 2]`.
    pub reward: Vec<f64>,
    /// V(o) in `[−3, 3]`.
    pub value: Vec<f64>,
    /// V of the observation the step reached.
    pub next_value: Vec<f64>,
    /// The process ended: about one step in six.
    pub terminated: Vec<bool>,
    /// The episode was cut: about one step in six.
    pub truncated: Vec<bool>,
    /// π(a|o) / μ(a|o) in `[e⁻², e²]`.
    pub importance_ratio: Vec<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Ending {
    None,
    Terminated,
    Truncated,
}

/// Rollouts of the given sizes.
pub fn steps(
    n_steps: RangeInclusive<usize>,
    n_lanes: RangeInclusive<usize>,
) -> impl Strategy<Value = Steps> {
    let ending = prop_oneof![
        4 => Just(Ending::None),
        1 => Just(Ending::Terminated),
        1 => Just(Ending::Truncated),
    ];
    let step = (-2.0..2.0, -3.0..3.0, -3.0..3.0, ending, -2.0..2.0);
    (n_steps, n_lanes).prop_flat_map(move |(n_steps, n_lanes)| {
        prop::collection::vec(step.clone(), n_steps * n_lanes)
            .prop_map(move |steps| assemble(n_lanes, n_steps, &steps))
    })
}

fn assemble(n_lanes: usize, n_steps: usize, steps: &[(f64, f64, f64, Ending, f64)]) -> Steps {
    let next_value = |i: usize| match steps[i].3 {
        Ending::Terminated => 0.0,
        Ending::None if i + n_lanes < steps.len() => steps[i + n_lanes].1,
        Ending::None | Ending::Truncated => steps[i].2,
    };
    Steps {
        n_steps,
        n_lanes,
        reward: steps.iter().map(|s| s.0).collect(),
        value: steps.iter().map(|s| s.1).collect(),
        next_value: (0..steps.len()).map(next_value).collect(),
        terminated: steps.iter().map(|s| s.3 == Ending::Terminated).collect(),
        truncated: steps.iter().map(|s| s.3 == Ending::Truncated).collect(),
        importance_ratio: steps.iter().map(|s| s.4.exp()).collect(),
    }
}
