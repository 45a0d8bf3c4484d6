//! The differentiable neural dictionary.

mod gradient;
mod look_up;
mod structure;
mod write;

use metarl_memory::{BruteForce, Dictionary, DictionaryConfig, Kernel};

const INVERSE_DISTANCE: Kernel = Kernel::InverseDistance { delta: 1e-3 };
const GAUSSIAN: Kernel = Kernel::Gaussian { bandwidth: 0.7 };

fn dictionary(
    dimension: usize,
    capacity: usize,
    width: usize,
    config: DictionaryConfig,
) -> Dictionary<BruteForce> {
    let neighbors = BruteForce::new(dimension, capacity).expect("small sizes");
    Dictionary::new(neighbors, width, config).expect("a configuration in its range")
}

fn with_kernel(n_neighbors: usize, kernel: Kernel) -> DictionaryConfig {
    DictionaryConfig {
        n_neighbors,
        kernel,
        ..DictionaryConfig::default()
    }
}
