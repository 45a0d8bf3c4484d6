//! Compares classic control with episodes that Gymnasium played, read from the standard input; run
//! by `cargo xtask parity`. Prints one JSON object a comparison.
#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a tool for the repository, whose input is its own"
)]

use std::collections::BTreeMap;
use std::io::{Read, stdin};

use metarl_core::{Element, Space};
use metarl_envs::reference::Reference;
use metarl_envs::{
    AcrobotPhysics, CartPolePhysics, ContinuousMountainCarPhysics, MountainCarPhysics,
    PendulumPhysics, Physics,
};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Episode {
    environment: String,
    seed: u64,
    first: Vec<f64>,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
struct Step {
    action: f64,
    observation: Vec<f64>,
    reward: f64,
    terminated: bool,
    truncated: bool,
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

/// An action as Gymnasium was given it.
trait FromNumber {
    fn from_number(x: f64) -> Self;
}

impl FromNumber for usize {
    fn from_number(x: f64) -> Self {
        x as Self
    }
}

impl FromNumber for [f32; 1] {
    fn from_number(x: f64) -> Self {
        [x as f32]
    }
}

/// Largest difference between a fast step and the reference's, both from the reference's state.
const SINGLE_TOLERANCE: f64 = 1e-5;
/// Steps on which single precision may end an episode where double precision does not, or the other
/// way round.
const MOST_OTHER_ENDS: usize = 2;

fn main() {
    let mut text = String::new();
    stdin().read_to_string(&mut text).expect("UTF-8");
    let mut episodes: BTreeMap<String, Vec<Episode>> = BTreeMap::new();
    for line in text.lines() {
        let episode: Episode = serde_json::from_str(line).expect("an episode");
        let of = episodes.entry(episode.environment.clone()).or_default();
        of.push(episode);
    }
    for (name, episodes) in episodes {
        let pair = match name.as_str() {
            "CartPole-v1" => compare::<CartPolePhysics<f64>, CartPolePhysics<f32>, 4>(&episodes),
            "MountainCar-v0" => {
                compare::<MountainCarPhysics<f64>, MountainCarPhysics<f32>, 2>(&episodes)
            }
            "MountainCarContinuous-v0" => {
                compare::<ContinuousMountainCarPhysics<f64>, ContinuousMountainCarPhysics<f32>, 2>(
                    &episodes,
                )
            }
            "Pendulum-v1" => compare::<PendulumPhysics<f64>, PendulumPhysics<f32>, 2>(&episodes),
            "Acrobot-v1" => compare::<AcrobotPhysics<f64>, AcrobotPhysics<f32>, 4>(&episodes),
            other => panic!("no environment is {other}"),
        };
        let steps = episodes.iter().map(|episode| episode.steps.len()).sum();
        for (mode, max_difference, tolerance) in [
            ("bits of the double-precision reference", pair[0], 0.0),
            (
                "one single-precision step from the same state",
                pair[1],
                SINGLE_TOLERANCE,
            ),
        ] {
            let comparison = Comparison {
                environment: name.clone(),
                reference: mode.to_owned(),
                steps,
                max_difference,
                tolerance,
                passed: max_difference <= tolerance,
            };
            println!(
                "{}",
                serde_json::to_string(&comparison).expect("plain data")
            );
        }
    }
}

/// Largest differences of observations and rewards: of the reference from Gymnasium, and of a step
/// in single precision from the reference. An end that differs is infinite.
fn compare<P, Q, const STATE: usize>(episodes: &[Episode]) -> [f64; 2]
where
    P: Physics<Real = f64, State = [f64; STATE]>,
    Q: Physics<
            Real = f32,
            Task = P::Task,
            State = [f32; STATE],
            ObservationSpace = P::ObservationSpace,
            ActionSpace = P::ActionSpace,
        >,
    Element<P::ActionSpace>: FromNumber,
{
    let mut reference = Reference::<P>::new(&P::Task::default()).expect("the usual physics");
    let single = Q::of(&P::Task::default()).expect("the usual physics");
    let numbers = |observation: Element<P::ObservationSpace>| {
        let mut encoded = vec![0.0; P::ObservationSpace::WIDTH];
        P::ObservationSpace::encode(&observation, &mut encoded);
        encoded.into_iter().map(f64::from).collect::<Vec<f64>>()
    };
    let apart = |a: &[f64], b: &[f64]| {
        let pairs = a.iter().zip(b);
        let apart = pairs.map(|(a, b)| (a - b).abs() / b.abs().max(1.0));
        // What is not a number is as far away as can be, and so is what is missing.
        let worst = apart.fold(0.0, |worst: f64, x| {
            if x.is_nan() {
                f64::INFINITY
            } else {
                worst.max(x)
            }
        });
        if a.len() == b.len() {
            worst
        } else {
            f64::INFINITY
        }
    };
    let (mut double, mut fast) = (0.0_f64, 0.0_f64);
    let mut other_ends = 0;
    for episode in episodes {
        let first = reference.reset(episode.seed);
        double = double.max(apart(&numbers(first), &episode.first));
        for want in &episode.steps {
            let action = Element::<P::ActionSpace>::from_number(want.action);
            let from = reference.state().expect("the episode goes on");
            let got = reference.step(&action).expect("the episode goes on");
            let seen = numbers(got.observation);
            double = double.max(apart(&seen, &want.observation));
            double = double.max(apart(&[got.reward], &[want.reward]));
            if (got.terminated, got.truncated) != (want.terminated, want.truncated) {
                double = f64::INFINITY;
            }
            let (from, control) = (from.map(|x| x as f32), Q::control(&action));
            let (reached, reward, terminated) = single.advance(&from, control);
            // A state within rounding of a border may fall on its other side, now and then.
            if terminated != got.terminated {
                other_ends += 1;
            } else {
                fast = fast.max(apart(&numbers(single.observe(&reached)), &seen));
                fast = fast.max(apart(&[f64::from(reward)], &[got.reward]));
            }
        }
    }
    if other_ends > MOST_OTHER_ENDS {
        fast = f64::INFINITY;
    }
    [double, fast]
}
