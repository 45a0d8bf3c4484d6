//! After changes of a certain kind, each of which has broken a structure or could.

use metarl_memory::{BruteForce, FlatScan, KdTree, Keys, NearestNeighbors, Search};

use super::{Bits, Kind, bits_of};

/// Keys that come on one side and go on the other: without rebuilding the tree would be a list.
#[test]
fn a_tree_whose_keys_wander_stays_exact() {
    const N_KEYS: usize = 20_000;
    let mut bits = Bits(7);
    let mut tree = KdTree::new(2, N_KEYS).unwrap();
    let mut key = |i: usize| [i as f32, 100.0 * bits.number()];
    for i in 0..N_KEYS {
        tree.insert(i, &key(i)).unwrap();
    }
    for i in N_KEYS..3 * N_KEYS {
        tree.remove(i % N_KEYS).unwrap();
        tree.insert(i % N_KEYS, &key(i)).unwrap();
    }
    let mut brute_force = BruteForce::new(2, N_KEYS).unwrap();
    for slot in 0..N_KEYS {
        let key = tree.keys().get(slot).unwrap();
        brute_force.insert(slot, key).unwrap();
    }
    let (mut search, mut other) = (Search::default(), Search::default());
    for i in 0..50 {
        let query = [(2 * N_KEYS + 400 * i) as f32, 0.0];
        let expected = brute_force.nearest(&query, 30, &mut search).unwrap();
        let found = tree.nearest(&query, 30, &mut other).unwrap();
        assert_eq!(found, expected);
    }
}

/// Blocks that are measured several at a time, with holes, and one with no key left. One block is in a
/// coarser unit than those around it: by its codes, all of its keys but one are where the queries are.
#[test]
fn a_scan_of_many_blocks_finds_what_sorting_finds() {
    const N_KEYS: usize = 12_000;
    const DIMENSION: usize = 20;
    let mut bits = Bits(13);
    let mut near = || {
        let mut key = bits.key(Kind::Spread, DIMENSION);
        key[0] += 4.0;
        key
    };
    let far = |x: f32| [&[x][..], &[0.0; DIMENSION - 1]].concat();
    let mut scan = FlatScan::new(DIMENSION, N_KEYS).unwrap();
    let mut brute_force = BruteForce::new(DIMENSION, N_KEYS).unwrap();
    let coarse = 64 * 100..64 * 101;
    for slot in 0..N_KEYS {
        let is_coarse = coarse.contains(&slot);
        let key = if is_coarse { far(0.0) } else { near() };
        scan.insert(slot, &key).unwrap();
        brute_force.insert(slot, &key).unwrap();
    }
    scan.update(coarse.start, &far(1000.0)).unwrap();
    brute_force.update(coarse.start, &far(1000.0)).unwrap();
    for slot in (0..N_KEYS).filter(|slot| slot % 7 == 3 || (5120..5184).contains(slot)) {
        scan.remove(slot).unwrap();
        brute_force.remove(slot).unwrap();
    }
    let (mut search, mut other) = (Search::default(), Search::default());
    for k in [1, 11, 200, brute_force.keys().len()] {
        for _ in 0..10 {
            let query = near();
            let expected = brute_force.nearest(&query, k, &mut search).unwrap();
            let found = scan.nearest(&query, k, &mut other).unwrap();
            assert_eq!(bits_of(found), bits_of(expected), "k = {k}");
        }
    }
}

/// A key of 20 numbers of which all but the first are zero.
fn on_a_line(x: f32) -> Vec<f32> {
    [&[x][..], &[0.0; 19]].concat()
}

/// Keys from 0 to 1, evenly.
fn tree_on_a_line(n_keys: usize) -> KdTree {
    let rows = (0..n_keys).flat_map(|i| on_a_line(i as f32 / n_keys as f32));
    let rows: Vec<f32> = rows.collect();
    let keys = Keys::from_rows(20, n_keys, &rows).expect("finite keys");
    KdTree::from_keys(keys).expect("room")
}

