//! Nearest neighbors in slots.

use metarl_memory::{BruteForce, Error, KdTree, Keys, NearestNeighbors, Search};

fn slots(memory: &impl NearestNeighbors, query: &[f32], k: usize) -> Vec<usize> {
    let mut search = Search::default();
    let found = memory
        .nearest(query, k, &mut search)
        .expect("a query of its dimension");
    found.iter().map(|neighbor| neighbor.slot).collect()
}

#[test]
fn the_nearest_come_first_and_a_tie_goes_to_the_lower_slot() {
    let mut memory = BruteForce::new(1, 10).unwrap();
    for (slot, key) in [(9, 1.0), (2, -1.0), (5, 0.5), (0, 7.0), (4, -0.5)] {
        memory.insert(slot, &[key]).unwrap();
    }
    assert_eq!(slots(&memory, &[0.0], 5), [4, 5, 2, 9, 0]);
    memory.update(0, &[0.0]).unwrap();
    memory.remove(4).unwrap();
    assert_eq!(slots(&memory, &[-0.0], 3), [0, 5, 2]);
}

/// Codes of the nearest key are twice as far from the query as the key is, and those of another one
/// are nearer than it: with an epsilon, too, that key is within bounds, so it has to be measured.
#[test]
fn epsilon_does_not_trust_codes_that_are_far_off() {
    const D: usize = 64;
    // It makes the unit of codes 1, so numbers are coded by rounding.
    let mut farthest = [0.0; D];
    farthest[0] = 127.0;
    let nearest = [0.51; D];
    let mut other = [0.0; D];
    other[..D / 2].fill(1.149);
    let rows = [farthest, nearest, other].concat();
    let tree = KdTree::from_keys(Keys::from_rows(D, 3, &rows).unwrap()).unwrap();
    let tree = tree.with_epsilon(0.5).unwrap();
    assert_eq!(slots(&tree, &[0.0; D], 1), [1]);
}

#[test]
fn what_is_refused_changes_nothing() {
    let mut memory = BruteForce::new(2, 3).unwrap();
    memory.insert(1, &[1.0, 2.0]).unwrap();
    let before = memory.keys().clone();
    let mut search = Search::default();
    let refusals = [
        memory.insert(1, &[0.0, 0.0]).unwrap_err(),
        memory.insert(3, &[0.0, 0.0]).unwrap_err(),
        memory.insert(0, &[0.0]).unwrap_err(),
        memory.update(0, &[0.0, 0.0]).unwrap_err(),
        memory.update(1, &[0.0, f32::NAN]).unwrap_err(),
        memory.remove(2).unwrap_err(),
        memory
            .nearest(&[f32::INFINITY, 0.0], 1, &mut search)
            .unwrap_err(),
        memory.nearest(&[0.0, 0.0], 2, &mut search).unwrap_err(),
        memory.nearest(&[0.0, 0.0], 0, &mut search).unwrap_err(),
    ];
    assert_eq!(
        refusals.map(|refusal| refusal.to_string()),
        [
            "slot 1 is taken",
            "slot must be below the capacity, 3, got 3",
            "key has 1 numbers, the memory holds 2",
            "slot 0 is empty",
            "key has NaN at 1; every number must be finite",
            "slot 2 is empty",
            "query has inf at 0; every number must be finite",
            "k must be from 1 to the number of keys, 1, got 2",
            "k must be from 1 to the number of keys, 1, got 0",
        ]
    );
    assert_eq!(memory.keys(), &before);
}

#[test]
fn keys_are_equal_when_the_same_slots_hold_the_same() {
    let rows: Vec<f32> = (0..70).map(|i| i as f32).collect();
    let keys = Keys::from_rows(1, 80, &rows).unwrap();
    assert_eq!(keys.slots().count(), 70);
    assert_eq!((keys.get(69), keys.get(70)), (Some(&[69.0][..]), None));
    let mut tree = KdTree::from_keys(keys.clone()).unwrap();
    tree.insert(70, &[70.0]).unwrap();
    assert_ne!(tree.keys(), &keys);
    tree.remove(70).unwrap();
    assert_eq!(tree.keys(), &keys);
    assert_eq!(tree.keys().clone(), keys);
    tree.update(69, &[0.0]).unwrap();
    assert_ne!(tree.keys(), &keys);
}

#[test]
fn a_memory_without_room_is_refused() {
    for (dimension, capacity) in [(0, 1), (1, 0), (usize::MAX, 2), (1, usize::MAX)] {
        let error = BruteForce::new(dimension, capacity).unwrap_err();
        assert!(matches!(error, Error::OutOfRange { .. }), "{error}");
    }
    // It could be addressed, but no machine has it.
    let error = BruteForce::new(1 << 30, 1 << 30).unwrap_err();
    assert_eq!(error, Error::OutOfMemory { bytes: 1 << 62 });
}
