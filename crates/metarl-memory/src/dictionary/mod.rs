//! A dictionary that is read by similarity and through which gradients pass.

mod config;
mod direction;
mod look_up;

use std::borrow::Cow;

pub use config::DictionaryConfig;
pub use look_up::{LookUp, LookUpGradient};

use crate::entries::Entries;
use crate::error::{check_range, check_vector};
use crate::{Error, Keys, NearestNeighbors, Recency};
use direction::normalize;

/// The differentiable neural dictionary: keys in a structure `N`, and with each a value of one or
/// more numbers.
///
/// ```text
/// look-up   o = Σᵢ wᵢ vᵢ,   wᵢ = k(h, hᵢ) / Σⱼ k(h, hⱼ)        over the p nearest keys hᵢ
/// write     v ← v + α (v′ − v)        where the key is there, to the last bit
///           a new entry               where it is not; when the dictionary is full, in place of the
///                                     one that was read as a neighbor least recently
/// ```
///
/// A new entry counts as read; writing a key again does not. Of one look-up the nearest neighbor is
/// read last. Of equal keys, which gradients can make, a write takes the lowest slot.
///
/// # Examples
///
/// ```
/// use metarl_memory::{BruteForce, Dictionary, DictionaryConfig, Kernel, LookUp, LookUpGradient};
///
/// let config = DictionaryConfig {
///     n_neighbors: 2,
///     kernel: Kernel::InverseDistance { delta: 2.0 },
///     learning_rate: 0.5,
/// };
/// let mut dictionary = Dictionary::new(BruteForce::new(1, 100)?, 1, config)?;
/// dictionary.write(&[1.0], &[3.0])?;
/// let slot = dictionary.write(&[-2.0], &[8.0])?;
/// dictionary.write(&[-2.0], &[4.0])?; // again: 8 + ½ (4 − 8)
/// assert_eq!(dictionary.value(slot), Some(&[6.0][..]));
///
/// // Kernels 1/(1 + 2) and 1/(4 + 2), so weights 2/3 and 1/3 of the values 3 and 6.
/// let mut look_up = LookUp::default();
/// let output = dictionary.look_up(&[0.0], &mut look_up)?;
/// assert!((output[0] - 4.0).abs() < 1e-6);
///
/// // Of a loss L = o the gradient by the values is the weights, and a step against it moves them.
/// let mut gradient = LookUpGradient::default();
/// look_up.gradient(&[1.0], &mut gradient)?;
/// assert!((gradient.values[1] - 1.0 / 3.0).abs() < 1e-6);
/// dictionary.descend(&gradient, 3.0)?;
/// assert!((dictionary.value(slot).ok_or("it is there")?[0] - 5.0).abs() < 1e-6);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
///
/// Pritzel et al., *Neural Episodic Control*, 2017,
/// [arXiv:1703.01988](https://arxiv.org/abs/1703.01988), equations 1 to 5.
#[derive(Debug, Clone)]
pub struct Dictionary<N> {
    entries: Entries<N>,
    config: DictionaryConfig,
}

impl<N: NearestNeighbors> Dictionary<N> {
    /// A dictionary without entries, whose values have `width` numbers. The structure gives the
    /// dimension of keys and the capacity.
    ///
    /// # Errors
    ///
    /// [`Error::NotNew`] where the structure holds keys, [`Error::OutOfRange`] for a width of 0 or a
    /// hyper-parameter outside its range, [`Error::OutOfMemory`] when there is no room for values.
    pub fn new(neighbors: N, width: usize, config: DictionaryConfig) -> Result<Self, Error> {
        config.validate()?;
        let entries = Entries::new(neighbors, width)?;
        Ok(Self { entries, config })
    }

    /// The hyper-parameters.
    #[must_use]
    pub fn config(&self) -> &DictionaryConfig {
        &self.config
    }

    /// The keys, of length 1 where the kernel is the cosine.
    #[must_use]
    pub fn keys(&self) -> &Keys {
        self.entries.keys()
    }

    /// Numbers of a value.
    #[must_use]
    pub fn width(&self) -> usize {
        self.entries.width()
    }

    /// The value of a slot, where it holds an entry.
    #[must_use]
    pub fn value(&self, slot: usize) -> Option<&[f32]> {
        self.entries.get(slot)
    }

    /// The order in which entries will be evicted.
    #[must_use]
    pub fn recency(&self) -> &Recency {
        self.entries.recency()
    }

