//! [`Trial`]: many episodes as one, with what came of each action shown.

use metarl_core::{
    Environment, Error, PreviousStep, Purpose, Rollout, Seed, StepBatch, Trial, TrialObservation,
    UniformPolicy, collect,
};
use proptest::prelude::*;

use crate::counting::Episode::{Terminates, Truncates};
use crate::counting::{Counting, Episode, SPACE, rngs};

type Seen = TrialObservation<[f32; 2], usize>;

/// What `actions` lead to in a trial with one lane: the first observation, then each step.
fn run(schedule: &[Episode], n_episodes: u32, actions: &[usize]) -> (Seen, Vec<StepBatch<Seen>>) {
    let mut trial = Trial::new(Counting::new(&[schedule.to_vec()]), n_episodes).unwrap();
    let mut step = StepBatch::new(1, opening([-1.0; 2]));
    trial.reset(&mut step.observation).unwrap();
    let first = step.observation[0];
    let steps = actions.iter().map(|action| {
        trial.step(&[*action], &mut step).unwrap();
        step.clone()
    });
    (first, steps.collect())
}

fn opening(observation: [f32; 2]) -> Seen {
    TrialObservation {
        observation,
        previous: None,
        episode_start: true,
    }
}

/// What is seen after `before` was acted on.
fn after(
    before: [f32; 2],
    (action, reward): (usize, f32),
    observation: [f32; 2],
    episode_start: bool,
) -> Seen {
    TrialObservation {
        observation,
        previous: Some(PreviousStep {
            observation: before,
            action,
            reward,
        }),
        episode_start,
    }
}

#[test]
fn memory_lives_through_the_episodes_and_ends_with_the_last() {
    let schedule = [Terminates(2), Truncates(1), Terminates(1)];

    let (first, steps) = run(&schedule, 2, &[1, 0, 1, 0]);

    assert_eq!(first, opening([0.0, 0.0]));
    let seen: Vec<Seen> = steps.iter().map(|step| step.observation[0]).collect();
    let expected = [
        after([0.0, 0.0], (1, 101.0), [0.0, 1.0], false),
        after([0.0, 1.0], (0, 2.0), [1.0, 0.0], true),
        opening([2.0, 0.0]),
        after([2.0, 0.0], (0, 1.0), [3.0, 0.0], true),
    ];
    assert_eq!(seen, expected);
    let last = after([1.0, 0.0], (1, 101.0), [2.0, 0.0], true);
    assert_eq!(steps[2].successor[0], last);
    let terminated: Vec<bool> = steps.iter().map(|step| step.terminated[0]).collect();
    assert_eq!(terminated, [false, false, true, false]);
    let rewards: Vec<f32> = steps.iter().map(|step| step.reward[0]).collect();
    assert_eq!(rewards, [101.0, 2.0, 101.0, 1.0]);
}

#[test]
fn a_trial_has_at_least_one_episode() {
    let error = Trial::new(Counting::new(&[vec![Terminates(1)]]), 0).unwrap_err();

    assert_eq!(error.to_string(), "n_episodes must be at least 1, got 0");
}

#[test]
fn a_reset_forgets_the_episodes_so_far() {
    let mut trial = Trial::new(Counting::new(&[vec![Terminates(1)]]), 2).unwrap();
    let mut step = StepBatch::new(1, opening([0.0; 2]));

    for _ in 0..3 {
        trial.reset(&mut step.observation).unwrap();
        trial.step(&[0], &mut step).unwrap();
        assert!(!step.terminated[0]);
    }
    trial.step(&[0], &mut step).unwrap();
    assert!(step.terminated[0]);
}

#[test]
fn a_task_reaches_the_environment_inside_at_the_next_reset() {
    let mut trial = Trial::new(Counting::new(&[vec![Terminates(1)]]), 1).unwrap();
    let mut step = StepBatch::new(1, opening([0.0; 2]));
    let rng = Seed::new(0).stream(Purpose::Environment, 0, 0, 0);

    trial.assign(0, &vec![Terminates(2)], rng).unwrap();
    trial.reset(&mut step.observation).unwrap();

    trial.step(&[0], &mut step).unwrap();
    assert!(!step.terminated[0]);
    trial.step(&[0], &mut step).unwrap();
    assert!(step.terminated[0]);
}

#[test]
fn disagreeing_lanes_are_named() {
    let mut trial = Trial::new(Counting::new(&[vec![Terminates(1)]]), 1).unwrap();
    let mut two = StepBatch::new(2, opening([0.0; 2]));
    let mut one = StepBatch::new(1, opening([0.0; 2]));

    let mismatch = |name, got| {
        Err(Error::LaneMismatch {
            name,
            expected: 1,
            got,
        })
    };
    assert_eq!(
        trial.reset(&mut two.observation),
        mismatch("observation", 2)
    );
    assert_eq!(trial.reset(&mut one.observation), Ok(()));
    assert_eq!(trial.step(&[0], &mut two), mismatch("step", 2));
    assert_eq!(trial.step(&[0, 0], &mut one), mismatch("action", 2));
}

fn schedules() -> impl Strategy<Value = Vec<Vec<Episode>>> {
    let episode = prop_oneof![
        (1_u32..5).prop_map(Terminates),
        (1_u32..5).prop_map(Truncates),
    ];
    prop::collection::vec(prop::collection::vec(episode, 1..5), 1..4)
}

proptest! {
    /// A lane's trial covers exactly `n_episodes` episodes, is never truncated, and shows at each
    /// row what was seen, done and earned at the row before, unless a trial has just begun.
    #[test]
    fn a_trial_is_its_episodes_in_a_row(
        schedules in schedules(),
        n_episodes in 1_u32..4,
        n_steps in 1_usize..40,
        seed in any::<u64>(),
    ) {
        let n = schedules.len();
        let mut trial = Trial::new(Counting::new(&schedules), n_episodes).unwrap();
        let mut rollout = Rollout::new(n_steps, n, opening([0.0; 2]), 0);

        collect(&mut trial, &mut UniformPolicy(SPACE), &mut rngs(seed, n), &mut rollout).unwrap();

        prop_assert!(!rollout.truncated.contains(&true));
        for (lane, schedule) in schedules.iter().enumerate() {
            let lengths = schedule.iter().cycle().map(|episode| episode.length() as usize);
            let ends: Vec<usize> = lengths
                .scan(0, |end, length| {
                    *end += length;
                    Some(*end)
                })
                .take_while(|end| *end <= n_steps)
                .collect();
            for t in 0..n_steps {
                let i = t * n + lane;
                let episodes_before = ends.iter().filter(|end| **end <= t).count();
                let opens_episode = t == 0 || ends.contains(&t);
                let opens_trial =
                    opens_episode && episodes_before.is_multiple_of(n_episodes as usize);
                let episodes_after = ends.iter().filter(|end| **end <= t + 1).count();
                let closes_trial = ends.contains(&(t + 1))
                    && episodes_after.is_multiple_of(n_episodes as usize);
                let seen = &rollout.observation[i];
                let before = (!opens_trial).then(|| i - n);

                prop_assert_eq!(rollout.first[i], opens_trial);
                prop_assert_eq!(rollout.terminated[i], closes_trial);
                prop_assert_eq!(seen.episode_start, opens_episode);
                prop_assert_eq!(seen.observation[0], episodes_before as f32);
                let expected = before.map(|i| PreviousStep {
                    observation: rollout.observation[i].observation,
                    action: rollout.action[i],
                    reward: rollout.reward[i],
                });
                prop_assert_eq!(seen.previous, expected);
            }
        }
    }
}
