//! Prioritized draws, beside a map from indices to priorities.

use std::collections::BTreeMap;

use metarl_core::StepBatch;
use metarl_memory::{Error, Prioritized, Replay};
use proptest::collection::vec;
use proptest::prelude::*;

use super::history::{histories, rng};

/// What is done between two draws: rows to push, then of the drawn which have which priority.
#[derive(Debug, Clone)]
struct Round {
    n_rows: usize,
    n_drawn: usize,
    updates: Vec<(prop::sample::Index, f32)>,
}

fn rounds() -> impl Strategy<Value = Vec<Round>> {
    // In single precision a range of proptest 1.12 panics now and then, unless its bounds are multiples of
    // the last place of the larger one.
    let priority = prop_oneof![Just(0.0), 0.0625..5.0_f32];
    let round = (
        0..6_usize,
        1..9_usize,
        vec((any::<prop::sample::Index>(), priority), 0..9),
    );
    let round = round.prop_map(|(n_rows, n_drawn, updates)| Round {
        n_rows,
        n_drawn,
        updates,
    });
    vec(round, 0..12)
}

proptest! {
    #[test]
    fn draws_with_the_probabilities_of_a_map(
        history in histories(40),
        rounds in rounds(),
        n_steps in 1..4_usize,
        alpha in 0.0..1.5_f64,
        beta in 0.0..=1.0_f64,
        seed: u64,
    ) {
        let n_lanes = history.n_lanes;
        let mut shown = history.clone();
        shown.rows.clear();
        let mut replay = shown.replay();
        let mut prioritized = Prioritized::new(&replay, n_steps, alpha).unwrap();
        let mut priorities = BTreeMap::<u64, f32>::new();
        let (mut largest, mut seen) = (1.0_f32, 0);
        let mut rng = rng(seed);
        for round in rounds {
            let next = (shown.rows.len() + round.n_rows).min(history.rows.len());
            history.push(&mut replay, shown.rows.len()..next);
            shown.rows.extend_from_slice(&history.rows[shown.rows.len()..next]);

            let (mut indices, mut weights) = (vec![0; round.n_drawn], vec![0.0; round.n_drawn]);
            let drawn =
                prioritized.draw(&replay, beta, &mut rng, &mut indices, &mut weights);
            let stored = shown.stored();
            let others = ((n_steps - 1) * n_lanes) as u64;
            let end = stored.end.saturating_sub(others);
            if end <= stored.start {
                let is_too_short = matches!(drawn, Err(Error::TooShort { .. }));
                prop_assert!(is_too_short);
                continue;
            }
            priorities.retain(|index, _| *index >= stored.start);
            priorities.extend((seen.max(stored.start)..end).map(|index| (index, largest)));
            seen = end;
            let power = |priority: f32| match priority {
                0.0 => 0.0,
                _ => f64::from(priority).powf(alpha),
            };
            let total: f64 = priorities.values().map(|p| power(*p)).sum();
            for index in 0..stored.end + 5 {
                let weight = priorities.get(&index).map_or(0.0, |p| power(*p));
                let expected = if total > 0.0 { weight / total } else { 0.0 };
                let probability = prioritized.probability(index);
                prop_assert!((probability - expected).abs() < 1e-12, "{} is not {}", probability, expected);
            }
            if total == 0.0 {
                prop_assert_eq!(drawn, Err(Error::NoPriority));
                continue;
            }
            prop_assert_eq!(drawn, Ok(()));
            let n = priorities.len() as f64;
            let probability = |index: &u64| power(priorities[index]) / total;
            let unscaled = |index| (n * probability(index)).powf(-beta);
            let most = indices.iter().map(unscaled).fold(0.0, f64::max);
            for (index, weight) in indices.iter().zip(&weights) {
                prop_assert!(probability(index) > 0.0);
                prop_assert!((f64::from(*weight) - unscaled(index) / most).abs() < 1e-5);
            }

            let updates = round.updates.iter();
            let (which, values): (Vec<u64>, Vec<f32>) =
                updates.map(|(index, priority)| (*index.get(&indices), *priority)).unzip();
            prioritized.update(&which, &values).unwrap();
            for (index, priority) in which.into_iter().zip(values) {
                priorities.insert(index, priority);
                largest = largest.max(priority);
            }
        }
    }
}

fn of_ten() -> (Replay<u8, ()>, Prioritized) {
    let mut replay = Replay::<u8, ()>::new(1, 80).expect("a replay of ten");
    for _ in 0..14 {
        replay
            .push(&[0], &[()], &StepBatch::new(1, 0))
            .expect("a replay of ten");
    }
    assert_eq!(replay.indices(), 4..14);
    let mut prioritized = Prioritized::new(&replay, 1, 0.6).expect("a replay of ten");
    prioritized
        .draw(&replay, 0.0, &mut rng(0), &mut [0], &mut [0.0])
        .expect("a replay of ten");
    let indices: Vec<u64> = (4..14).collect();
    let priority: Vec<f32> = indices.iter().map(|index| *index as f32 - 4.0).collect();
    prioritized
        .update(&indices, &priority)
        .expect("a replay of ten");
    (replay, prioritized)
}

#[test]
fn the_same_seed_draws_the_same() {
    let (replay, mut prioritized) = of_ten();
    let (mut indices, mut weights) = ([0; 6], [0.0; 6]);
    replay.draw(&mut rng(7), &mut indices).unwrap();
    assert_eq!(indices, [12, 5, 9, 13, 11, 8]);
    let drawn = prioritized.draw(&replay, 0.5, &mut rng(7), &mut indices, &mut weights);
    assert_eq!((drawn, indices), (Ok(()), [11, 11, 13, 6, 8, 9]));
    assert_eq!(
        weights,
        [0.68671983, 0.68671983, 0.6368487, 1.0, 0.8122524, 0.7596578]
    );
}

