//! Look-ups of the 50 nearest keys.

use metarl_core::{Purpose, Rng, Seed};
use metarl_memory::{BruteForce, Error, FlatScan, KdTree, Keys, NearestNeighbors, Search};
use rand::RngExt;
use rand_distr::StandardNormal;

use crate::panel::{Panel, Result, milliseconds};

const SEED: Seed = Seed::new(1);
const K: usize = 50;
/// Keys and their dimension where they are not what grows.
const N_KEYS: usize = 100_000;
const DIMENSION: usize = 64;
/// Others each time, so that what they read is not in the cache.
const N_QUERIES: usize = 1000;
/// To a scan of all rows, which reads the same for each.
const FEW_QUERIES: usize = 20;
/// Of the manifold: numbers that keys are made from, and units on the way.
const N_LATENT: usize = 4;
const N_UNITS: usize = 64;

/// Where keys lie.
#[derive(Clone, Copy)]
enum Data {
    /// Near a surface of four dimensions, as those of a network do.
    Manifold,
    /// Anywhere: independent normal numbers.
    Gauss,
}

impl Data {
    /// Rows of numbers, one after another.
    fn rows(self, dimension: usize, n_rows: usize) -> Vec<f32> {
        let mut rng = SEED.stream(Purpose::Environment, 0, 0, 0);
        match self {
            Self::Gauss => normal(&mut rng, n_rows * dimension),
            Self::Manifold => {
                let inner = normal(&mut rng, N_UNITS * N_LATENT);
                let outer = normal(&mut rng, dimension * N_UNITS);
                let mut rows = Vec::with_capacity(n_rows * dimension);
                for _ in 0..n_rows {
                    let latent = normal(&mut rng, N_LATENT);
                    let units = times(&inner, &latent, (N_LATENT as f32).sqrt());
                    let units: Vec<f32> = units.iter().map(|x| x.tanh()).collect();
                    let row = times(&outer, &units, (N_UNITS as f32).sqrt());
                    let noise = normal(&mut rng, dimension);
                    rows.extend(row.iter().zip(noise).map(|(x, noise)| x + 0.01 * noise));
                }
                rows
            }
        }
    }
}

fn normal(rng: &mut Rng, n: usize) -> Vec<f32> {
    (0..n).map(|_| rng.sample(StandardNormal)).collect()
}

/// A matrix, row by row, times a vector, over a number.
fn times(matrix: &[f32], vector: &[f32], over: f32) -> Vec<f32> {
    let rows = matrix.chunks_exact(vector.len());
    let dot = |row: &[f32]| row.iter().zip(vector).map(|(a, b)| a * b).sum::<f32>();
    rows.map(|row| dot(row) / over).collect()
}

/// Milliseconds of a look-up in the tree, the flat scan and brute force.
fn look_ups(data: Data, dimension: usize, n_keys: usize) -> Result<[f64; 3]> {
    let rows = data.rows(dimension, n_keys + N_QUERIES);
    let (keys, queries) = rows.split_at(n_keys * dimension);
    let mut brute_force = BruteForce::new(dimension, n_keys)?;
    for (slot, key) in keys.chunks_exact(dimension).enumerate() {
        brute_force.insert(slot, key)?;
    }
    let keys = || Keys::from_rows(dimension, n_keys, keys);
    Ok([
        look_up(&KdTree::from_keys(keys()?)?, queries)?,
        look_up(&FlatScan::from_keys(keys()?)?, queries)?,
        look_up(&brute_force, &queries[..FEW_QUERIES * dimension])?,
    ])
}

fn look_up(structure: &impl NearestNeighbors, queries: &[f32]) -> Result<f64> {
    let mut search = Search::default();
    let dimension = structure.keys().dimension();
    let of_all = milliseconds(|| {
        for query in queries.chunks_exact(dimension) {
            structure.nearest(query, K, &mut search)?;
        }
        Ok::<(), Error>(())
    })?;
    Ok(of_all * dimension as f64 / queries.len() as f64)
}

pub(crate) fn panels() -> Result<[Panel; 4]> {
    let names = ["KdTree", "FlatScan", "BruteForce"];
    let n_keys = [1000, 3000, 10_000, 30_000, 100_000, 300_000];
    let dimensions = [4, 8, 16, 32, 64, 128];
    let by_number = |title, data| {
        let look_ups = |n_keys| look_ups(data, DIMENSION, n_keys);
        Panel::measure((title, "keys"), &n_keys, names, look_ups)
    };
    let by_dimension = |title, data| {
        let look_ups = |dimension| look_ups(data, dimension, N_KEYS);
        Panel::measure((title, "dimension"), &dimensions, names, look_ups)
    };
    Ok([
        by_number("near a surface, 64 dimensions", Data::Manifold)?,
        by_number("without structure, 64 dimensions", Data::Gauss)?,
        by_dimension("near a surface, 100 000 keys", Data::Manifold)?,
        by_dimension("without structure, 100 000 keys", Data::Gauss)?,
    ])
}
