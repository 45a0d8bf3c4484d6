//! What an environment of the vocabulary gives arrives with its seams.

use metarl_core::{
    Continuous, Discrete, Environment, Error, Lanes, Outcome, Process, Purpose, Rng, Rollout, Seed,
    StepBatch, UniformPolicy, collect,
};
use metarl_memory::{Replay, SequenceBatch, Sequences};

const N_LANES: usize = 3;
const N_STEPS: usize = 60;

/// A walk on a line that ends three steps from where it began, or is cut after seven.
struct Walk;

impl Process for Walk {
    type Task = ();
    type Model = ();
    type State = i8;
    type ObservationSpace = Continuous<1>;
    type ActionSpace = Discrete<2>;
    const NAME: &'static str = "walk";

    fn observation_space(&self) -> Continuous<1> {
        Continuous::UNBOUNDED
    }

    fn action_space(&self) -> Discrete<2> {
        Discrete
    }

    fn max_steps(&self) -> Option<u32> {
        Some(7)
    }

    fn model(&self, (): &()) -> Result<(), Error> {
        Ok(())
    }

    fn start(&self, (): &(), _: &mut Rng) -> i8 {
        0
    }

    fn observe(&self, (): &(), at: &i8) -> [f32; 1] {
        [f32::from(*at)]
    }

    fn advance(&self, (): &(), at: &mut i8, action: &usize, _: &mut Rng) -> Outcome {
        *at += if *action == 0 { -1 } else { 1 };
        Outcome {
            reward: f32::from(*at),
            terminated: at.abs() == 3,
        }
    }
}

fn walks() -> Lanes<Walk> {
    let mut walks = Lanes::of(Walk, N_LANES);
    for lane in 0..N_LANES {
        let rng = Seed::new(1).stream(Purpose::Environment, 0, lane as u64, 0);
        walks.assign(lane, &(), rng).expect("every task is one");
    }
    walks
}

#[test]
fn a_sequence_of_everything_is_the_rollout() {
    let mut rollout = Rollout::new(N_STEPS, N_LANES, [0.0], 0);
    let lanes = 0..N_LANES as u64;
    let mut rngs: Vec<_> = lanes
        .map(|lane| Seed::new(1).stream(Purpose::Policy, 0, lane, 0))
        .collect();
    let mut policy = UniformPolicy(Discrete::<2>);
    collect(&mut walks(), &mut policy, &mut rngs, &mut rollout).unwrap();
    assert!(rollout.terminated.contains(&true) && rollout.truncated.contains(&true));

    let mut replay = Replay::new(N_LANES, 10_000).unwrap();
    let mut walks = walks();
    let mut step = StepBatch::new(N_LANES, [0.0]);
    walks.reset(&mut step.observation).unwrap();
    for action in rollout.action.chunks(N_LANES) {
        let observation = step.observation.clone();
        walks.step(action, &mut step).unwrap();
        replay.push(&observation, action, &step).unwrap();
    }
    let mut batch = SequenceBatch::default();
    let all = Sequences::new(0, N_STEPS).unwrap();
    all.gather(&replay, &[0, 1, 2], &mut batch).unwrap();

    assert_eq!(batch.observation, rollout.observation);
    assert_eq!(batch.first, rollout.first);
    assert_eq!(batch.action, rollout.action);
    assert_eq!(batch.reward, rollout.reward);
    assert_eq!(batch.terminated, rollout.terminated);
    assert_eq!(batch.truncated, rollout.truncated);
    // A walk earns where it is, so what a step reached is known even where the lane was reset.
    let reached: Vec<_> = rollout.reward.iter().map(|reward| [*reward]).collect();
    assert_eq!(batch.successor, reached);
}
