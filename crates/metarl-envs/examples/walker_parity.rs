//! Compares the walker in Box2D with episodes that Gymnasium played, read from the standard input; run
//! by `cargo xtask parity`. Prints one JSON object a comparison.
#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a tool for the repository, whose input is its own"
)]

use std::collections::BTreeMap;
use std::io::stdin;

use metarl_envs::reference::bipedal_walker_course;
use metarl_envs::walker::{Box2dEngine, Walker};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Episode {
    environment: String,
    policy: String,
    seed: u64,
    first: Vec<f64>,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
struct Step {
    action: [f64; 4],
    observation: Vec<f64>,
    reward: f64,
    terminated: bool,
}

#[derive(Serialize)]
struct Comparison {
    environment: String,
    reference: String,
    steps: usize,
    max_difference: f64,
    tolerance: f64,
    passed: bool,
}

fn main() {
    let mut compared: BTreeMap<[String; 2], (usize, usize, f64)> = BTreeMap::new();
    for line in stdin().lines() {
        let episode: Episode = serde_json::from_str(&line.expect("UTF-8")).expect("an episode");
        let difference = difference(&episode);
        let of = compared
            .entry([episode.environment, episode.policy])
            .or_default();
        of.0 += 1;
        of.1 += episode.steps.len();
        of.2 = of.2.max(difference);
    }
    for ([environment, policy], (n_episodes, steps, max_difference)) in compared {
        let comparison = Comparison {
            environment,
            reference: format!("bits of Box2D, {n_episodes} episodes of {policy}"),
            steps,
            max_difference,
            tolerance: 0.0,
            passed: max_difference == 0.0,
        };
        let json = serde_json::to_string(&comparison).expect("plain data");
        println!("{json}");
    }
}

/// Largest difference of observations and rewards; an end that differs is infinite.
fn difference(episode: &Episode) -> f64 {
    let hardcore = episode.environment.contains("Hardcore");
    let (terrain, push) = bipedal_walker_course(episode.seed, hardcore);
    let mut walker = Walker::<Box2dEngine>::new(terrain, push);
    let mut worst = apart(walker.observation(), &episode.first);
    for want in &episode.steps {
        let got = walker.step(&want.action.map(|x| x as f32));
        worst = worst.max(apart(walker.observation(), &want.observation));
        let reward = (got.reward - want.reward).abs();
        let same_end = got.terminated == want.terminated;
        worst = worst.max(if same_end && reward.is_finite() {
            reward
        } else {
            f64::INFINITY
        });
    }
    worst
}

fn apart(got: &[f32; 24], want: &[f64]) -> f64 {
    if want.len() != got.len() {
        return f64::INFINITY;
    }
    let apart = got.iter().zip(want).map(|(a, b)| (f64::from(*a) - b).abs());
    apart.fold(0.0, |worst, x| {
        if x.is_nan() {
            f64::INFINITY
        } else {
            worst.max(x)
        }
    })
}
