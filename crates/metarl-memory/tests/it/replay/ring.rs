//! The ring holds the newest rows, and forgets nothing else.

use metarl_core::StepBatch;
use metarl_memory::{Error, Replay, Transition};
use proptest::prelude::*;

use super::history::{Numbers, histories, rng};

proptest! {
    #[test]
    fn the_newest_rows_are_stored_under_their_indices(history in histories(40)) {
        let replay = history.replay();
        let stored = history.stored();
        prop_assert_eq!(replay.indices(), stored.clone());
        prop_assert_eq!(replay.len() as u64, stored.end - stored.start);
        prop_assert_eq!(replay.capacity(), history.n_kept * history.n_lanes);
        for index in 0..stored.end + 10 {
            let expected = stored.contains(&index).then(|| *history.get(index));
            prop_assert_eq!(replay.get(index), expected, "{}", index);
        }
    }

    #[test]
    fn sequences_start_where_all_their_steps_are_stored(
        history in histories(20),
        n_steps in 0..12_usize,
    ) {
        let replay = history.replay();
        let starts = replay.starts(n_steps);
        for index in history.stored() {
            let last = index + n_steps.saturating_sub(1) as u64 * history.n_lanes as u64;
            prop_assert_eq!(starts.contains(&index), history.stored().contains(&last));
        }
    }

    #[test]
    fn draws_are_starts(history in histories(20), n_steps in 1..12_usize, seed: u64) {
        let replay = history.replay();
        let starts = replay.starts(n_steps);
        let mut indices = [u64::MAX; 50];
        let drawn = replay.draw_starts(n_steps, &mut rng(seed), &mut indices);
        if starts.is_empty() {
            let stored = replay.len() / history.n_lanes;
            prop_assert_eq!(drawn, Err(Error::TooShort { needed: n_steps, stored }));
            prop_assert_eq!(indices, [u64::MAX; 50]);
        } else {
            prop_assert_eq!(drawn, Ok(()));
            prop_assert!(indices.iter().all(|index| starts.contains(index)));
        }
    }

    #[test]
    fn no_more_bytes_than_were_given(n_lanes in 1..20_usize, capacity_bytes in 0..5000_usize) {
        let row_bytes = n_lanes * (2 * 12 + 2 + 4 + 2);
        match Replay::<[f32; 3], u16>::new(n_lanes, capacity_bytes) {
            Ok(replay) => {
                let n_rows = replay.capacity() / n_lanes;
                prop_assert!(n_rows * row_bytes <= capacity_bytes);
                prop_assert!((n_rows + 1) * row_bytes > capacity_bytes);
            }
            Err(error) => {
                prop_assert!(capacity_bytes < row_bytes);
                let text = format!(
                    "capacity_bytes must be at least {row_bytes}, one transition of {n_lanes} \
                     lanes, got {capacity_bytes}"
                );
                prop_assert_eq!(error.to_string(), text);
            }
        }
    }
}

#[test]
fn every_transition_is_as_likely_as_any_other() {
    let mut replay = Replay::<u8, ()>::new(2, 8 * 14).unwrap();
    let step = StepBatch::new(2, 0);
    for _ in 0..7 {
        replay.push(&[0, 0], &[(), ()], &step).unwrap();
    }
    let (n_drawn, n_cells) = (160_000_usize, replay.len());
    assert_eq!(n_cells, 14);
    let mut indices = vec![0; n_drawn];
    replay.draw(&mut rng(3), &mut indices).unwrap();
    let mut counts = vec![0.0; n_cells];
    for index in indices {
        counts[(index - replay.indices().start) as usize] += 1.0;
    }
    let expected = n_drawn as f64 / n_cells as f64;
    let chi_square: f64 = counts
        .iter()
        .map(|n| (n - expected).powi(2) / expected)
        .sum();
    // 13 degrees of freedom: the 0.1 and 99.9 percent points.
    assert!((2.6..34.5).contains(&chi_square), "{chi_square}");
}

#[test]
fn what_is_refused_changes_nothing() {
    let mut replay = Numbers::new(2, 3 * 2 * Numbers::TRANSITION_BYTES).unwrap();
    let good = StepBatch::new(2, [0; 2]);
    replay.push(&[[0; 2]; 2], &[0; 2], &good).unwrap();
    let before = replay.clone();
    let with = |change: fn(&mut StepBatch<[u32; 2]>)| {
        let mut step = good.clone();
        change(&mut step);
        step
    };
    let mut push = |n_observations: usize, n_actions: usize, step: &StepBatch<[u32; 2]>| {
        let error = replay
            .push(&vec![[1; 2]; n_observations], &vec![1; n_actions], step)
            .unwrap_err();
        assert_eq!(replay, before, "after {error}");
        error.to_string()
    };
    assert_eq!(
        [
            push(1, 2, &good),
            push(2, 3, &good),
            push(2, 2, &with(|step| step.successor.clear())),
            push(2, 2, &with(|step| step.terminated.push(true))),
            push(2, 2, &with(|step| step.truncated.truncate(1))),
            push(2, 2, &with(|step| step.reward[1] = f32::NAN)),
            push(2, 2, &with(|step| step.reward[0] = f32::NEG_INFINITY)),
        ],
        [
            "observation has 1 entries, must have 2",
            "action has 3 entries, must have 2",
            "successor has 0 entries, must have 2",
            "terminated has 3 entries, must have 2",
            "truncated has 1 entries, must have 2",
            "reward has NaN at 1; every number must be finite",
            "reward has -inf at 0; every number must be finite",
        ]
    );
}

#[test]
fn a_replay_without_lanes_or_memory_is_refused() {
    for (n_lanes, capacity_bytes) in [(0, 1000), (1, 0), (usize::MAX, 1000)] {
        let error = Numbers::new(n_lanes, capacity_bytes).unwrap_err();
        assert!(matches!(error, Error::OutOfRange { .. }), "{error}");
    }
    let error = Numbers::new(1, usize::MAX).unwrap_err();
    assert!(matches!(error, Error::OutOfMemory { .. }), "{error}");
}

#[test]
fn one_row_of_nothing_but_rewards_is_a_replay() {
    let mut replay = Replay::<(), ()>::new(1, 6).unwrap();
    let mut step = StepBatch::new(1, ());
    for t in 0..3_u8 {
        step.reward[0] = f32::from(t);
        replay.push(&[()], &[()], &step).unwrap();
    }
    assert_eq!(replay.indices(), 2..3);
    let newest = Transition {
        observation: (),
        action: (),
        reward: 2.0,
        successor: (),
        terminated: false,
        truncated: false,
    };
    assert_eq!(replay.get(2), Some(newest));
}
