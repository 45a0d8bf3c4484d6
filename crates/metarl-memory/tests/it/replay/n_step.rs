//! n-step transitions, beside a loop that looks forward in the history.

use metarl_memory::{Error, NStep, NStepBatch};
use metarl_returns::{Transitions, n_step_returns};
use proptest::prelude::*;

use super::history::{History, histories};

/// Discounted rewards, what the bootstrap counts for, and the index of the last step.
fn reference(history: &History, index: u64, n: usize, discount: f64) -> (f64, f64, u64) {
    let steps = history.rest_of_episode(index);
    let steps = &steps[..n.min(steps.len())];
    let terms = (0..).zip(steps);
    let reward = terms.map(|(k, i)| discount.powi(k) * f64::from(history.get(*i).reward));
    let last = steps[steps.len() - 1];
    let bootstrap_discount = if history.get(last).terminated {
        0.0
    } else {
        discount.powi(steps.len() as i32)
    };
    (reward.sum(), bootstrap_discount, last)
}

proptest! {
    #[test]
    fn looks_forward_to_the_end_of_the_episode(
        history in histories(40),
        n in 1..8_usize,
        discount in 0.0..=1.0_f32,
    ) {
        prop_assume!(!history.rows.is_empty());
        let replay = history.replay();
        let indices: Vec<_> = history.stored().collect();
        let mut batch = NStepBatch::default();
        NStep::new(n, discount).unwrap().gather(&replay, &indices, &mut batch).unwrap();
        prop_assert_eq!(batch.reward.len(), indices.len());
        for (entry, &index) in indices.iter().enumerate() {
            let (reward, bootstrap_discount, last) =
                reference(&history, index, n, f64::from(discount));
            prop_assert!((f64::from(batch.reward[entry]) - reward).abs() < 1e-4);
            let difference = f64::from(batch.bootstrap_discount[entry]) - bootstrap_discount;
            prop_assert!(difference.abs() < 1e-5);
            prop_assert_eq!(batch.successor[entry], history.get(last).successor);
            prop_assert_eq!(batch.observation[entry], history.get(index).observation);
            prop_assert_eq!(batch.action[entry], history.get(index).action);
        }
    }

    /// The estimator that knows no ring gives the same targets.
    #[test]
    fn targets_are_n_step_returns(
        history in histories(20),
        n in 1..8_usize,
        discount in 0.0..=1.0_f32,
    ) {
        prop_assume!(!history.rows.is_empty());
        let value = |[lane, counter]: [u32; 2]| 3.0 * lane as f32 - 0.5 * counter as f32;
        let replay = history.replay();
        let indices: Vec<_> = history.stored().collect();
        let stored: Vec<_> = indices.iter().map(|index| *history.get(*index)).collect();
        let transitions = Transitions {
            n_lanes: history.n_lanes,
            reward: &stored.iter().map(|x| x.reward).collect::<Vec<_>>(),
            next_value: &stored.iter().map(|x| value(x.successor)).collect::<Vec<_>>(),
            terminated: &stored.iter().map(|x| x.terminated).collect::<Vec<_>>(),
            truncated: &stored.iter().map(|x| x.truncated).collect::<Vec<_>>(),
        };
        let mut returns = vec![0.0; stored.len()];
        n_step_returns(&transitions, discount, n, &mut returns).unwrap();

        let mut batch = NStepBatch::default();
        NStep::new(n, discount).unwrap().gather(&replay, &indices, &mut batch).unwrap();
        for (entry, expected) in returns.into_iter().enumerate() {
            let bootstrap = batch.bootstrap_discount[entry] * value(batch.successor[entry]);
            let target = batch.reward[entry] + bootstrap;
            prop_assert!((target - expected).abs() < 1e-3, "{} is not {}", target, expected);
        }
    }

    #[test]
    fn an_index_that_is_not_stored_is_refused(history in histories(20), beyond in 0..5_u64) {
        let replay = history.replay();
        let stored = history.stored();
        let mut batch = NStepBatch::default();
        batch.action.push(7);
        let before = batch.clone();
        let n_step = NStep::new(2, 0.5).unwrap();
        for index in [Some(stored.end + beyond), stored.start.checked_sub(beyond + 1)] {
            let Some(index) = index else { continue };
            let error = n_step.gather(&replay, &[index], &mut batch).unwrap_err();
            let expected = if stored.is_empty() {
                Error::TooShort { needed: 1, stored: 0 }
            } else {
                Error::NotStored { index, n_steps: 1, starts: stored.clone() }
            };
            prop_assert_eq!(error, expected);
            prop_assert_eq!(&batch, &before);
        }
    }
}

#[test]
fn parameters_outside_their_range_are_refused() {
    for (n, discount) in [(0, 0.5), (1, -0.1), (1, 1.1), (1, f32::NAN)] {
        let error = NStep::new(n, discount).unwrap_err();
        assert!(matches!(error, Error::OutOfRange { .. }), "{error}");
        let written = format!(r#"{{"n": {n}, "discount": {discount}}}"#);
        assert!(serde_json::from_str::<NStep>(&written).is_err());
    }
}

#[test]
fn an_episode_of_one_step_is_its_own_n_steps() {
    // Terminated, truncated, both at once, terminated: each a whole episode.
    let rows = [0, 1, 2, 0].map(|ending| (vec![(3, ending)], false));
    let replay = History::new(1, 4, &rows).replay();
    let mut batch = NStepBatch::default();
    let n_step = NStep::new(5, 0.5).unwrap();
    n_step.gather(&replay, &[0, 1, 2, 3], &mut batch).unwrap();
    assert_eq!(batch.reward, [3.0; 4]);
    assert_eq!(batch.bootstrap_discount, [0.0, 0.5, 0.0, 0.0]);
    let reached = [0, 1, 2, 3].map(|index| replay.get(index).unwrap().successor);
    assert_eq!(batch.successor, reached);
}
