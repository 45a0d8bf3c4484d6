//! Compares walking robots with episodes that Gymnasium played, read from the standard input; run by
//! `cargo xtask parity`. Prints one JSON object a comparison.
#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a tool for the repository, whose input is its own"
)]

use std::io::{BufRead, stdin};
use std::sync::Arc;

use metarl_core::Process;
use metarl_envs::mujoco::{
    AntGoalRobot, AntRobot, HalfCheetahRobot, HopperRobot, HumanoidRobot, Locomotion, Robot,
    Simulation, Walker2dRobot,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Episode {
    what: String,
    robot: String,
    task: serde_json::Value,
    positions: Vec<f64>,
    velocities: Vec<f64>,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
struct Step {
    action: Vec<f64>,
    observation: Vec<f64>,
    reward: f64,
    terminated: bool,
}

#[derive(Serialize)]
struct Comparison {
    environment: String,
    reference: &'static str,
    steps: usize,
    max_difference: f64,
    tolerance: f64,
    passed: bool,
}

const TOLERANCE: f64 = 1e-12;

fn main() {
    let mut comparisons: Vec<Comparison> = Vec::new();
    for line in stdin().lock().lines() {
        let line = line.expect("UTF-8");
        let episode: Episode = serde_json::from_str(&line).expect("an episode");
        let difference = match episode.robot.as_str() {
            "half-cheetah" => largest_difference::<HalfCheetahRobot, 17, 6>(&episode),
            "ant" => largest_difference::<AntRobot, 105, 8>(&episode),
            "ant-goal" => largest_difference::<AntGoalRobot, 107, 8>(&episode),
            "walker2d" => largest_difference::<Walker2dRobot, 17, 6>(&episode),
            "hopper" => largest_difference::<HopperRobot, 11, 3>(&episode),
            "humanoid" => largest_difference::<HumanoidRobot, 348, 17>(&episode),
            other => panic!("no robot is {other}"),
        };
        match comparisons.last_mut() {
            Some(same) if same.environment == episode.what => {
                same.steps += episode.steps.len();
                same.max_difference = same.max_difference.max(difference);
            }
            _ => comparisons.push(Comparison {
                environment: episode.what,
                reference: "double precision from the same state",
                steps: episode.steps.len(),
                max_difference: difference,
                tolerance: TOLERANCE,
                passed: false,
            }),
        }
    }
    for mut comparison in comparisons {
        comparison.passed = comparison.max_difference <= comparison.tolerance;
        println!(
            "{}",
            serde_json::to_string(&comparison).expect("plain data")
        );
    }
}

/// Of observations and rewards. An end that differs is infinite.
fn largest_difference<R, const OBSERVATION: usize, const ACTION: usize>(episode: &Episode) -> f64
where
    R: Robot<OBSERVATION, ACTION>,
    R::Task: DeserializeOwned,
{
    let task = serde_json::from_value(episode.task.clone()).expect("a task");
    let process = Locomotion::<R, OBSERVATION, ACTION>::default();
    let scene = process.model(&task).expect("MuJoCo, and a valid task");
    let mut simulation = Simulation::new(Arc::clone(&scene.model));
    simulation
        .positions_mut()
        .copy_from_slice(&episode.positions);
    simulation
        .velocities_mut()
        .copy_from_slice(&episode.velocities);
    simulation.forward();
    let mut largest = 0.0_f64;
    for step in &episode.steps {
        let action = step.action.as_slice().try_into().expect("an action");
        let judgment = scene.step(&mut simulation, action);
        let seen = scene.robot.observe(&simulation);
        let pairs = seen.iter().zip(&step.observation);
        for (got, want) in pairs.chain([(&judgment.reward, &step.reward)]) {
            let apart = (got - want).abs() / want.abs().max(1.0);
            // What is not a number is as far away as can be.
            largest = largest.max(if apart.is_nan() { f64::INFINITY } else { apart });
        }
        let agree = judgment.terminated == step.terminated && seen.len() == step.observation.len();
        if !agree {
            return f64::INFINITY;
        }
    }
    largest
}
