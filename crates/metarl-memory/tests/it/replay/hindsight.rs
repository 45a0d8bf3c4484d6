//! Goals in hindsight come from the steps they may come from, and nothing else changes.

use std::collections::BTreeSet;

use metarl_core::Outcome;
use metarl_memory::{Error, GoalStrategy, Goals, Hindsight, NStep, NStepBatch};
use proptest::prelude::*;

use super::history::{Action, History, Observation, histories, rng};

/// A goal is a counter. Whoever wants one sees it in place of the lane, 1000 higher.
struct Counters;

const WANTED: u32 = 1000;

impl Goals<Observation> for Counters {
    type Goal = u32;

    fn achieved(&self, observation: &Observation) -> u32 {
        observation[1]
    }

    fn with_goal(&self, observation: &Observation, goal: &u32) -> Observation {
        [WANTED + goal, observation[1]]
    }

    fn outcome(&self, achieved: &u32, goal: &u32) -> Outcome {
        Outcome {
            reward: if achieved == goal { 0.0 } else { -1.0 },
            terminated: achieved == goal,
        }
    }
}

/// The indices whose achievement may become the goal of a step.
fn allowed(history: &History, index: u64, strategy: GoalStrategy) -> BTreeSet<u64> {
    let rest = history.rest_of_episode(index);
    match strategy {
        GoalStrategy::Final => rest.last().copied().into_iter().collect(),
        GoalStrategy::Future => rest.into_iter().collect(),
        GoalStrategy::Episode => history
            .stored()
            .filter(|other| {
                history
                    .rest_of_episode(*other)
                    .ends_with(&rest[rest.len() - 1..])
            })
            .collect(),
    }
}

fn gather(
    history: &History,
    hindsight: Hindsight,
    indices: &[u64],
    seed: u64,
) -> NStepBatch<Observation, Action> {
    let mut batch = NStepBatch::default();
    hindsight
        .gather(
            &history.replay(),
            &Counters,
            indices,
            &mut rng(seed),
            &mut batch,
        )
        .expect("stored indices");
    batch
}

const STRATEGIES: [GoalStrategy; 3] = [
    GoalStrategy::Final,
    GoalStrategy::Future,
    GoalStrategy::Episode,
];

proptest! {
    #[test]
    fn goals_and_targets_are_those_of_the_episode(
        history in histories(25),
        n in 1..4_usize,
        strategy in prop::sample::select(STRATEGIES.to_vec()),
        seed: u64,
    ) {
        prop_assume!(!history.rows.is_empty());
        let hindsight = Hindsight::new(NStep::new(n, 0.5).unwrap(), strategy, 1.0).unwrap();
        let indices: Vec<_> = history.stored().collect();
        let batch = gather(&history, hindsight, &indices, seed);
        for (entry, &index) in indices.iter().enumerate() {
            let [goal, counter] = batch.observation[entry];
            prop_assert_eq!(counter, history.get(index).observation[1]);
            prop_assert_eq!(batch.action[entry], history.get(index).action);
            let goal = goal - WANTED;
            let allowed = allowed(&history, index, strategy);
            let achieved = |index: &u64| history.get(*index).successor[1];
            prop_assert!(allowed.iter().any(|index| achieved(index) == goal));

            let (mut reward, mut discount, mut last, mut arrived) = (0.0, 1.0, index, false);
            for step in history.rest_of_episode(index).into_iter().take(n) {
                arrived = achieved(&step) == goal;
                reward -= if arrived { 0.0 } else { discount };
                discount *= 0.5;
                last = step;
                if arrived {
                    break;
                }
            }
            prop_assert_eq!(batch.reward[entry], reward);
            prop_assert_eq!(batch.bootstrap_discount[entry], if arrived { 0.0 } else { discount });
            prop_assert_eq!(batch.successor[entry], [WANTED + goal, achieved(&last)]);
        }
    }

    #[test]
    fn without_hindsight_nothing_changes(history in histories(25), n in 1..4_usize) {
        prop_assume!(!history.rows.is_empty());
        let n_step = NStep::new(n, 0.5).unwrap();
        let indices: Vec<_> = history.stored().collect();
        let mut expected = NStepBatch::default();
        n_step.gather(&history.replay(), &indices, &mut expected).unwrap();
        for strategy in STRATEGIES {
            let hindsight = Hindsight::new(n_step, strategy, 0.0).unwrap();
            prop_assert_eq!(&gather(&history, hindsight, &indices, 1), &expected);
        }
    }

    /// Drawn often enough, each step that may give the goal does.
    #[test]
    fn every_allowed_goal_comes_up(
        history in histories(10),
        which: prop::sample::Index,
        strategy in prop::sample::select(STRATEGIES.to_vec()),
    ) {
        prop_assume!(!history.rows.is_empty());
        let stored = history.stored();
        let index = stored.start + which.index((stored.end - stored.start) as usize) as u64;
        let hindsight = Hindsight::new(NStep::new(1, 0.5).unwrap(), strategy, 1.0).unwrap();
        let batch = gather(&history, hindsight, &[index; 400], 1);
        let found: BTreeSet<_> = batch.observation.iter().map(|o| o[0] - WANTED).collect();
        let allowed = allowed(&history, index, strategy);
        let expected = allowed.iter().map(|index| history.get(*index).successor[1]);
        prop_assert_eq!(found, expected.collect::<BTreeSet<_>>());
    }
}

#[test]
fn the_ratio_is_that_of_goals_in_hindsight() {
    let history = one_episode(4);
    let hindsight = Hindsight::new(NStep::new(1, 0.5).unwrap(), GoalStrategy::Future, 0.8).unwrap();
    let batch = gather(&history, hindsight, &[1; 10_000], 2);
    let n = batch.observation.iter().filter(|o| o[0] >= WANTED).count();
    // Four standard deviations of 40.
    assert!((7840..8160).contains(&n), "{n}");
}

#[test]
fn a_reward_that_is_no_number_is_refused() {
    struct Undefined;
    impl Goals<Observation> for Undefined {
        type Goal = ();
        fn achieved(&self, _: &Observation) {}
        fn with_goal(&self, observation: &Observation, (): &()) -> Observation {
            *observation
        }
        fn outcome(&self, (): &(), (): &()) -> Outcome {
            Outcome {
                reward: f32::NAN,
                terminated: false,
            }
        }
    }
    let replay = one_episode(3).replay();
    let hindsight = Hindsight::new(NStep::new(1, 0.5).unwrap(), GoalStrategy::Final, 1.0).unwrap();
    let mut batch = NStepBatch::default();
    let error = hindsight
        .gather(&replay, &Undefined, &[0, 1], &mut rng(1), &mut batch)
        .unwrap_err();
    assert!(
        matches!(
            error,
            Error::NonFinite {
                name: "reward",
                position: 0,
                ..
            }
        ),
        "{error}"
    );
    assert_eq!(batch, NStepBatch::default());
    for ratio in [-0.1, 1.1, f64::NAN] {
        let n_step = NStep::new(1, 0.5).unwrap();
        assert!(Hindsight::new(n_step, GoalStrategy::Final, ratio).is_err());
    }
}

fn one_episode(n_steps: usize) -> History {
    let rows = vec![(vec![(0, 7)], false); n_steps];
    History::new(1, n_steps, &rows)
}
