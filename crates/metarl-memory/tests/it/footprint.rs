//! Memory beside the keys.

use metarl_memory::{FlatScan, KdTree, NearestNeighbors};

/// Numbers that do not repeat, as different from key to key as from number to number.
fn key(i: usize, dimension: usize) -> Vec<f32> {
    let number = |j: usize| (0.618 * (i * dimension + j) as f64).fract() as f32;
    (0..dimension).map(number).collect()
}

/// What entries take with their index, by what keys and values alone would.
fn ratio(bytes: usize, dimension: usize) -> f64 {
    const VALUE: usize = size_of::<f32>();
    let least = N_KEYS * (dimension * size_of::<f32>() + VALUE);
    (bytes + N_KEYS * VALUE) as f64 / least as f64
}

const N_KEYS: usize = 20_000;

/// The most that may be taken: by a tree after insertions, by the same after replacements, and by a scan.
const MOST: [(usize, [f64; 3]); 8] = [
    (16, [2.5, 2.7, 1.4]),
    (17, [1.57, 1.6, 1.43]),
    (18, [1.54, 1.59, 1.41]),
    (22, [1.55, 1.6, 1.39]),
    (24, [1.5, 1.56, 1.36]),
    (32, [1.47, 1.53, 1.34]),
    (64, [1.43, 1.48, 1.3]),
    (128, [1.41, 1.46, 1.28]),
];

#[test]
fn an_index_takes_less_room_than_what_it_indexes() {
    for (dimension, [most, most_replaced, most_of_scan]) in MOST {
        let mut tree = KdTree::new(dimension, N_KEYS).unwrap();
        let mut scan = FlatScan::new(dimension, N_KEYS).unwrap();
        for slot in 0..N_KEYS {
            tree.insert(slot, &key(slot, dimension)).unwrap();
            scan.insert(slot, &key(slot, dimension)).unwrap();
        }
        assert!(ratio(tree.bytes(), dimension) <= most, "{dimension}");
        // Blocks must not become ever emptier while the oldest keys go and others come.
        for i in N_KEYS..4 * N_KEYS {
            let slot = i % N_KEYS;
            tree.remove(slot).unwrap();
            tree.insert(slot, &key(i, dimension)).unwrap();
            scan.remove(slot).unwrap();
            scan.insert(slot, &key(i, dimension)).unwrap();
        }
        let replaced = ratio(tree.bytes(), dimension);
        assert!(replaced <= most_replaced, "{dimension}");
        assert!(
            ratio(scan.bytes(), dimension) <= most_of_scan,
            "{dimension}"
        );
    }
    // Up to 16 dimensions a tree has its keys twice; a scan does so up to 7.
    let mut scan = FlatScan::new(8, N_KEYS).unwrap();
    for slot in 0..N_KEYS {
        scan.insert(slot, &key(slot, 8)).unwrap();
    }
    assert!(ratio(scan.bytes(), 8) <= 1.5);
}
