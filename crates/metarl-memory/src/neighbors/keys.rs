//! Keys in slots.

use super::kernel::prefetch;
use super::pages::Pages;
use super::squared_distance;
use crate::Error;
use crate::error::{check_entries, check_range, check_rows, check_vector, reserve};

/// Rows that are asked for ahead of the one that is moved.
pub(crate) const AHEAD: usize = 8;

/// Rows of numbers in slots: what every structure searches, and what gradients read.
///
/// A row stays where it is from insertion to removal.
#[derive(Debug, Clone)]
pub struct Keys {
    dimension: usize,
    capacity: usize,
    /// Slot after slot, as far as slots were ever taken, in memory reserved for all; what a free slot
    /// holds means nothing.
    rows: Pages<f32>,
    /// A bit for each slot that holds a key, 64 slots in each.
    taken: Vec<u64>,
    len: usize,
}

impl Keys {
    /// # Errors
    ///
    /// [`Error::OutOfRange`] unless dimension and capacity are at least 1, and the capacity is below
    /// 2³²; [`Error::OutOfMemory`] when there is no room for the rows.
    pub fn new(dimension: usize, capacity: usize) -> Result<Self, Error> {
        check_range("dimension", "at least 1", dimension, dimension >= 1)?;
        let fits = (1..=u32::MAX as usize).contains(&capacity);
        check_range("capacity", "from 1 to 4294967295", capacity, fits)?;
        let n_numbers = dimension.checked_mul(capacity);
        check_range(
            "dimension × capacity",
            "a number of bytes that can be addressed",
            format!("{dimension} × {capacity}"),
            n_numbers.is_some_and(|n| n <= isize::MAX as usize / size_of::<f32>()),
        )?;
        let rows = Pages::with_capacity(dimension * capacity)?;
        let mut taken = Vec::new();
        reserve(&mut taken, capacity.div_ceil(64))?;
        Ok(Self {
            dimension,
            capacity,
            rows,
            taken,
            len: 0,
        })
    }

    /// Rows side by side as the keys of slots 0, 1, 2 and so on.
    ///
    /// # Errors
    ///
    /// Those of [`Keys::new`]; [`Error::OutOfRange`] unless `rows` are whole and not more than the
    /// capacity; [`Error::NonFinite`].
    ///
    /// # Examples
    ///
    /// ```
    /// let keys = metarl_memory::Keys::from_rows(2, 10, &[0.0, 1.0, 2.0, 3.0])?;
    /// assert_eq!(keys.len(), 2);
    /// assert_eq!(keys.get(1), Some(&[2.0, 3.0][..]));
    /// # Ok::<(), metarl_memory::Error>(())
    /// ```
    pub fn from_rows(dimension: usize, capacity: usize, rows: &[f32]) -> Result<Self, Error> {
        let mut keys = Self::new(dimension, capacity)?;
        check_rows("rows", rows, dimension)?;
        let n_rows = rows.len() / dimension;
        let allowed = format_args!("at most the capacity, {capacity}");
        check_range("number of rows", allowed, n_rows, n_rows <= capacity)?;
        keys.rows.grow(rows.len());
        keys.rows.copy_from_slice(rows);
        keys.taken.resize(n_rows.div_ceil(64), u64::MAX);
        if let Some(last) = keys.taken.last_mut() {
            *last >>= n_rows.wrapping_neg() % 64;
        }
        keys.len = n_rows;
        Ok(keys)
    }

    /// Numbers of a key.
    #[must_use]
    pub fn dimension(&self) -> usize {
        self.dimension
    }

    /// Number of slots.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Number of keys.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no keys.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The key of a slot, where it holds one.
    #[must_use]
    pub fn get(&self, slot: usize) -> Option<&[f32]> {
        self.holds(slot).then(|| self.row(slot))
    }

    /// Appends the keys of slots, which then lie side by side, as
    /// [`update_batch`](crate::NearestNeighbors::update_batch) takes them back. Rows are asked for ahead.
    ///
    /// # Errors
    ///
    /// [`Error::Empty`], and [`Error::OutOfRange`] when there is no such slot.
    pub fn gather(&self, slots: &[usize], keys: &mut Vec<f32>) -> Result<(), Error> {
        self.check_all_taken(slots)?;
        for (i, &slot) in slots.iter().enumerate() {
            if let Some(&ahead) = slots.get(i + AHEAD) {
                self.prefetch(ahead);
            }
            keys.extend_from_slice(self.row(slot));
        }
        Ok(())
    }

