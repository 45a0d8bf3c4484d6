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

/// Of keys that lie in codes; up to 16 dimensions they lie in blocks as they are.
#[test]
fn an_index_takes_less_room_than_what_it_indexes() {
    // The most, after insertions and after replacements.
    for (dimension, most, most_replaced) in [(32, 1.6, 1.62), (64, 1.55, 1.6), (128, 1.55, 1.6)] {
        let mut tree = KdTree::new(dimension, N_KEYS).unwrap();
        let mut scan = FlatScan::new(dimension, N_KEYS).unwrap();
        for slot in 0..N_KEYS {
            tree.insert(slot, &key(slot, dimension)).unwrap();
            scan.insert(slot, &key(slot, dimension)).unwrap();
        }
        assert!(ratio(tree.bytes(), dimension) <= most);
        assert!(ratio(scan.bytes(), dimension) <= 1.4);
        // Blocks must not become ever emptier while the oldest keys go and others come.
        for i in N_KEYS..4 * N_KEYS {
            let slot = i % N_KEYS;
            tree.remove(slot).unwrap();
            tree.insert(slot, &key(i, dimension)).unwrap();
            scan.remove(slot).unwrap();
            scan.insert(slot, &key(i, dimension)).unwrap();
        }
        assert!(ratio(tree.bytes(), dimension) <= most_replaced);
        assert!(ratio(scan.bytes(), dimension) <= 1.4);
    }
}
