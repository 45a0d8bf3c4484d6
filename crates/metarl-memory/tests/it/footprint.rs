//! Memory beside the keys.

use metarl_memory::{FlatScan, KdTree, NearestNeighbors};

/// Numbers that do not repeat, as different from key to key as from number to number.
fn key(i: usize, dimension: usize) -> Vec<f32> {
    let number = |j: usize| (0.618 * (i * dimension + j) as f64).fract() as f32;
    (0..dimension).map(number).collect()
}

/// Above 16 dimensions; below, keys lie in blocks as they are.
#[test]
fn an_index_is_smaller_than_the_keys_and_their_values() {
    const N_KEYS: usize = 20_000;
    const VALUE: usize = size_of::<f32>();
    for dimension in [24, 32, 64, 128] {
        let mut tree = KdTree::new(dimension, N_KEYS).unwrap();
        let mut scan = FlatScan::new(dimension, N_KEYS).unwrap();
        for slot in 0..N_KEYS {
            tree.insert(slot, &key(slot, dimension)).unwrap();
            scan.insert(slot, &key(slot, dimension)).unwrap();
        }
        // Blocks must not become ever emptier while the oldest keys go and others come.
        for i in N_KEYS..3 * N_KEYS {
            let slot = i % N_KEYS;
            tree.remove(slot).unwrap();
            tree.insert(slot, &key(i, dimension)).unwrap();
        }
        let least = (N_KEYS * (dimension * size_of::<f32>() + VALUE)) as f64;
        eprintln!(
            "blocks in use {}",
            tree.bytes_of_a_pass() / (64 * dimension + 256)
        );
        for bytes in [tree.bytes(), scan.bytes()] {
            let ratio = (bytes + N_KEYS * VALUE) as f64 / least;
            eprintln!("{dimension} {ratio}");
            assert!(ratio <= 3.6, "{ratio} of what the entries take");
        }
    }
}
