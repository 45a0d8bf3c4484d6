//! Every public data type survives being written and read.

use std::fmt::Debug;

use metarl_core::{
    Continuous, DecisionBatch, Discrete, PreviousStep, Purpose, Returns, Rollout, Seed, Split,
    StepBatch, TrialObservation, TrialSpace, UniformPolicy, collect,
};
use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::counting::Episode::{Terminates, Truncates};
use crate::counting::{Counting, Remembering, rngs};

fn reread<T: Serialize + DeserializeOwned>(value: &T) -> T {
    serde_json::from_str(&serde_json::to_string(value).unwrap()).unwrap()
}

#[track_caller]
fn survives<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
    assert_eq!(&reread(value), value);
}

#[test]
fn small_types() {
    survives(&Seed::new(u64::MAX));
    survives(&Split::Test);
    survives(&Discrete::<3>);
    survives(&UniformPolicy(Discrete::<3>));
    survives(&TrialSpace::<Discrete<2>, Discrete<3>>::default());
    survives(&Continuous::<2> {
        low: -0.1,
        high: 0.3,
    });
    survives(&Returns {
        mean: 6.625,
        standard_error: 0.0078125,
        n_episodes: 50_000,
    });
}

#[test]
fn names_in_files_are_kebab_case_and_stay() {
    let written = |purpose| serde_json::to_string(&purpose).unwrap();

    assert_eq!(written(Purpose::Initialization), "\"initialization\"");
    assert_eq!(written(Purpose::EvaluationTask), "\"evaluation-task\"");
    assert_eq!(reread(&Purpose::Baseline), Purpose::Baseline);
    assert_eq!(serde_json::to_string(&Split::Train).unwrap(), "\"train\"");
    assert_eq!(serde_json::to_string(&Seed::new(7)).unwrap(), "7");
}

#[test]
fn a_rollout() {
    let schedules = [vec![Terminates(2)], vec![Truncates(3)]];
    let mut rollout = Rollout::new(7, 2, [0.0; 2], 0);
    collect(
        &mut Counting::new(&schedules),
        &mut Remembering::new(2),
        &mut rngs(3, 2),
        &mut rollout,
    )
    .unwrap();

    survives(&rollout);
}

fn finite() -> impl Strategy<Value = f32> {
    prop::num::f32::NORMAL | prop::num::f32::ZERO | prop::num::f32::SUBNORMAL
}

proptest! {
    #[test]
    fn batches_to_the_last_bit(
        number in prop::collection::vec((finite(), finite(), finite()), 0..5),
        flag in any::<(bool, bool)>(),
        action in prop::option::of(0_usize..9),
    ) {
        let n = number.len();
        let column = |pick: fn(&(f32, f32, f32)) -> f32| number.iter().map(pick).collect::<Vec<_>>();
        let step = StepBatch {
            observation: number.iter().map(|(x, y, _)| [*x, *y]).collect(),
            successor: number.iter().map(|(_, y, z)| [*y, *z]).collect(),
            reward: column(|row| row.0),
            terminated: vec![flag.0; n],
            truncated: vec![flag.1; n],
        };
        let decision = DecisionBatch {
            action: number.iter().map(|(x, _, z)| [*z, *x]).collect(),
            log_prob: column(|row| row.1),
            value: column(|row| row.2),
        };
        let seen: Vec<_> = number
            .iter()
            .map(|(x, y, reward)| TrialObservation {
                observation: [*x, *y],
                previous: action.map(|action| PreviousStep {
                    observation: [*y, *x],
                    action,
                    reward: *reward,
                }),
                episode_start: flag.0,
            })
            .collect();

        prop_assert_eq!(reread(&step), step);
        prop_assert_eq!(reread(&decision), decision);
        prop_assert_eq!(reread(&seen), seen);
    }
}
