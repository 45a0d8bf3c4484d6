//! Keys in slots.

use super::squared_distance;
use crate::Error;
use crate::error::{check_range, check_rows, check_vector, reserve};

/// Rows of numbers in slots: what every structure searches, and what gradients read.
///
/// A row stays where it is from insertion to removal.
#[derive(Debug, Clone, PartialEq)]
pub struct Keys {
    dimension: usize,
    capacity: usize,
    /// Slot after slot, as far as slots were ever taken, in memory reserved for all; what a free slot
    /// holds means nothing.
    rows: Vec<f32>,
    is_taken: Vec<bool>,
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
        let mut rows = Vec::new();
        let mut is_taken = Vec::new();
        reserve(&mut rows, dimension * capacity)?;
        reserve(&mut is_taken, capacity)?;
        Ok(Self {
            dimension,
            capacity,
            rows,
            is_taken,
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
        keys.rows.extend_from_slice(rows);
        keys.is_taken.resize(n_rows, true);
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
        let is_taken = *self.is_taken.get(slot)?;
        is_taken.then(|| self.row(slot))
    }

    /// The slots that hold keys, ascending.
    pub fn slots(&self) -> impl Iterator<Item = usize> + '_ {
        let slots = self.is_taken.iter().enumerate();
        slots.filter_map(|(slot, is_taken)| is_taken.then_some(slot))
    }

    /// Bytes in use, which grow to those of the whole capacity.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of_val(&self.rows[..]) + size_of_val(&self.is_taken[..])
    }

    /// The row of a slot that was taken before.
    pub(crate) fn row(&self, slot: usize) -> &[f32] {
        &self.rows[slot * self.dimension..][..self.dimension]
    }

    /// See [`NearestNeighbors::insert`](crate::NearestNeighbors::insert).
    pub(crate) fn insert(&mut self, slot: usize, key: &[f32]) -> Result<(), Error> {
        check_vector("key", key, self.dimension)?;
        if self.is_taken(slot)? {
            return Err(Error::Taken { slot });
        }
        if self.is_taken.len() <= slot {
            self.is_taken.resize(slot + 1, false);
            self.rows.resize((slot + 1) * self.dimension, 0.0);
        }
        self.write(slot, key);
        self.is_taken[slot] = true;
        self.len += 1;
        Ok(())
    }

    /// See [`NearestNeighbors::update`](crate::NearestNeighbors::update).
    ///
    /// Gives the squared distance from where the key was.
    pub(crate) fn update(&mut self, slot: usize, key: &[f32]) -> Result<f32, Error> {
        check_vector("key", key, self.dimension)?;
        self.check_taken(slot)?;
        let squared_distance = squared_distance(self.row(slot), key);
        self.write(slot, key);
        Ok(squared_distance)
    }

    /// See [`NearestNeighbors::remove`](crate::NearestNeighbors::remove).
    pub(crate) fn remove(&mut self, slot: usize) -> Result<(), Error> {
        self.check_taken(slot)?;
        self.is_taken[slot] = false;
        self.len -= 1;
        Ok(())
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

    fn is_taken(&self, slot: usize) -> Result<bool, Error> {
        let capacity = self.capacity();
        let allowed = format_args!("below the capacity, {capacity}");
        check_range("slot", allowed, slot, slot < capacity)?;
        Ok(self.is_taken.get(slot).copied().unwrap_or(false))
    }

    fn check_taken(&self, slot: usize) -> Result<(), Error> {
        if self.is_taken(slot)? {
            Ok(())
        } else {
            Err(Error::Empty { slot })
        }
    }
}
