//! What is written down is read back to the last bit, or refused.

use metarl_core::StepBatch;
use metarl_memory::{
    GoalStrategy, Hindsight, NStep, NStepBatch, Prioritized, SequenceBatch, Sequences, SumTree,
};
use proptest::collection::vec;
use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::history::{Numbers, histories, rng};

fn reread<T: Serialize + DeserializeOwned>(value: &T) -> T {
    serde_json::from_str(&serde_json::to_string(value).expect("what was just written"))
        .expect("what was just written")
}

/// What an agent sees of both when it goes on: draws, weights and batches.
fn go_on(replay: &mut Numbers, prioritized: &mut Prioritized) -> Vec<String> {
    let mut rng = rng(9);
    let mut seen = Vec::new();
    let n_lanes = replay.n_lanes();
    for round in 0..4_u16 {
        let (mut indices, mut weights) = (vec![0; 5], vec![0.0; 5]);
        let drawn = prioritized.draw(replay, 0.7, &mut rng, &mut indices, &mut weights);
        seen.push(format!("{drawn:?} {indices:?} {weights:?}"));
        if drawn.is_ok() {
            let mut batch = NStepBatch::default();
            let gathered = NStep::new(3, 0.9)
                .expect("a replay that works")
                .gather(replay, &indices, &mut batch);
            seen.push(format!("{gathered:?} {batch:?}"));
            let updated = prioritized.update(&indices, &[0.1, 2.0, 0.3, f32::from(round), 0.5]);
            seen.push(format!("{updated:?}"));
        }
        let drawn = replay.draw_starts(2, &mut rng, &mut indices);
        let mut batch = SequenceBatch::default();
        let gathered = Sequences::new(1, 1)
            .expect("a replay that works")
            .gather(replay, &indices, &mut batch);
        seen.push(format!("{drawn:?} {indices:?} {gathered:?} {batch:?}"));
        let step = StepBatch::new(n_lanes, [u32::from(round); 2]);
        replay
            .push(&vec![[1; 2]; n_lanes], &vec![round; n_lanes], &step)
            .expect("a replay that works");
    }
    seen
}

proptest! {
    #[test]
    fn a_replay_goes_on_as_if_nothing_had_been(
        history in histories(30),
        n_steps in 1..4_usize,
        alpha in 0.0..1.0_f64,
        priority in vec(0.0..3.0_f32, 5),
    ) {
        let mut replay = history.replay();
        let mut prioritized = Prioritized::new(&replay, n_steps, alpha).unwrap();
        let (mut indices, mut weights) = ([0; 5], [0.0; 5]);
        if prioritized.draw(&replay, 0.5, &mut rng(2), &mut indices, &mut weights).is_ok() {
            prioritized.update(&indices, &priority).unwrap();
        }
        let (mut replay_again, mut prioritized_again) = (reread(&replay), reread(&prioritized));
        prop_assert_eq!(&replay_again, &replay);
        prop_assert_eq!(&prioritized_again, &prioritized);
        prop_assert_eq!(
            go_on(&mut replay_again, &mut prioritized_again),
            go_on(&mut replay, &mut prioritized)
        );
    }

    /// Whatever a field is replaced by, what is read either is refused or works.
    #[test]
    fn a_corrupted_replay_is_refused_or_works(
        history in histories(12),
        which: prop::sample::Index,
        fault in faults(),
    ) {
        let mut written = serde_json::to_value(history.replay()).unwrap();
        corrupt(&mut written, &which, &fault);
        if let Ok(mut replay) = serde_json::from_value::<Numbers>(written)
            && replay.n_lanes() <= 100
        {
            prop_assert!(replay.len() <= replay.capacity());
            prop_assert!(replay.capacity().is_multiple_of(replay.n_lanes()));
            prop_assert!(replay.indices().all(|i| replay.get(i).unwrap().reward.is_finite()));
            if replay.capacity() <= 1000 {
                let mut prioritized = Prioritized::new(&replay, 2, 0.5).unwrap();
                go_on(&mut replay, &mut prioritized);
            }
        }
    }

    #[test]
    fn corrupted_priorities_are_refused_or_work(
        history in histories(12),
        which: prop::sample::Index,
        fault in faults(),
    ) {
        let mut replay = history.replay();
        let mut prioritized = Prioritized::new(&replay, 1, 0.5).unwrap();
        let _ = prioritized.draw(&replay, 0.5, &mut rng(2), &mut [0], &mut [0.0]);
        let mut written = serde_json::to_value(&prioritized).unwrap();
        corrupt(&mut written, &which, &fault);
        if let Ok(mut prioritized) = serde_json::from_value::<Prioritized>(written) {
            go_on(&mut replay, &mut prioritized);
        }
    }

    #[test]
    fn what_was_cut_off_is_refused(history in histories(12), length: prop::sample::Index) {
        let written = serde_json::to_string(&history.replay()).unwrap();
        let cut = &written[..length.index(written.len())];
        prop_assert!(serde_json::from_str::<Numbers>(cut).is_err());
    }
}

