//! The best return that was ever reached from each state.

use crate::entries::Entries;
use crate::error::{check_range, check_vector};
use crate::{Error, Keys, NearestNeighbors, Recency, Search};

/// The table of model-free episodic control, for one action: what followed the best episode through
/// each state, and a mean of neighbors where a state is new.
///
/// ```text
/// Q(s) ← max(Q(s), R)        where s is in the table, to the last bit; else Q(s) ← R
///
/// Q̂(s) = Q(s)                where s is in the table
///      = (1/k) Σᵢ Q(sᵢ)      over the k nearest sᵢ elsewhere, or all while there are fewer
/// ```
///
/// States are keys, for instance those of a [`GaussianProjection`](crate::GaussianProjection). A full
/// table forgets the entry that was used least recently; written and read, exactly or as a neighbor,
/// is used. In a deterministic world the table never overestimates what it has seen; in a random one
/// the maximum is the luckiest return, not the mean.
///
/// # Examples
///
/// ```
/// use metarl_memory::{BruteForce, EpisodicTable, Search};
///
/// let mut table = EpisodicTable::new(BruteForce::new(1, 1000)?, 2)?;
/// table.write(&[0.0], 1.0)?;
/// table.write(&[1.0], 6.0)?;
/// table.write(&[0.0], 4.0)?; // better than 1
/// table.write(&[0.0], 2.0)?; // worse than 4
/// let mut search = Search::default();
/// assert_eq!(table.look_up(&[0.0], &mut search)?, 4.0);
/// assert_eq!(table.look_up(&[0.1], &mut search)?, 5.0); // (4 + 6) / 2
/// # Ok::<(), metarl_memory::Error>(())
/// ```
///
/// # References
///
/// Blundell et al., *Model-Free Episodic Control*, 2016,
/// [arXiv:1606.04460](https://arxiv.org/abs/1606.04460), equations 1 and 2.
#[derive(Debug, Clone)]
pub struct EpisodicTable<N> {
    entries: Entries<N>,
    n_neighbors: usize,
}

impl<N: NearestNeighbors> EpisodicTable<N> {
    /// A table without entries, which takes means of `n_neighbors` (11 on Atari, 50 on Labyrinth, in
    /// the paper). The structure gives the dimension of keys and the capacity.
    ///
    /// # Errors
    ///
    /// [`Error::NotNew`] where the structure holds keys, [`Error::OutOfRange`] for no neighbors,
    /// [`Error::OutOfMemory`] when there is no room for values.
    pub fn new(neighbors: N, n_neighbors: usize) -> Result<Self, Error> {
        check_range("n_neighbors", "at least 1", n_neighbors, n_neighbors >= 1)?;
        let entries = Entries::new(neighbors, 1)?;
        Ok(Self {
            entries,
            n_neighbors,
        })
    }

    /// k, the most neighbors of a mean.
    #[must_use]
    pub fn n_neighbors(&self) -> usize {
        self.n_neighbors
    }

    /// The states.
    #[must_use]
    pub fn keys(&self) -> &Keys {
        self.entries.keys()
    }

    /// The best return of a slot, where it holds an entry.
    #[must_use]
    pub fn value(&self, slot: usize) -> Option<f32> {
        self.entries.get(slot).map(|value| value[0])
    }

    /// The best return of a state that is in the table, without counting it as use.
    ///
    /// # Errors
    ///
    /// [`Error::DimensionMismatch`], [`Error::NonFinite`].
    pub fn best(&self, key: &[f32]) -> Result<Option<f32>, Error> {
        check_vector("key", key, self.keys().dimension())?;
        let slot = self.entries.find(key);
        Ok(slot.map(|slot| self.entries.value(slot)[0]))
    }

    /// The order in which entries will be evicted.
    #[must_use]
    pub fn recency(&self) -> &Recency {
        self.entries.recency()
    }

    /// The estimate of a state; what it was made from becomes the most recent.
    ///
    /// # Errors
    ///
    /// [`Error::NoEntries`], [`Error::DimensionMismatch`], [`Error::NonFinite`].
    pub fn look_up(&mut self, key: &[f32], search: &mut Search) -> Result<f32, Error> {
        check_vector("key", key, self.keys().dimension())?;
        if let Some(slot) = self.entries.find(key) {
            self.entries.touch(slot)?;
            return Ok(self.entries.value(slot)[0]);
        }
        let neighbors = self.entries.nearest(key, self.n_neighbors, search)?;
        self.entries.touch_all(neighbors)?;
        let returns = neighbors.iter().map(|n| self.entries.value(n.slot)[0]);
        let total: f64 = returns.map(f64::from).sum();
        Ok((total / neighbors.len() as f64) as f32)
    }

    /// Writes the return that followed a state; gives the slot.
    ///
    /// # Errors
    ///
    /// [`Error::DimensionMismatch`], [`Error::NonFinite`].
    pub fn write(&mut self, key: &[f32], episode_return: f32) -> Result<usize, Error> {
        check_vector("key", key, self.keys().dimension())?;
        self.entries.check_value(&[episode_return])?;
        let Some(slot) = self.entries.find(key) else {
            return self.entries.append(key, &[episode_return]);
        };
        let best = &mut self.entries.value_mut(slot)[0];
        *best = best.max(episode_return);
        self.entries.touch(slot)?;
        Ok(slot)
    }

    /// All entries and the order of their use as a safetensors file; equal memories give equal bytes.
    ///
    /// # Errors
    ///
    /// [`Error::NotSnapshot`] for a file that is too large to be written.
    pub fn snapshot(&self) -> Result<Vec<u8>, Error> {
        self.entries.snapshot("episodic-table", &self.n_neighbors)
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
        self.entries
            .restore("episodic-table", &self.n_neighbors, bytes)
    }

    /// Takes out every entry.
    ///
    /// # Errors
    ///
    /// Those of the structure, which should have none.
    pub fn clear(&mut self) -> Result<(), Error> {
        self.entries.clear()
    }
}