/// Pearson's statistic of 100 000 draws, in batches, and whether what has no priority was drawn.
fn chi_square(batch_size: usize) -> f64 {
    const N_DRAWN: usize = 100_000;
    let (replay, mut prioritized) = of_ten();
    let mut rng = rng(5);
    let mut counts = [0.0; 10];
    let (mut indices, mut weights) = (vec![0; batch_size], vec![0.0; batch_size]);
    for _ in 0..N_DRAWN / batch_size {
        prioritized
            .draw(&replay, 0.4, &mut rng, &mut indices, &mut weights)
            .expect("a replay of ten");
        for index in &indices {
            counts[(index - 4) as usize] += 1.0;
        }
    }
    assert_eq!(counts[0], 0.0);
    let total: f64 = (1..10).map(|p| f64::from(p).powf(0.6)).sum();
    let terms = (1..10).map(|p| {
        let expected = N_DRAWN as f64 * f64::from(p).powf(0.6) / total;
        (counts[p as usize] - expected).powi(2) / expected
    });
    terms.sum()
}

#[test]
fn frequencies_are_powers_of_priorities() {
    let alone = chi_square(1);
    // 8 degrees of freedom: the 0.1 and 99.9 percent points.
    assert!((0.86..26.1).contains(&alone), "{alone}");
    // Strata leave less to chance.
    let together = chi_square(50);
    assert!(together < 26.1, "{together}");
}

#[test]
fn each_of_a_batch_has_its_own_part_of_the_total() {
    let (replay, mut prioritized) = of_ten();
    prioritized.update(&[4], &[9.0]).unwrap();
    let uniform = (4..14).map(|_| 9.0).collect::<Vec<_>>();
    prioritized
        .update(&(4..14).collect::<Vec<_>>(), &uniform)
        .unwrap();
    let (mut indices, mut weights) = ([0; 10], [0.0; 10]);
    for seed in 0..100 {
        prioritized
            .draw(&replay, 1.0, &mut rng(seed), &mut indices, &mut weights)
            .unwrap();
        indices.sort_unstable();
        assert_eq!(indices, [4, 5, 6, 7, 8, 9, 10, 11, 12, 13]);
        assert_eq!(weights, [1.0; 10]);
    }
}

#[test]
fn all_priorities_zero_leave_nothing_to_draw() {
    let (mut replay, mut prioritized) = of_ten();
    prioritized
        .update(&(4..14).collect::<Vec<_>>(), &[0.0; 10])
        .unwrap();
    let mut draw = |replay: &Replay<u8, ()>| {
        let (mut indices, mut weights) = ([77; 3], [7.0; 3]);
        let drawn = prioritized.draw(replay, 1.0, &mut rng(1), &mut indices, &mut weights);
        drawn.map(|()| indices)
    };
    assert_eq!(draw(&replay), Err(Error::NoPriority));
    // Something new can be drawn, and nothing else.
    replay.push(&[0], &[()], &StepBatch::new(1, 0)).unwrap();
    assert_eq!(draw(&replay), Ok([14; 3]));
}

#[test]
fn an_index_that_was_overwritten_keeps_no_priority_for_its_heir() {
    let (mut replay, mut prioritized) = of_ten();
    replay.push(&[0], &[()], &StepBatch::new(1, 0)).unwrap();
    let mut drawn = ([0], [0.0]);
    prioritized
        .draw(&replay, 1.0, &mut rng(1), &mut drawn.0, &mut drawn.1)
        .unwrap();
    let before = prioritized.probability(14);
    assert!(before > 0.0);
    prioritized.update(&[4], &[0.0]).unwrap();
    assert_eq!(prioritized.probability(14), before);
    assert_eq!(prioritized.probability(4), 0.0);
}

#[test]
fn what_is_refused_changes_nothing() {
    let (replay, mut prioritized) = of_ten();
    let before = prioritized.clone();
    let refused = [
        prioritized.update(&[4, 5], &[1.0]),
        prioritized.update(&[4, 5], &[1.0, f32::NAN]),
        prioritized.update(&[4, 5], &[1.0, -1.0]),
        prioritized.update(&[4, 5], &[1.0, f32::INFINITY]),
        prioritized.update(&[4, 14], &[1.0, 1.0]),
        prioritized.draw(&replay, 1.0, &mut rng(1), &mut [0], &mut []),
        prioritized.draw(&replay, 1.5, &mut rng(1), &mut [0], &mut [0.0]),
        prioritized.draw(
            &Replay::<u8, ()>::new(2, 80).unwrap(),
            1.0,
            &mut rng(1),
            &mut [0],
            &mut [0.0],
        ),
    ];
    assert_eq!(
        refused.map(|refused| refused.unwrap_err().to_string()),
        [
            "priority has 1 entries, must have 2",
            "priority must be finite and at least 0, got NaN",
            "priority must be finite and at least 0, got -1",
            "priority must be finite and at least 0, got inf",
            "no 1 stored steps begin at index 14; they do at 4 to 14, excluded",
            "weights has 0 entries, must have 1",
            "beta must be in [0, 1], got 1.5",
            "1 steps of a lane are asked for, 0 are stored",
        ]
    );
    assert_eq!(prioritized, before);
    for (n_steps, alpha) in [(0, 0.5), (1, -0.5), (1, f64::NAN), (1, 7.5)] {
        assert!(Prioritized::new(&replay, n_steps, alpha).is_err());
    }
}
