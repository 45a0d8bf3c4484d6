//! Keys in slots.

use crate::Error;
use crate::error::{check_range, check_vector};

/// Rows of numbers in slots: what every structure searches, and what gradients read.
///
/// A row stays where it is from insertion to removal.
#[derive(Debug, Clone, PartialEq)]
pub struct Keys {
    dimension: usize,
    /// Slot after slot; what a free slot holds means nothing.
    rows: Vec<f32>,
    is_taken: Vec<bool>,
    len: usize,
}

impl Keys {
    /// # Errors
    ///
    /// [`Error::OutOfRange`] unless dimension and capacity are at least 1, and the capacity is below
    /// 2³².
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
        Ok(Self {
            dimension,
            rows: vec![0.0; dimension * capacity],
            is_taken: vec![false; capacity],
            len: 0,
        })
    }

    /// Numbers of a key.
    #[must_use]
    pub fn dimension(&self) -> usize {
        self.dimension
    }

    /// Number of slots.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.is_taken.len()
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

    /// The row of a slot, taken or not.
    pub(crate) fn row(&self, slot: usize) -> &[f32] {
        &self.rows[slot * self.dimension..][..self.dimension]
    }

    /// See [`NearestNeighbors::insert`](crate::NearestNeighbors::insert).
    pub(crate) fn insert(&mut self, slot: usize, key: &[f32]) -> Result<(), Error> {
        check_vector("key", key, self.dimension)?;
        if self.is_taken(slot)? {
            return Err(Error::Taken { slot });
        }
        self.write(slot, key);
        self.is_taken[slot] = true;
        self.len += 1;
        Ok(())
    }

    /// See [`NearestNeighbors::update`](crate::NearestNeighbors::update).
    pub(crate) fn update(&mut self, slot: usize, key: &[f32]) -> Result<(), Error> {
        check_vector("key", key, self.dimension)?;
        self.check_taken(slot)?;
        self.write(slot, key);
        Ok(())
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
        Ok(self.is_taken[slot])
    }

    fn check_taken(&self, slot: usize) -> Result<(), Error> {
        if self.is_taken(slot)? {
            Ok(())
        } else {
            Err(Error::Empty { slot })
        }
    }
}