fn faults() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (0..20_u64).prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e39..1e39_f64).prop_map(Value::from),
        vec(0..3_u8, 0..4).prop_map(Value::from),
    ]
}

/// Replaces one value, of all there are at any depth.
fn corrupt(written: &mut Value, which: &prop::sample::Index, fault: &Value) {
    fn count(value: &Value) -> usize {
        1 + match value {
            Value::Array(values) => values.iter().map(count).sum(),
            Value::Object(fields) => fields.values().map(count).sum(),
            _ => 0_usize,
        }
    }
    fn replace(value: &mut Value, n_before: &mut usize, fault: &Value) {
        if *n_before == 0 {
            *value = fault.clone();
        }
        *n_before = n_before.wrapping_sub(1);
        match value {
            Value::Array(values) => {
                values
                    .iter_mut()
                    .for_each(|value| replace(value, n_before, fault));
            }
            Value::Object(fields) => {
                fields
                    .values_mut()
                    .for_each(|value| replace(value, n_before, fault));
            }
            _ => {}
        }
    }
    let mut n_before = which.index(count(written));
    replace(written, &mut n_before, fault);
}

/// What is said of one replaced field.
fn refusal(field: &str, value: Value) -> String {
    let mut replay = Numbers::new(2, 4 * Numbers::TRANSITION_BYTES).expect("a replay of two lanes");
    for _ in 0..3 {
        let step = StepBatch::new(2, [0; 2]);
        replay
            .push(&[[0; 2]; 2], &[0; 2], &step)
            .expect("a replay of two lanes");
    }
    let mut written = serde_json::to_value(replay).expect("a replay of two lanes");
    written[field] = value;
    serde_json::from_value::<Numbers>(written)
        .expect_err("a corrupted field")
        .to_string()
}

#[test]
fn refusals_name_the_field() {
    let said = [
        refusal("n_lanes", 0.into()),
        refusal("n_lanes", 3.into()),
        refusal("capacity", 0.into()),
        refusal("capacity", (1_u64 << 62).into()),
        refusal("n_pushed", 5.into()),
        refusal("n_pushed", (u64::MAX - 1).into()),
        refusal("n_pushed", 2.into()),
        refusal("oldest_is_first", vec![true].into()),
        refusal("reward", vec![0.0].into()),
        refusal("reward", vec![1e300, 0.0, 0.0, 0.0].into()),
    ];
    assert_eq!(
        said,
        [
            "n_lanes must be at least 1, got 0",
            "capacity must be a whole number of rows of 3 lanes, got 4",
            "capacity must be a whole number of rows of 2 lanes, got 0",
            "observation has 4 entries, must have 6",
            "n_pushed must be a whole number of rows of 2 lanes, got 5",
            "n_pushed must be a whole number of rows of 2 lanes, got 18446744073709551614",
            "observation has 4 entries, must have 2",
            "oldest_is_first has 1 entries, must have 2",
            "reward has 1 entries, must have 4",
            "reward has inf at 0; every number must be finite",
        ]
    );
}

#[test]
fn memory_is_asked_for_at_once_or_refused() {
    let mut replay = Numbers::new(1, 1000 * Numbers::TRANSITION_BYTES).unwrap();
    let step = StepBatch::new(1, [0; 2]);
    replay.push(&[[0; 2]], &[0], &step).unwrap();
    let mut written = serde_json::to_value(&replay).unwrap();
    let mut replay: Numbers = serde_json::from_value(written.clone()).unwrap();
    let allocated = allocation_counter::measure(|| {
        for _ in 0..2000 {
            replay.push(&[[0; 2]], &[0], &step).unwrap();
        }
    });
    assert_eq!(allocated.count_total, 0);

    written["capacity"] = (1_u64 << 62).into();
    let error = serde_json::from_value::<Numbers>(written).unwrap_err();
    assert_eq!(
        error.to_string(),
        "18446744073709551615 bytes were asked for, more than there is memory"
    );
}

#[test]
fn small_types_survive() {
    let n_step = NStep::new(3, 0.9).unwrap();
    assert_eq!(reread(&n_step), n_step);
    let hindsight = Hindsight::new(n_step, GoalStrategy::Future, 0.8).unwrap();
    assert_eq!(reread(&hindsight), hindsight);
    let sequences = Sequences::new(2, 5).unwrap();
    assert_eq!(reread(&sequences), sequences);
    let tree = SumTree::try_from(vec![0.1, 0.2, 0.3]).unwrap();
    assert_eq!(reread(&tree), tree);
    assert!(serde_json::from_str::<SumTree>("[]").is_err());
    assert!(serde_json::from_str::<SumTree>("[1.0, -1.0]").is_err());
}
