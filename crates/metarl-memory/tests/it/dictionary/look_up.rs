//! What a look-up answers.

use metarl_memory::{Error, Kernel, LookUp};
use proptest::prelude::*;

use super::{GAUSSIAN, INVERSE_DISTANCE, dictionary, with_kernel};
use crate::reference::{self, Entries, wide};

/// Multiples of an eighth: their squared distances are exact in single precision.
fn on_grid(dimension: usize) -> impl Strategy<Value = Vec<f32>> {
    prop::collection::vec((-16_i8..=16).prop_map(|x| f32::from(x) / 8.0), dimension)
}

fn close(got: &[f32], expected: &[f64]) -> bool {
    let pairs = got.iter().zip(expected);
    got.len() == expected.len()
        && pairs.fold(true, |all, (got, expected)| {
            all && (f64::from(*got) - expected).abs() <= 1e-5 * (1.0 + expected.abs())
        })
}

proptest! {
    #[test]
    fn is_the_weighted_mean_of_the_nearest(
        keys in prop::collection::vec(on_grid(3), 1..30),
        query in on_grid(3),
        values in prop::collection::vec(prop::array::uniform2(-9.0_f32..9.0), 30),
        p in 1_usize..35,
        kernel in prop_oneof![Just(INVERSE_DISTANCE), Just(GAUSSIAN)],
    ) {
        let mut dictionary = dictionary(3, 30, 2, with_kernel(p, kernel));
        for (key, value) in keys.iter().zip(&values) {
            dictionary.write(key, value).expect("finite");
        }
        let mut nearest: Vec<(f64, usize)> = dictionary
            .keys()
            .slots()
            .map(|slot| {
                let key = wide(dictionary.keys().get(slot).expect("an entry"));
                let square = |(a, b): (f64, f64)| (a - b).powi(2);
                (wide(&query).into_iter().zip(key).map(square).sum(), slot)
            })
            .collect();
        nearest.sort_by(|a, b| a.partial_cmp(b).expect("finite"));
        nearest.truncate(p);
        let slots: Vec<usize> = nearest.iter().map(|(_, slot)| *slot).collect();
        let entries = Entries::of(&dictionary, &query, slots.clone());

        let mut look_up = LookUp::default();
        let before = dictionary.recency().clone();
        let peeked = dictionary.peek(&query, &mut look_up).expect("entries").to_vec();

        prop_assert!(close(&peeked, &entries.output(kernel)), "{peeked:?} {:?}", entries.output(kernel));
        let found: Vec<usize> = look_up.neighbors().iter().map(|n| n.slot).collect();
        prop_assert_eq!(&found, &slots);
        prop_assert!((look_up.weights().iter().sum::<f32>() - 1.0).abs() < 1e-5);
        prop_assert_eq!(dictionary.recency(), &before);

        let output = dictionary.look_up(&query, &mut look_up).expect("entries");
        prop_assert_eq!(output, &peeked[..]);
        let newest: Vec<usize> = dictionary.recency().iter().skip(keys_left(&before, &slots)).collect();
        let expected: Vec<usize> = slots.into_iter().rev().collect();
        prop_assert_eq!(newest, expected);
    }

    #[test]
    fn the_cosine_chooses_the_keys_of_greatest_cosine(
        keys in prop::collection::vec(prop::array::uniform3(-3.0_f32..3.0), 1..30),
        query in prop::array::uniform3(-3.0_f32..3.0),
        p in 1_usize..6,
    ) {
        let has_direction = |v: &[f32; 3]| v.iter().any(|x| x.abs() > 0.1);
        prop_assume!(has_direction(&query) && keys.iter().all(has_direction));
        let mut dictionary = dictionary(3, 30, 1, with_kernel(p, Kernel::Cosine));
        for (slot, key) in keys.iter().enumerate() {
            dictionary.write(key, &[slot as f32]).expect("it has a direction");
        }
        let mut look_up = LookUp::default();
        let output = dictionary.look_up(&query, &mut look_up).expect("entries").to_vec();

        let slots: Vec<usize> = look_up.neighbors().iter().map(|n| n.slot).collect();
        let cosine = |slot: usize| {
            let key = wide(dictionary.keys().get(slot).expect("an entry"));
            reference::cosine(&wide(&query), &key)
        };
        let least = slots.iter().map(|slot| cosine(*slot)).fold(f64::INFINITY, f64::min);
        for slot in dictionary.keys().slots().filter(|slot| !slots.contains(slot)) {
            prop_assert!(cosine(slot) <= least + 1e-6);
        }
        let entries = Entries::of(&dictionary, &query, slots);
        let weights = entries.keys.iter().map(|key| reference::weight(Kernel::Cosine, &entries.query, key));
        // Where every neighbor is opposite the query the weights are quotients of roundings.
        prop_assume!(weights.sum::<f64>() > 1e-2);
        prop_assert!(close_to_cosine(&output, &entries.output(Kernel::Cosine)));
    }
}

