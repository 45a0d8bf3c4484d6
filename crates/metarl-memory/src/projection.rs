//! Keys from observations without learning.

use rand::{Rng, RngExt};
use rand_distr::StandardNormal;

use crate::Error;
use crate::error::{check_range, check_vector};
use crate::snapshot::{self, Description, Snapshot, Tensor};

/// A random matrix that keeps distances: observations of many numbers become keys of few.
///
/// ```text
/// h = A x        Aᵢⱼ ~ N(0, 1/F),  F numbers a key,  so that E‖A x − A y‖² = ‖x − y‖²
/// ```
///
/// Blundell et al. draw from N(0, 1), which is the same but for a factor that no order of distances
/// depends on. Observations that are mostly zeros cost what their other numbers cost.
///
/// # Examples
///
/// ```
/// use metarl_core::{Purpose, Seed};
/// use metarl_memory::GaussianProjection;
///
/// let mut stream = Seed::new(1).stream(Purpose::Initialization, 0, 0, 0);
/// let projection = GaussianProjection::new(10_000, 64, &mut stream)?;
/// let (mut observation, mut key) = (vec![0.0; 10_000], [0.0; 64]);
/// observation[17] = 3.0;
/// projection.project(&observation, &mut key)?;
/// let square: f32 = key.iter().map(|x| x * x).sum();
/// assert!((square / 9.0 - 1.0).abs() < 0.5); // 1 ± 0.18
/// # Ok::<(), metarl_memory::Error>(())
/// ```
///
/// # References
///
/// Blundell et al., *Model-Free Episodic Control*, 2016,
/// [arXiv:1606.04460](https://arxiv.org/abs/1606.04460), section 3.2; Johnson & Lindenstrauss 1984.
#[derive(Debug, Clone, PartialEq)]
pub struct GaussianProjection {
    n_features: usize,
    /// Column after column of `A`.
    columns: Vec<f32>,
}

impl GaussianProjection {
    /// Draws a matrix for observations of `n_inputs` numbers and keys of `n_features`.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] unless both are at least 1 and the matrix can be addressed.
    pub fn new(n_inputs: usize, n_features: usize, rng: &mut impl Rng) -> Result<Self, Error> {
        check_range("n_inputs", "at least 1", n_inputs, n_inputs >= 1)?;
        check_range("n_features", "at least 1", n_features, n_features >= 1)?;
        let n_numbers = n_inputs.checked_mul(n_features);
        check_range(
            "n_inputs × n_features",
            "a number of bytes that can be addressed",
            format_args!("{n_inputs} × {n_features}"),
            n_numbers.is_some_and(|n| n <= isize::MAX as usize / size_of::<f32>()),
        )?;
        let deviation = 1.0 / (n_features as f32).sqrt();
        let draw = |_| deviation * rng.sample::<f32, _>(StandardNormal);
        let columns = (0..n_inputs * n_features).map(draw).collect();
        Ok(Self {
            n_features,
            columns,
        })
    }

    /// Numbers of an observation.
    #[must_use]
    pub fn n_inputs(&self) -> usize {
        self.columns.len() / self.n_features
    }

    /// Numbers of a key.
    #[must_use]
    pub fn n_features(&self) -> usize {
        self.n_features
    }

    /// Writes `A x` into `key`.
    ///
    /// # Errors
    ///
    /// [`Error::DimensionMismatch`], and [`Error::NonFinite`] of the observation.
    pub fn project(&self, observation: &[f32], key: &mut [f32]) -> Result<(), Error> {
        check_vector("observation", observation, self.n_inputs())?;
        if key.len() != self.n_features {
            return Err(Error::DimensionMismatch {
                name: "key",
                expected: self.n_features,
                got: key.len(),
            });
        }
        key.fill(0.0);
        let columns = self.columns.chunks_exact(self.n_features);
        for (x, column) in observation.iter().zip(columns) {
            if *x != 0.0 {
                for (h, a) in key.iter_mut().zip(column) {
                    *h += a * x;
                }
            }
        }
        Ok(())
    }

    /// The matrix as a safetensors file.
    ///
    /// # Errors
    ///
    /// [`Error::NotSnapshot`] for a file that is too large to be written.
    pub fn snapshot(&self) -> Result<Vec<u8>, Error> {
        let shape = [self.n_inputs(), self.n_features];
        let columns = Tensor::new(&shape, self.columns.iter().copied());
        snapshot::write(&self.description()?, &[("columns", columns)])
    }

    /// Puts the matrix of a [`snapshot`](Self::snapshot) in place of this one, bit for bit. After an
    /// error it is what it was.
    ///
    /// # Errors
    ///
    /// [`Error::NotSnapshot`] for a damaged or foreign file, [`Error::SnapshotMismatch`] for one of
    /// another version or size, [`Error::NonFinite`] for numbers that are not finite.
    pub fn restore(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let shape = [self.n_inputs(), self.n_features];
        let columns = Snapshot::read(bytes, &self.description()?)?.numbers("columns", &shape)?;
        check_vector("columns of the snapshot", &columns, self.columns.len())?;
        self.columns = columns;
        Ok(())
    }

    fn description(&self) -> Result<Description, Error> {
        Description::of("gaussian-projection")?
            .with("n_inputs", self.n_inputs())?
            .with("n_features", self.n_features)
    }
}
