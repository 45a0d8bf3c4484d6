//! States of a recurrent network, to be taken up again where their context returns.

use crate::{Dictionary, DictionaryConfig, Error, Kernel, Keys, LookUp, NearestNeighbors, Recency};

/// The memory of an episodic LSTM: contexts, each with the cell state its last episode ended in.
///
/// ```text
/// retrieve   m = Σᵢ wᵢ cᵢ        over the p nearest contexts; 0 while there are none
/// write      c ← c′              where the context is there, to the last bit; else a new entry
/// ```
///
/// The network lets `m` into its cell through a gate of its own, `c ← f ⊙ c + i ⊙ g + r ⊙ m`. With
/// one neighbor `m` is the nearest state itself, whatever the kernel. The memory is cleared where an epoch of tasks begins. It is a [`Dictionary`] whose learning rate
/// is 1.
///
/// # Examples
///
/// ```
/// use metarl_memory::{BruteForce, EpisodicStore, Kernel, LookUp};
///
/// let kernel = Kernel::InverseDistance { delta: 1e-3 };
/// let mut store = EpisodicStore::new(BruteForce::new(2, 100)?, 3, 1, kernel)?;
/// let mut look_up = LookUp::default();
/// assert_eq!(store.retrieve(&[1.0, 0.0], &mut look_up)?, [0.0; 3]);
/// store.write(&[1.0, 0.0], &[0.1, 0.2, 0.3])?;
/// store.write(&[0.0, 1.0], &[0.7, 0.8, 0.9])?;
/// store.write(&[0.0, 1.0], &[0.4, 0.5, 0.6])?;
/// assert_eq!(store.retrieve(&[0.1, 0.8], &mut look_up)?, [0.4, 0.5, 0.6]);
/// store.clear()?;
/// assert_eq!(store.retrieve(&[0.1, 0.8], &mut look_up)?, [0.0; 3]);
/// # Ok::<(), metarl_memory::Error>(())
/// ```
///
/// # References
///
/// Ritter et al., *Been There, Done That: Meta-Learning with Episodic Recall*, 2018,
/// [arXiv:1805.09692](https://arxiv.org/abs/1805.09692), section 4.
#[derive(Debug, Clone)]
pub struct EpisodicStore<N> {
    dictionary: Dictionary<N>,
}

impl<N: NearestNeighbors> EpisodicStore<N> {
    /// A memory without entries for cell states of `width` numbers, read through `n_neighbors` and a
    /// kernel. The structure gives the dimension of contexts and the capacity.
    ///
    /// # Errors
    ///
    /// Those of [`Dictionary::new`].
    pub fn new(
        neighbors: N,
        width: usize,
        n_neighbors: usize,
        kernel: Kernel,
    ) -> Result<Self, Error> {
        let config = DictionaryConfig {
            n_neighbors,
            kernel,
            learning_rate: 1.0,
        };
        let dictionary = Dictionary::new(neighbors, width, config)?;
        Ok(Self { dictionary })
    }

    /// The contexts, of length 1 where the kernel is the cosine.
    #[must_use]
    pub fn keys(&self) -> &Keys {
        self.dictionary.keys()
    }

    /// Numbers of a cell state.
    #[must_use]
    pub fn width(&self) -> usize {
        self.dictionary.width()
    }

    /// The cell state of a slot, where it holds an entry.
    #[must_use]
    pub fn value(&self, slot: usize) -> Option<&[f32]> {
        self.dictionary.value(slot)
    }

    /// The order in which entries will be evicted.
    #[must_use]
    pub fn recency(&self) -> &Recency {
        self.dictionary.recency()
    }

    /// The state to take up in a context: zeros while the memory is empty. What was read becomes the
    /// most recent.
    ///
    /// # Errors
    ///
    /// [`Error::DimensionMismatch`], [`Error::NonFinite`], [`Error::TooFar`] where a squared distance
    /// overflows, and with the cosine kernel [`Error::NoDirection`].
    pub fn retrieve<'a>(
        &mut self,
        context: &[f32],
        look_up: &'a mut LookUp,
    ) -> Result<&'a [f32], Error> {
        match self.dictionary.look_up(context, look_up) {
            Err(Error::NoEntries) => {
                *look_up = LookUp::of_nothing(self.keys().dimension(), self.width());
                Ok(look_up.output())
            }
            Ok(_) => Ok(look_up.output()),
            Err(error) => Err(error),
        }
    }

    /// Writes the cell state that an episode ended in; gives the slot.
    ///
    /// # Errors
    ///
    /// Those of [`Dictionary::write`].
    pub fn write(&mut self, context: &[f32], cell_state: &[f32]) -> Result<usize, Error> {
        self.dictionary.write(context, cell_state)
    }

    /// All entries and the order of their use as a safetensors file; equal memories give equal bytes.
    ///
    /// # Errors
    ///
    /// [`Error::NotSnapshot`] for a file that is too large to be written.
    pub fn snapshot(&self) -> Result<Vec<u8>, Error> {
        self.dictionary.snapshot_as("episodic-store")
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
        self.dictionary.restore_as("episodic-store", bytes)
    }

    /// Takes out every entry: a new epoch.
    ///
    /// # Errors
    ///
    /// Those of [`Dictionary::clear`].
    pub fn clear(&mut self) -> Result<(), Error> {
        self.dictionary.clear()
    }
}