/// Of 500 queries on the line, against sorting the tree's keys.
#[track_caller]
fn assert_three_nearest_are_found(tree: &KdTree, bits: &mut Bits) {
    let n_keys = tree.keys().len();
    let mut brute_force = BruteForce::new(20, n_keys).expect("room");
    for i in 0..n_keys {
        let key = tree.keys().get(i).expect("a key");
        brute_force.insert(i, key).expect("a free slot");
    }
    let (mut search, mut other) = (Search::default(), Search::default());
    for _ in 0..500 {
        let query = on_a_line(bits.number());
        let expected = brute_force.nearest(&query, 3, &mut search).expect("keys");
        let found = tree.nearest(&query, 3, &mut other).expect("keys");
        assert_eq!(found, expected);
    }
}

/// Keys on a line, each moved by less than would be written, out of the box around its block.
#[test]
fn keys_that_took_small_steps_are_found_outside_of_their_boxes() {
    const N_KEYS: usize = 2000;
    let mut bits = Bits(5);
    let mut tree = tree_on_a_line(N_KEYS);
    for i in 0..N_KEYS {
        let key = on_a_line(i as f32 / N_KEYS as f32 + 0.008 * bits.number());
        tree.update(i, &key).unwrap();
        assert_eq!(tree.keys().get(i).unwrap(), key);
    }
    assert_three_nearest_are_found(&tree, &mut bits);
}

/// Steps a four-hundredth as long as a key may go from where it was written count for more than they are,
/// not for nothing.
#[test]
fn keys_that_took_many_tiny_steps_are_found() {
    const N_KEYS: usize = 100;
    let mut tree = tree_on_a_line(N_KEYS);
    for step in 1..4000 {
        for i in 0..N_KEYS {
            let way = if i % 2 == 0 { 2e-5 } else { -2e-5 };
            let key = on_a_line(i as f32 / N_KEYS as f32 + step as f32 * way);
            tree.update(i, &key).unwrap();
        }
    }
    assert_three_nearest_are_found(&tree, &mut Bits(9));
}

/// Axes are fitted anew while keys are inserted.
#[test]
fn a_tree_whose_axes_change_stays_exact() {
    const N_KEYS: usize = 5_000;
    const DIMENSION: usize = 24;
    let mut bits = Bits(11);
    // Few numbers that many coordinates have in common, later other ones.
    let mut key = |i: usize| -> Vec<f32> {
        let common = [bits.number(), bits.number(), 3.0 * bits.number()];
        let number = |j: usize| common[(j + i / 2000) % 3] * (j as f32).sin();
        (0..DIMENSION)
            .map(|j| number(j) + 0.01 * bits.number())
            .collect()
    };
    let tree = KdTree::new(DIMENSION, N_KEYS).unwrap();
    let mut tree = tree.with_principal_axes().unwrap();
    let mut brute_force = BruteForce::new(DIMENSION, N_KEYS).unwrap();
    let (mut search, mut other) = (Search::default(), Search::default());
    for i in 0..N_KEYS {
        let key = key(i);
        tree.insert(i, &key).unwrap();
        brute_force.insert(i, &key).unwrap();
        if i % 250 == 249 {
            let expected = brute_force.nearest(&key, 30, &mut search).unwrap();
            let found = tree.nearest(&key, 30, &mut other).unwrap();
            assert_eq!(found, expected);
        }
    }
}

/// A tree of ten thousand equal keys has nothing to split them by.
#[test]
fn equal_keys_are_found_in_the_order_of_their_slots() {
    const N_KEYS: usize = 10_000;
    let mut tree = KdTree::new(20, N_KEYS).unwrap();
    for slot in (0..N_KEYS).rev() {
        tree.insert(slot, &[0.5; 20]).unwrap();
    }
    let mut search = Search::default();
    let found = tree.nearest(&[0.25; 20], 100, &mut search).unwrap();
    assert!(found.iter().map(|neighbor| neighbor.slot).eq(0..100));
}
