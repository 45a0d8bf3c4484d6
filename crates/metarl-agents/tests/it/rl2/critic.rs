//! How much of the returns a critic explains.

use metarl_agents::{Rl2, Rl2Config, Trainer};
use metarl_core::{Continuous, Discrete, Environment, Rng, Seed, StepBatch, TaskDistribution};
use rand::RngExt;

use super::tiny;
use crate::device::test_device;

/// Shows a sign and pays it: one step an episode, and its return is known beforehand.
#[derive(Debug)]
struct Sign {
    rng: Vec<Option<Rng>>,
    shown: Vec<f32>,
}

#[derive(Debug, Clone, Copy)]
struct Signs;

impl TaskDistribution for Signs {
    type Task = ();

    fn name(&self) -> String {
        "sign@1".to_owned()
    }

    fn sample(&self, _: &mut Rng) {}
}

impl Sign {
    fn new(n: usize) -> Self {
        Self {
            rng: (0..n).map(|_| None).collect(),
            shown: vec![0.0; n],
        }
    }

    fn show(&mut self, observation: &mut [[f32; 1]]) {
        for ((rng, shown), seen) in self.rng.iter_mut().zip(&mut self.shown).zip(observation) {
            *shown = if rng.as_mut().unwrap().random() {
                1.0
            } else {
                -1.0
            };
            *seen = [*shown];
        }
    }
}

impl Environment for Sign {
    type Task = ();
    type ObservationSpace = Continuous<1>;
    type ActionSpace = Discrete<2>;

    fn observation_space(&self) -> Continuous<1> {
        Continuous::UNBOUNDED
    }

    fn action_space(&self) -> Discrete<2> {
        Discrete
    }

    fn n_lanes(&self) -> usize {
        self.shown.len()
    }

    fn assign(&mut self, lane: usize, (): &(), rng: Rng) -> Result<(), metarl_core::Error> {
        self.rng[lane] = Some(rng);
        Ok(())
    }

    fn reset(&mut self, observation: &mut [[f32; 1]]) -> Result<(), metarl_core::Error> {
        self.show(observation);
        Ok(())
    }

    fn step(
        &mut self,
        _: &[usize],
        step: &mut StepBatch<[f32; 1]>,
    ) -> Result<(), metarl_core::Error> {
        step.reward.copy_from_slice(&self.shown);
        step.terminated.fill(true);
        step.successor.fill([0.0]);
        self.show(&mut step.observation);
        Ok(())
    }
}

/// Explained variance of a critic that answers `scale` times what it is shown.
fn explained_variance(scale: f32) -> f64 {
    let config = Rl2Config {
        hidden: 1,
        ..tiny()
    };
    let device = test_device();
    let mut agent =
        Rl2::<_, _, _, 2>::new(config, Signs, Sign::new, (1, 8), Seed::new(1), device).unwrap();
    let mut state = agent.state().clone();
    let mut start = 0;
    for leaf in agent.layout().leaves().to_vec() {
        let own = &mut state.parameters[start..start + leaf.len()];
        own.fill(0.0);
        match leaf.name.as_str() {
            // The candidate is tanh of the sign alone, and the update gate lets all of it through.
            "memory.input_weight" => own[2] = 0.5,
            "memory.bias" => own[1] = -40.0,
            "value.weight" => own[0] = scale / 0.5_f32.tanh(),
            _ => {}
        }
        start += leaf.len();
    }
    agent.restore(state).unwrap();
    agent.iterate().unwrap().explained_variance
}

#[test]
fn a_perfect_critic_explains_all_the_variance_and_a_blind_one_none() {
    assert!((explained_variance(1.0) - 1.0).abs() < 1e-9);
    assert!(explained_variance(0.0).abs() < 1e-9);
    // 1 − (1 − ½)²
    assert!((explained_variance(0.5) - 0.75).abs() < 1e-6);
    assert!((explained_variance(-1.0) + 3.0).abs() < 1e-5);
}
