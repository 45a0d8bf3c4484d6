//! A replay that is full asks for no more memory.

use metarl_core::{Outcome, StepBatch};
use metarl_memory::{
    GoalStrategy, Goals, Hindsight, NStep, NStepBatch, Prioritized, Replay, SequenceBatch,
    Sequences,
};

use super::history::rng;

struct Places;

impl Goals<[f32; 2]> for Places {
    type Goal = f32;
    fn achieved(&self, observation: &[f32; 2]) -> f32 {
        observation[0]
    }
    fn with_goal(&self, observation: &[f32; 2], goal: &f32) -> [f32; 2] {
        [observation[0], *goal]
    }
    fn outcome(&self, achieved: &f32, goal: &f32) -> Outcome {
        Outcome {
            reward: -(achieved - goal).abs(),
            terminated: false,
        }
    }
}

#[test]
fn steps_and_draws_allocate_nothing_once_they_have_run() {
    let mut replay = Replay::<[f32; 2], usize>::new(4, 10_000).unwrap();
    let mut prioritized = Prioritized::new(&replay, 3, 0.6).unwrap();
    let n_step = NStep::new(3, 0.99).unwrap();
    let sequences = Sequences::new(1, 2).unwrap();
    let hindsight = Hindsight::new(n_step, GoalStrategy::Episode, 0.5).unwrap();
    let mut step = StepBatch::new(4, [0.0; 2]);
    let (mut batch, mut stretches) = (NStepBatch::default(), SequenceBatch::default());
    let (mut indices, mut weights) = ([0; 32], [0.0; 32]);
    let mut rng = rng(1);
    let mut work = |n_rounds: usize| {
        for round in 0..n_rounds {
            step.truncated.fill(round % 7 == 6);
            replay.push(&[[1.0; 2]; 4], &[0; 4], &step).unwrap();
            if round < 5 {
                continue;
            }
            replay.draw(&mut rng, &mut indices).unwrap();
            n_step.gather(&replay, &indices, &mut batch).unwrap();
            hindsight
                .gather(&replay, &Places, &indices, &mut rng, &mut batch)
                .unwrap();
            prioritized
                .draw(&replay, 0.5, &mut rng, &mut indices, &mut weights)
                .unwrap();
            sequences.gather(&replay, &indices, &mut stretches).unwrap();
            prioritized.update(&indices, &weights).unwrap();
        }
    };
    // All of a replay's memory is asked for when it is made: a few rounds make room for the rest.
    work(6);
    let allocated = allocation_counter::measure(|| work(500));
    assert_eq!(allocated.count_total, 0);
}
