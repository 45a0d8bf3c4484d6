//! Nearest neighbors in slots.

use metarl_memory::{BruteForce, Error, FlatScan, KdTree, Keys, NearestNeighbors, Search};

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

/// Of a batch with one bad move in the middle, not even the moves before it are made.
#[track_caller]
fn assert_no_key_of_a_bad_batch_moves(mut memory: impl NearestNeighbors) {
    for slot in [0, 1, 3] {
        memory.insert(slot, &[slot as f32, 0.0]).expect("room");
    }
    let before = memory.keys().clone();
    let refusals = [
        memory.update_batch(&[0, 1, 3], &[5.0, 5.0, 6.0, f32::NAN, 7.0, 7.0]),
        memory.update_batch(&[0, 2, 3], &[5.0; 6]),
        memory.update_batch(&[0, 4, 3], &[5.0; 6]),
        memory.update_batch(&[0, 1, 3], &[5.0; 5]),
        memory.update_batch(&[0, 1, 3], &[5.0; 4]),
    ];
    assert_eq!(
        refusals.map(|refusal| refusal.expect_err("one move is bad").to_string()),
        [
            "keys has NaN at 3; every number must be finite",
            "slot 2 is empty",
            "slot must be below the capacity, 4, got 4",
            "keys must be whole rows of 2 numbers, got 5 numbers",
            "keys has 2 entries, must have 3",
        ]
    );
    assert_eq!(memory.keys(), &before);
    assert_eq!(slots(&memory, &[2.9, 0.0], 3), [3, 1, 0]);

    // One slot twice: its last row stays.
    memory.update_batch(&[], &[]).expect("nothing to do");
    let moves = [9.0, 0.0, -5.0, 0.0, 0.1, 0.0];
    memory.update_batch(&[3, 1, 3], &moves).expect("good moves");
    assert_eq!(memory.keys().get(3), Some(&[0.1, 0.0][..]));
    assert_eq!(slots(&memory, &[2.9, 0.0], 3), [3, 0, 1]);
}

#[test]
fn a_batch_of_moves_is_made_whole_or_not_at_all() {
    assert_no_key_of_a_bad_batch_moves(BruteForce::new(2, 4).unwrap());
    assert_no_key_of_a_bad_batch_moves(FlatScan::new(2, 4).unwrap());
    assert_no_key_of_a_bad_batch_moves(KdTree::new(2, 4).unwrap());
}

#[test]
fn keys_are_gathered_in_the_order_of_their_slots_or_not_at_all() {
    let keys = Keys::from_rows(2, 40, &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]).unwrap();
    let mut gathered = vec![9.0];
    for (slots, message) in [
        ([0, 3], "slot 3 is empty"),
        ([0, 40], "slot must be below the capacity, 40, got 40"),
    ] {
        let error = keys.gather(&slots, &mut gathered).unwrap_err();
        assert_eq!(error.to_string(), message);
        assert_eq!(gathered, [9.0]);
    }
    keys.gather(&[2, 0, 2], &mut gathered).unwrap();
    assert_eq!(gathered, [9.0, 4.0, 5.0, 0.0, 1.0, 4.0, 5.0]);
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

#[test]
fn what_a_tree_refuses_changes_nothing() {
    let mut tree = KdTree::new(2, 3).unwrap();
    tree.insert(1, &[1.0, 2.0]).unwrap();
    let before = tree.keys().clone();
    let mut search = Search::default();
    tree.insert(1, &[0.0, 0.0]).unwrap_err();
    tree.insert(3, &[0.0, 0.0]).unwrap_err();
    tree.insert(0, &[0.0]).unwrap_err();
    tree.update(0, &[0.0, 0.0]).unwrap_err();
    tree.update(1, &[f32::NAN, 0.0]).unwrap_err();
    tree.remove(2).unwrap_err();
    tree.nearest_batch(&[0.0; 3], 1, &mut search).unwrap_err();
    tree.nearest_batch(&[0.0; 2], 2, &mut search).unwrap_err();
    assert_eq!(tree.keys(), &before);
    let nearest = tree.nearest(&[0.0, 0.0], 1, &mut search).unwrap();
    assert_eq!((nearest[0].slot, nearest[0].squared_distance), (1, 5.0));
}

#[test]
fn a_tree_that_cannot_be_is_refused() {
    let error = KdTree::new(600, 1).unwrap().with_principal_axes();
    assert_eq!(
        error.unwrap_err().to_string(),
        "dimension must be at most 512 for principal axes, got 600"
    );
    for (dimension, capacity) in [(0, 1), (1, 0), (1, 1 << 40), (1 << 40, 1), (40_000, 1)] {
        let error = KdTree::new(dimension, capacity).unwrap_err();
        let is_known = matches!(error, Error::OutOfRange { .. } | Error::OutOfMemory { .. });
        assert!(is_known, "{error}");
    }
}