/// `1 − u/4` near the opposite direction is what rounding leaves.
fn close_to_cosine(got: &[f32], expected: &[f64]) -> bool {
    got.iter()
        .zip(expected)
        .all(|(got, expected)| (f64::from(*got) - expected).abs() < 3e-3)
}

fn keys_left(recency: &metarl_memory::Recency, read: &[usize]) -> usize {
    recency.len() - read.len()
}

#[test]
fn weights_stay_finite_where_kernels_do_not() {
    for kernel in [
        Kernel::Gaussian { bandwidth: 0.01 },
        Kernel::InverseDistance { delta: 1e-30 },
        Kernel::InverseDistance { delta: 1e30 },
    ] {
        let mut dictionary = dictionary(1, 10, 1, with_kernel(3, kernel));
        for key in [1000.0, 1000.0001, 2e19, -1e15] {
            dictionary.write(&[key], &[1.0]).unwrap();
        }
        let mut look_up = LookUp::default();
        for query in [0.0, 1000.0, 1e18, 1e-20] {
            let output = dictionary.look_up(&[query], &mut look_up).unwrap();
            assert!((output[0] - 1.0).abs() < 1e-5, "{kernel:?} at {query}");
        }
    }
}

#[test]
fn opposite_neighbors_count_the_same() {
    let mut dictionary = dictionary(2, 10, 1, with_kernel(3, Kernel::Cosine));
    dictionary.write(&[-1.0, 0.0], &[2.0]).unwrap();
    let mut look_up = LookUp::default();
    assert_eq!(
        dictionary.look_up(&[5.0, 0.0], &mut look_up).unwrap(),
        [2.0]
    );
    // The same direction is the same key.
    assert_eq!(dictionary.write(&[-7.0, 0.0], &[2.0]).unwrap(), 0);
}

#[test]
fn what_is_refused_changes_nothing() {
    let mut dictionary = dictionary(1, 3, 1, with_kernel(2, INVERSE_DISTANCE));
    let mut look_up = LookUp::default();
    let nothing = dictionary.look_up(&[0.0], &mut look_up).unwrap_err();
    assert_eq!(nothing, Error::NoEntries);
    for key in [1.0, 2.0, 1e20] {
        dictionary.write(&[key], &[key]).unwrap();
    }
    dictionary.look_up(&[0.0], &mut look_up).unwrap();
    let before = format!("{dictionary:?}");
    let output = look_up.output().to_vec();
    let refusals = [
        dictionary.look_up(&[f32::NAN], &mut look_up).unwrap_err(),
        dictionary.look_up(&[], &mut look_up).unwrap_err(),
        dictionary.look_up(&[-3e38], &mut look_up).unwrap_err(),
        dictionary.write(&[f32::NAN], &[0.0]).unwrap_err(),
        dictionary.write(&[0.0], &[f32::INFINITY]).unwrap_err(),
        dictionary.write(&[0.0], &[1.0, 2.0]).unwrap_err(),
    ];
    assert_eq!(
        refusals.map(|refusal| refusal.to_string()),
        [
            "query has NaN at 0; every number must be finite",
            "query has 0 numbers, the memory holds 1",
            "the key of slot 1 is too far from the query to be weighed",
            "key has NaN at 0; every number must be finite",
            "value has inf at 0; every number must be finite",
            "value has 2 numbers, the memory holds 1",
        ]
    );
    assert_eq!(format!("{dictionary:?}"), before);
    assert_eq!(look_up.output(), output);
}
