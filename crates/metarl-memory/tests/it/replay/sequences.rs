//! Sequences, beside the history they are cut from.

use metarl_memory::{Error, SequenceBatch, Sequences};
use proptest::prelude::*;

use super::history::histories;

proptest! {
    #[test]
    fn are_what_happened_with_resets_flagged(
        history in histories(30),
        n_burn_in in 0..3_usize,
        n_learned in 1..4_usize,
    ) {
        let replay = history.replay();
        let sequences = Sequences::new(n_burn_in, n_learned).unwrap();
        let n_steps = sequences.n_steps();
        prop_assert_eq!(n_steps, n_burn_in + n_learned);
        let starts: Vec<_> = replay.starts(n_steps).collect();
        let mut batch = SequenceBatch::default();
        let gathered = sequences.gather(&replay, &starts, &mut batch);
        if history.rows.len().min(history.n_kept) < n_steps {
            let stored = history.rows.len().min(history.n_kept);
            prop_assert_eq!(gathered, Err(Error::TooShort { needed: n_steps, stored }));
            return Ok(());
        }
        prop_assert_eq!(gathered, Ok(()));
        prop_assert_eq!(batch.reward.len(), starts.len() * n_steps);
        for t in 0..n_steps {
            for (s, start) in starts.iter().enumerate() {
                let index = start + (t * history.n_lanes) as u64;
                let expected = history.get(index);
                let before = index.checked_sub(history.n_lanes as u64).map(|i| history.get(i));
                let first = before.is_none_or(|before| before.terminated || before.truncated);
                let entry = t * starts.len() + s;
                prop_assert_eq!(batch.observation[entry], expected.observation);
                prop_assert_eq!(batch.first[entry], first, "{}", index);
                prop_assert_eq!(batch.action[entry], expected.action);
                prop_assert_eq!(batch.reward[entry], expected.reward);
                prop_assert_eq!(batch.successor[entry], expected.successor);
                prop_assert_eq!(batch.terminated[entry], expected.terminated);
                prop_assert_eq!(batch.truncated[entry], expected.truncated);
            }
        }
    }

    #[test]
    fn that_would_cross_the_seam_are_refused(history in histories(30), n_steps in 1..6_usize) {
        let replay = history.replay();
        let starts = replay.starts(n_steps);
        let mut batch = SequenceBatch::default();
        if starts.is_empty() {
            return Ok(());
        }
        for index in [Some(starts.end), starts.start.checked_sub(1)].into_iter().flatten() {
            let refused = Sequences::new(0, n_steps).unwrap().gather(&replay, &[index], &mut batch);
            let starts = starts.clone();
            prop_assert_eq!(refused, Err(Error::NotStored { index, n_steps, starts }));
        }
    }
}

#[test]
fn parameters_outside_their_range_are_refused() {
    assert!(Sequences::new(3, 0).is_err());
    assert!(Sequences::new(usize::MAX, 1).is_err());
    assert!(serde_json::from_str::<Sequences>(r#"{"n_burn_in": 1, "n_learned": 0}"#).is_err());
}
