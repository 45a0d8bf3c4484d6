//! Clusters that differ in a few directions and spread in all others.

use metarl_core::{Error, FewShotTask, Purpose, Rng, Seed, TaskDistribution};
use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};

use super::FewShot;

/// Numbers that tell classes apart, and numbers that say nothing.
const N_SIGNALS: usize = 4;
const N_NUISANCES: usize = 12;
const N_FEATURES: usize = N_SIGNALS + N_NUISANCES;
/// Deviation of an example's signal from its class's, and of a nuisance.
const SPREAD: f32 = 0.3;
const NUISANCE: f32 = 2.0;

/// Classes that are points in four hidden directions. An example is its class's point with a little
/// noise, and in twelve other directions nothing but noise; what is seen is a fixed rotation of all
/// sixteen.
///
/// ```text
/// x = R (s, u)     s ~ N(μ_c, 0.3² I₄), μ_c ~ N(0, I₄)     u ~ N(0, 2² I₁₂)
/// ```
///
/// Noise is most of what is seen, so distances between examples say little, until the four
/// directions are known: they are the same in every task, and are what there is to be learned.
#[derive(Debug, Clone, PartialEq)]
pub struct ClusterTasks {
    shape: FewShot,
    /// Row after row, orthonormal.
    rotation: Vec<f32>,
}

impl ClusterTasks {
    /// # Errors
    ///
    /// Those of [`FewShot::check`].
    pub fn new(shape: FewShot) -> Result<Self, Error> {
        shape.check()?;
        Ok(Self {
            shape,
            rotation: rotation(&mut Seed::new(0).stream(Purpose::TrainSplit, 0, 0, 0)),
        })
    }

    /// The signal alone of a task: the same examples without what says nothing, for the reference
    /// that knows the four directions.
    #[must_use]
    pub fn signal(&self, task: &FewShotTask) -> FewShotTask {
        let project = |examples: &[f32]| {
            let rows = examples.chunks_exact(N_FEATURES);
            rows.flat_map(|x| (0..N_SIGNALS).map(|j| self.hidden(x, j)))
                .collect()
        };
        FewShotTask {
            n_features: N_SIGNALS,
            support: project(&task.support),
            query: project(&task.query),
            ..task.clone()
        }
    }

    /// Coordinate `j` of `Rᵀ x`.
    fn hidden(&self, x: &[f32], j: usize) -> f32 {
        let column = self.rotation.iter().skip(j).step_by(N_FEATURES);
        x.iter().zip(column).map(|(x, r)| x * r).sum()
    }

    /// An example of a class.
    fn example(&self, center: &[f32; N_SIGNALS], rng: &mut Rng) -> impl Iterator<Item = f32> {
        let mut normal = || -> f32 { StandardNormal.sample(rng) };
        let hidden: [f32; N_FEATURES] = std::array::from_fn(|j| match center.get(j) {
            Some(center) => center + SPREAD * normal(),
            None => NUISANCE * normal(),
        });
        let rows = self.rotation.chunks_exact(N_FEATURES);
        rows.map(move |row| row.iter().zip(&hidden).map(|(r, h)| r * h).sum())
    }
}

impl TaskDistribution for ClusterTasks {
    type Task = FewShotTask;

    fn name(&self) -> String {
        let FewShot {
            n_ways, n_shots, ..
        } = self.shape;
        format!("few-shot/clusters-{n_ways}-way-{n_shots}-shot@1")
    }

    fn sample(&self, rng: &mut Rng) -> FewShotTask {
        let FewShot {
            n_ways,
            n_shots,
            n_queries,
        } = self.shape;
        let centers: Vec<[f32; N_SIGNALS]> = (0..n_ways)
            .map(|_| std::array::from_fn(|_| StandardNormal.sample(rng)))
            .collect();
        let mut examples = |n: usize| -> (Vec<f32>, Vec<usize>) {
            let labels = (0..n_ways * n).map(|idx| idx / n);
            let examples = labels
                .clone()
                .flat_map(|class| self.example(&centers[class], rng).collect::<Vec<f32>>());
            (examples.collect(), labels.collect())
        };
        let (support, support_label) = examples(n_shots);
        let (query, query_label) = examples(n_queries);
        FewShotTask {
            n_ways,
            n_features: N_FEATURES,
            support,
            support_label,
            query,
            query_label,
        }
    }
}

/// A random orthonormal matrix: normal numbers, row after row made orthogonal to those before
/// (Gram and Schmidt).
fn rotation(rng: &mut Rng) -> Vec<f32> {
    let mut rows: Vec<Vec<f64>> = Vec::with_capacity(N_FEATURES);
    while rows.len() < N_FEATURES {
        let mut row: Vec<f64> = (0..N_FEATURES)
            .map(|_| rng.random_range(-1.0..1.0))
            .collect();
        for other in &rows {
            let dot: f64 = row.iter().zip(other).map(|(a, b)| a * b).sum();
            row.iter_mut().zip(other).for_each(|(a, b)| *a -= dot * b);
        }
        let length = row.iter().map(|x| x * x).sum::<f64>().sqrt();
        if length > 1e-3 {
            rows.push(row.iter().map(|x| x / length).collect());
        }
    }
    rows.concat().iter().map(|x| *x as f32).collect()
}
