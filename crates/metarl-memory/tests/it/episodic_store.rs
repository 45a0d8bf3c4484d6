//! The memory of an episodic LSTM.

use metarl_memory::{BruteForce, EpisodicStore, Error, Kernel, LookUp, LookUpGradient};
use proptest::prelude::*;

use crate::reference::{self, wide};

const KERNEL: Kernel = Kernel::InverseDistance { delta: 1e-3 };

fn store(width: usize, n_neighbors: usize, kernel: Kernel) -> EpisodicStore<BruteForce> {
    let neighbors = BruteForce::new(3, 8).expect("small sizes");
    EpisodicStore::new(neighbors, width, n_neighbors, kernel).expect("in its range")
}

/// Bits, never all 0.
fn barcode() -> impl Strategy<Value = [f32; 3]> {
    (1_u8..8).prop_map(|bits| [0, 1, 2].map(|i| f32::from(bits >> i & 1)))
}

proptest! {
    #[test]
    fn the_nearest_context_is_the_last_state_written_there(
        written in prop::collection::vec((barcode(), prop::array::uniform4(-1.0_f32..1.0)), 1..20),
        kernel in prop_oneof![Just(KERNEL), Just(Kernel::Cosine)],
    ) {
        let mut store = store(4, 1, kernel);
        for (context, cell_state) in &written {
            store.write(context, cell_state).expect("finite");
        }
        let mut look_up = LookUp::default();
        for (context, _) in &written {
            let last = written.iter().rev().find(|(other, _)| other == context);
            let (_, expected) = last.expect("it was written");
            prop_assert_eq!(store.retrieve(context, &mut look_up).expect("finite"), expected);
        }
    }

    #[test]
    fn with_more_neighbors_it_is_their_weighted_mean(
        contexts in prop::array::uniform4(barcode()),
        states in prop::array::uniform4(prop::array::uniform2(-1.0_f32..1.0)),
        context in prop::array::uniform3(0.0_f32..1.0),
    ) {
        let mut store = store(2, 8, KERNEL);
        for (context, cell_state) in contexts.iter().zip(&states) {
            store.write(context, cell_state).expect("finite");
        }
        let (mut total, mut expected) = (0.0, [0.0; 2]);
        for slot in store.keys().slots() {
            let key = wide(store.keys().get(slot).expect("an entry"));
            let weight = reference::weight(KERNEL, &wide(&context), &key);
            total += weight;
            for (sum, c) in expected.iter_mut().zip(store.value(slot).expect("an entry")) {
                *sum += weight * f64::from(*c);
            }
        }
        let mut look_up = LookUp::default();
        let retrieved = store.retrieve(&context, &mut look_up).expect("finite");
        for (got, sum) in retrieved.iter().zip(expected) {
            prop_assert!((f64::from(*got) - sum / total).abs() < 1e-4);
        }
    }
}

#[test]
fn an_epoch_begins_with_zeros() {
    let mut store = store(2, 1, KERNEL);
    let mut look_up = LookUp::default();
    store.write(&[1.0, 0.0, 0.0], &[5.0, 6.0]).unwrap();
    store.retrieve(&[1.0, 0.0, 0.0], &mut look_up).unwrap();
    store.clear().unwrap();
    assert!(store.keys().is_empty() && store.recency().is_empty());
    assert_eq!(store.retrieve(&[1.0; 3], &mut look_up).unwrap(), [0.0; 2]);
    assert!(look_up.neighbors().is_empty());
    let mut gradient = LookUpGradient::default();
    look_up.gradient(&[1.0, 1.0], &mut gradient).unwrap();
    assert_eq!(gradient.query, [0.0; 3]);
    assert!(gradient.keys.is_empty() && gradient.values.is_empty());
}

#[test]
fn what_is_refused_is_refused_while_empty_too() {
    let mut cosine = store(2, 1, Kernel::Cosine);
    let mut look_up = LookUp::default();
    for _ in 0..2 {
        let refusals = [
            cosine.retrieve(&[0.0; 3], &mut look_up).unwrap_err(),
            cosine.retrieve(&[f32::NAN; 3], &mut look_up).unwrap_err(),
            cosine.retrieve(&[1.0; 2], &mut look_up).unwrap_err(),
            cosine.write(&[0.0; 3], &[1.0, 2.0]).unwrap_err(),
        ];
        assert_eq!(refusals[0], Error::NoDirection { name: "query" });
        assert!(matches!(refusals[1], Error::NonFinite { .. }));
        assert!(matches!(refusals[2], Error::DimensionMismatch { .. }));
        assert_eq!(refusals[3], Error::NoDirection { name: "key" });
        cosine.write(&[1.0; 3], &[1.0, 2.0]).unwrap();
    }
}