    /// The slots that hold keys, ascending.
    pub fn slots(&self) -> impl Iterator<Item = usize> + '_ {
        (0..64 * self.taken.len()).filter(|&slot| self.holds(slot))
    }

    /// Bytes in use, which grow to those of the whole capacity.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of_val(&self.rows[..]) + size_of_val(&self.taken[..])
    }

    /// Asks for the row of a slot before it is needed.
    pub(crate) fn prefetch(&self, slot: usize) {
        prefetch(self.row(slot));
    }

    /// The row of a slot that was taken before.
    pub(crate) fn row(&self, slot: usize) -> &[f32] {
        &self.rows[slot * self.dimension..][..self.dimension]
    }

    /// See [`NearestNeighbors::insert`](crate::NearestNeighbors::insert).
    pub(crate) fn insert(&mut self, slot: usize, key: &[f32]) -> Result<(), Error> {
        check_vector("key", key, self.dimension)?;
        self.check_slot(slot)?;
        if self.holds(slot) {
            return Err(Error::Taken { slot });
        }
        if self.rows.len() <= slot * self.dimension {
            self.rows.grow((slot + 1) * self.dimension);
            self.taken.resize(slot / 64 + 1, 0);
        }
        self.write(slot, key);
        self.taken[slot / 64] |= 1 << (slot % 64);
        self.len += 1;
        Ok(())
    }

    /// See [`NearestNeighbors::update`](crate::NearestNeighbors::update).
    ///
    /// Gives the squared distance from where the key was.
    pub(crate) fn update(&mut self, slot: usize, key: &[f32]) -> Result<f32, Error> {
        check_vector("key", key, self.dimension)?;
        self.check_taken(slot)?;
        Ok(self.move_row(slot, key))
    }

    /// The same of a slot and a key that were checked.
    pub(crate) fn move_row(&mut self, slot: usize, key: &[f32]) -> f32 {
        let squared_distance = squared_distance(self.row(slot), key);
        self.write(slot, key);
        squared_distance
    }

    /// See [`NearestNeighbors::remove`](crate::NearestNeighbors::remove).
    pub(crate) fn remove(&mut self, slot: usize) -> Result<(), Error> {
        self.check_taken(slot)?;
        self.taken[slot / 64] &= !(1 << (slot % 64));
        self.len -= 1;
        Ok(())
    }

    /// Checks what [`NearestNeighbors::update_batch`](crate::NearestNeighbors::update_batch) is asked.
    pub(crate) fn check_updates(&self, slots: &[usize], keys: &[f32]) -> Result<(), Error> {
        check_rows("keys", keys, self.dimension)?;
        check_entries("keys", keys.len() / self.dimension, slots.len())?;
        self.check_all_taken(slots)
    }

    /// Checks what [`NearestNeighbors::nearest`](crate::NearestNeighbors::nearest) is asked.
    pub(crate) fn check_query(&self, query: &[f32], k: usize) -> Result<(), Error> {
        check_vector("query", query, self.dimension)?;
        self.check_k(k)
    }

    /// Checks what [`NearestNeighbors::nearest_batch`](crate::NearestNeighbors::nearest_batch) is asked.
    pub(crate) fn check_queries(&self, queries: &[f32], k: usize) -> Result<(), Error> {
        check_rows("queries", queries, self.dimension)?;
        self.check_k(k)
    }

    fn check_k(&self, k: usize) -> Result<(), Error> {
        let n_keys = self.len;
        let allowed = format_args!("from 1 to the number of keys, {n_keys}");
        check_range("k", allowed, k, (1..=n_keys).contains(&k))
    }

    fn write(&mut self, slot: usize, key: &[f32]) {
        self.rows[slot * self.dimension..][..self.dimension].copy_from_slice(key);
    }

    fn holds(&self, slot: usize) -> bool {
        let slots = self.taken.get(slot / 64).copied().unwrap_or_default();
        slots >> (slot % 64) & 1 == 1
    }

    fn check_slot(&self, slot: usize) -> Result<(), Error> {
        let capacity = self.capacity();
        let allowed = format_args!("below the capacity, {capacity}");
        check_range("slot", allowed, slot, slot < capacity)
    }

    fn check_taken(&self, slot: usize) -> Result<(), Error> {
        if self.holds(slot) {
            return Ok(());
        }
        self.check_slot(slot)?;
        Err(Error::Empty { slot })
    }

    fn check_all_taken(&self, slots: &[usize]) -> Result<(), Error> {
        slots.iter().try_for_each(|&slot| self.check_taken(slot))
    }
}

/// The same keys in the same of as many slots.
impl PartialEq for Keys {
    fn eq(&self, other: &Self) -> bool {
        let sizes = |keys: &Self| (keys.dimension, keys.capacity, keys.len);
        let mut slots = self.slots();
        sizes(self) == sizes(other) && slots.all(|slot| self.get(slot) == other.get(slot))
    }
}