    /// Reads the nearest entries; they become the most recent.
    ///
    /// # Errors
    ///
    /// Those of [`peek`](Self::peek).
    pub fn look_up<'a>(
        &mut self,
        query: &[f32],
        look_up: &'a mut LookUp,
    ) -> Result<&'a [f32], Error> {
        self.peek(query, look_up)?;
        self.touch(look_up)?;
        Ok(&look_up.output)
    }

    /// Counts what was read as used.
    pub(crate) fn touch(&mut self, look_up: &LookUp) -> Result<(), Error> {
        self.entries.touch_all(&look_up.neighbors)
    }

    /// Reads the nearest entries without counting it as use.
    ///
    /// # Errors
    ///
    /// [`Error::NoEntries`], [`Error::DimensionMismatch`], [`Error::NonFinite`], [`Error::TooFar`]
    /// where a squared distance overflows, and with the cosine kernel [`Error::NoDirection`].
    pub fn peek<'a>(&self, query: &[f32], look_up: &'a mut LookUp) -> Result<&'a [f32], Error> {
        let (query, length) = self.admit("query", query)?;
        let p = self.config.n_neighbors;
        let neighbors = self.entries.nearest(&query, p, &mut look_up.search)?;
        // They come in order, so that the last is the one that may be too far.
        if let Some(last) = neighbors.last()
            && last.squared_distance.is_infinite()
        {
            return Err(Error::TooFar { slot: last.slot });
        }
        look_up.neighbors.clear();
        look_up.neighbors.extend_from_slice(neighbors);
        look_up.query.clear();
        look_up.query.extend_from_slice(&query);
        look_up.length = length;
        look_up.generation = self.entries.generation();
        self.weigh(look_up);
        self.average(look_up);
        Ok(&look_up.output)
    }

    /// Writes a value under a key; gives the slot.
    ///
    /// # Errors
    ///
    /// [`Error::DimensionMismatch`], [`Error::NonFinite`], and with the cosine kernel
    /// [`Error::NoDirection`].
    pub fn write(&mut self, key: &[f32], value: &[f32]) -> Result<usize, Error> {
        let (key, _) = self.admit("key", key)?;
        self.entries.check_value(value)?;
        let Some(slot) = self.entries.find(&key) else {
            return self.entries.append(&key, value);
        };
        let alpha = f64::from(self.config.learning_rate);
        for (old, new) in self.entries.value_mut(slot).iter_mut().zip(value) {
            // As a mean in double precision it cannot overflow, and α = 1 gives the new value.
            *old = ((1.0 - alpha) * f64::from(*old) + alpha * f64::from(*new)) as f32;
        }
        Ok(slot)
    }

    /// Steps keys and values that were read against their gradients.
    ///
    /// ```text
    /// hᵢ ← hᵢ − η ∂L/∂hᵢ        vᵢ ← vᵢ − η ∂L/∂vᵢ
    /// ```
    ///
    /// With the cosine kernel keys are divided by their lengths again. Gradients of many look-ups
    /// are applied one after the other.
    ///
    /// # Errors
    ///
    /// [`Error::Stale`] where entries were evicted, cleared or restored since the look-up,
    /// [`Error::Empty`] and [`Error::OutOfRange`] for slots of another dictionary,
    /// [`Error::DimensionMismatch`] where the gradients' lengths were changed, [`Error::NonFinite`]
    /// where a step leaves the finite numbers, and with the cosine kernel [`Error::NoDirection`].
    pub fn descend(&mut self, gradient: &LookUpGradient, step_size: f32) -> Result<(), Error> {
        if gradient.generation != self.entries.generation() {
            return Err(Error::Stale);
        }
        let moved = self.moved(gradient, step_size)?;
        let (keys, values) = moved.split_at(gradient.keys.len());
        self.entries.move_keys(&gradient.slots, keys)?;
        let values = values.chunks_exact(self.width());
        for (&slot, value) in gradient.slots.iter().zip(values) {
            self.entries.value_mut(slot).copy_from_slice(value);
        }
        Ok(())
    }

    /// All entries and the order of their use as a safetensors file; equal memories give equal bytes.
    ///
    /// # Errors
    ///
    /// [`Error::NotSnapshot`] for a file that is too large to be written.
    pub fn snapshot(&self) -> Result<Vec<u8>, Error> {
        self.snapshot_as("dictionary")
    }

    /// Puts the entries of a [`snapshot`](Self::snapshot) in place of these, bit for bit. After an
    /// error the memory is what it was.
    ///
    /// # Errors
    ///
    /// [`Error::NotSnapshot`] for a damaged or foreign file, [`Error::SnapshotMismatch`] for one of
    /// another version, kind of memory, size or hyper-parameter, [`Error::NonFinite`] for keys or
    /// values that are not finite.
    pub fn restore(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.restore_as("dictionary", bytes)
    }

    /// Takes out every entry.
    ///
    /// # Errors
    ///
    /// Those of the structure, which should have none.
    pub fn clear(&mut self) -> Result<(), Error> {
        self.entries.clear()
    }

    /// The snapshot of a memory that is a dictionary under another name.
    pub(crate) fn snapshot_as(&self, kind: &str) -> Result<Vec<u8>, Error> {
        self.entries.snapshot(kind, &self.config)
    }

    pub(crate) fn restore_as(&mut self, kind: &str, bytes: &[u8]) -> Result<(), Error> {
        self.entries.restore(kind, &self.config, bytes)
    }

    /// A key or query as it is compared, and its length where it was divided by it.
    fn admit<'a>(
        &self,
        name: &'static str,
        vector: &'a [f32],
    ) -> Result<(Cow<'a, [f32]>, Option<f32>), Error> {
        check_vector(name, vector, self.keys().dimension())?;
        if !self.config.kernel.normalizes() {
            return Ok((vector.into(), None));
        }
        let mut unit = vector.to_vec();
        let length = normalize(name, &mut unit)?;
        Ok((unit.into(), Some(length)))
    }

    /// wᵢ = kᵢ / Σⱼ kⱼ, and kᵢ′ / Σⱼ kⱼ.
    fn weigh(&self, look_up: &mut LookUp) {
        look_up.weights.clear();
        look_up.slopes.clear();
        let nearest = look_up
            .neighbors
            .first()
            .map_or(0.0, |n| n.squared_distance);
        for neighbor in &look_up.neighbors {
            let kernel = self.config.kernel;
            let (weight, slope) = kernel.relative(neighbor.squared_distance, nearest);
            look_up.weights.push(weight);
            look_up.slopes.push(slope);
        }
        // The nearest has 1, so the sum is not 0.
        let total: f32 = look_up.weights.iter().sum();
        look_up.weights.iter_mut().for_each(|w| *w /= total);
        look_up.slopes.iter_mut().for_each(|s| *s /= total);
    }

    /// o = Σᵢ wᵢ vᵢ, with copies of what is read.
    fn average(&self, look_up: &mut LookUp) {
        look_up.keys.clear();
        look_up.values.clear();
        look_up.output.clear();
        look_up.output.resize(self.width(), 0.0);
        for (neighbor, weight) in look_up.neighbors.iter().zip(&look_up.weights) {
            let (key, value) = (
                self.keys().row(neighbor.slot),
                self.entries.value(neighbor.slot),
            );
            look_up.keys.extend_from_slice(key);
            look_up.values.extend_from_slice(value);
            for (o, v) in look_up.output.iter_mut().zip(value) {
                *o += weight * v;
            }
        }
    }

    /// Keys and then values after a step, all of them checked.
    fn moved(&self, gradient: &LookUpGradient, step_size: f32) -> Result<Vec<f32>, Error> {
        check_range("step_size", "finite", step_size, step_size.is_finite())?;
        let n_neighbors = gradient.slots.len();
        let (dimension, width) = (self.keys().dimension(), self.width());
        for (name, got, expected) in [
            (
                "gradient by keys",
                gradient.keys.len(),
                dimension * n_neighbors,
            ),
            (
                "gradient by values",
                gradient.values.len(),
                width * n_neighbors,
            ),
        ] {
            if got != expected {
                return Err(Error::DimensionMismatch {
                    name,
                    expected,
                    got,
                });
            }
        }
        let mut moved = Vec::with_capacity((dimension + width) * n_neighbors);
        self.keys().gather(&gradient.slots, &mut moved)?;
        let by_keys = gradient.keys.chunks_exact(dimension);
        for (key, by_key) in moved.chunks_exact_mut(dimension).zip(by_keys) {
            step(key, by_key, step_size);
            check_vector("key after a step", key, dimension)?;
            if self.config.kernel.normalizes() {
                normalize("key after a step", key)?;
            }
        }
        let by_values = gradient.values.chunks_exact(width);
        for (&slot, by_value) in gradient.slots.iter().zip(by_values) {
            let start = moved.len();
            moved.extend_from_slice(self.entries.value(slot));
            step(&mut moved[start..], by_value, step_size);
            check_vector("value after a step", &moved[start..], width)?;
        }
        Ok(moved)
    }
}

fn step(vector: &mut [f32], gradient: &[f32], step_size: f32) {
    for (x, g) in vector.iter_mut().zip(gradient) {
        *x -= step_size * g;
    }
}
