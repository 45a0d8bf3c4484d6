//! What memories have in common: keys, a value each, and the order of their use.

use serde::Serialize;

use crate::error::{check_range, check_vector, reserve};
use crate::exact_match::ExactMatch;
use crate::snapshot::{self, Description, Snapshot, Tensor, not_snapshot};
use crate::{Error, Keys, NearestNeighbors, Neighbor, Recency, Search};

/// Entries in slots. While there is room a new one takes the lowest free slot, and then the slot of
/// the entry that was used least recently: slots below the number of entries are taken, no others.
///
/// Callers check keys and values first.
#[derive(Debug, Clone)]
pub(crate) struct Entries<N> {
    neighbors: N,
    exact_match: ExactMatch,
    /// Slot after slot, `width` numbers each, in memory reserved for all.
    values: Vec<f32>,
    width: usize,
    recency: Recency,
    /// Grows when a slot may have passed to another entry.
    generation: u64,
}

impl<N: NearestNeighbors> Entries<N> {
    /// Entries with values of `width` numbers, searched by a structure without keys.
    pub(crate) fn new(neighbors: N, width: usize) -> Result<Self, Error> {
        let keys = neighbors.keys();
        let capacity = keys.capacity();
        if !keys.is_empty() {
            return Err(Error::NotNew { got: keys.len() });
        }
        check_range("width", "at least 1", width, width >= 1)?;
        let mut values = Vec::new();
        reserve(&mut values, width.saturating_mul(capacity))?;
        Ok(Self {
            neighbors,
            exact_match: ExactMatch::default(),
            values,
            width,
            recency: Recency::new(capacity)?,
            generation: 0,
        })
    }

    pub(crate) fn keys(&self) -> &Keys {
        self.neighbors.keys()
    }

    pub(crate) fn width(&self) -> usize {
        self.width
    }

    pub(crate) fn recency(&self) -> &Recency {
        &self.recency
    }

    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    /// The value of a slot that holds an entry.
    pub(crate) fn get(&self, slot: usize) -> Option<&[f32]> {
        self.keys().get(slot).map(|_| self.value(slot))
    }

    /// The value of a slot that holds an entry.
    pub(crate) fn value(&self, slot: usize) -> &[f32] {
        &self.values[slot * self.width..][..self.width]
    }

    pub(crate) fn value_mut(&mut self, slot: usize) -> &mut [f32] {
        &mut self.values[slot * self.width..][..self.width]
    }

    pub(crate) fn check_value(&self, value: &[f32]) -> Result<(), Error> {
        check_vector("value", value, self.width)
    }

    /// The lowest slot whose key equals this one.
    pub(crate) fn find(&self, key: &[f32]) -> Option<usize> {
        self.exact_match.find(self.keys(), key)
    }

    /// The `k` nearest entries, or all where there are fewer.
    pub(crate) fn nearest<'a>(
        &self,
        query: &[f32],
        k: usize,
        search: &'a mut Search,
    ) -> Result<&'a [Neighbor], Error> {
        let n_entries = self.keys().len();
        if n_entries == 0 {
            check_vector("query", query, self.keys().dimension())?;
            return Err(Error::NoEntries);
        }
        self.neighbors.nearest(query, k.min(n_entries), search)
    }

    /// Makes an entry the newest.
    pub(crate) fn touch(&mut self, slot: usize) -> Result<(), Error> {
        self.recency.touch(slot)
    }

    /// Makes neighbors the newest, the nearest the newest of all.
    pub(crate) fn touch_all(&mut self, neighbors: &[Neighbor]) -> Result<(), Error> {
        let mut farthest_first = neighbors.iter().rev();
        farthest_first.try_for_each(|neighbor| self.touch(neighbor.slot))
    }

    /// A new entry, the newest; gives its slot.
    pub(crate) fn append(&mut self, key: &[f32], value: &[f32]) -> Result<usize, Error> {
        let n_entries = self.keys().len();
        let slot = match self.recency.oldest() {
            Some(oldest) if n_entries == self.keys().capacity() => {
                check_vector("key", key, self.keys().dimension())?;
                self.evict(oldest)?;
                oldest
            }
            _ => n_entries,
        };
        self.neighbors.insert(slot, key)?;
        self.exact_match.insert(self.neighbors.keys(), slot);
        self.recency.insert(slot)?;
        if slot == n_entries {
            self.values.extend_from_slice(value);
        } else {
            self.value_mut(slot).copy_from_slice(value);
        }
        Ok(slot)
    }

    /// Moves the keys of entries, none of which comes twice.
    pub(crate) fn move_keys(&mut self, slots: &[usize], keys: &[f32]) -> Result<(), Error> {
        for &slot in slots {
            self.exact_match.remove(self.neighbors.keys(), slot);
        }
        let moved = self.neighbors.update_batch(slots, keys);
        for &slot in slots {
            self.exact_match.insert(self.neighbors.keys(), slot);
        }
        moved
    }

    pub(crate) fn clear(&mut self) -> Result<(), Error> {
        self.exact_match.clear();
        self.recency.clear();
        self.values.clear();
        self.generation += 1;
        (0..self.keys().len()).try_for_each(|slot| self.neighbors.remove(slot))
    }

    /// The entries as a file, with what else makes the memory.
    pub(crate) fn snapshot(&self, kind: &str, config: &impl Serialize) -> Result<Vec<u8>, Error> {
        let n_entries = self.keys().len();
        let keys = (0..n_entries).flat_map(|slot| self.keys().row(slot).iter().copied());
        let values = self.values.iter().copied();
        let recency = self.recency.iter().map(|slot| slot as u32);
        snapshot::write(
            &self.description(kind, config)?,
            &[
                (
                    "keys",
                    Tensor::new(&[n_entries, self.keys().dimension()], keys),
                ),
                ("values", Tensor::new(&[n_entries, self.width], values)),
                ("recency", Tensor::new(&[n_entries], recency)),
            ],
        )
    }

    /// Puts the entries of a file in place of these. Everything is checked before the first change.
    pub(crate) fn restore(
        &mut self,
        kind: &str,
        config: &impl Serialize,
        bytes: &[u8],
    ) -> Result<(), Error> {
        let (dimension, capacity) = (self.keys().dimension(), self.keys().capacity());
        let file = Snapshot::read(bytes, &self.description(kind, config)?)?;
        let n_entries = file.rows("recency")?;
        let order: Vec<u32> = file.numbers("recency", &[n_entries])?;
        let keys: Vec<f32> = file.numbers("keys", &[n_entries, dimension])?;
        let values: Vec<f32> = file.numbers("values", &[n_entries, self.width])?;
        check_vector("keys of the snapshot", &keys, n_entries * dimension)?;
        check_vector("values of the snapshot", &values, n_entries * self.width)?;
        // As many different slots as entries, none above the last.
        let mut recency = Recency::new(capacity)?;
        for slot in order {
            if slot as usize >= n_entries || recency.insert(slot as usize).is_err() {
                return Err(not_snapshot(&"its order of use is not one of its slots"));
            }
        }

        self.clear()?;
        for (slot, key) in keys.chunks_exact(dimension).enumerate() {
            self.neighbors.insert(slot, key)?;
            self.exact_match.insert(self.neighbors.keys(), slot);
        }
        self.values.extend_from_slice(&values);
        self.recency = recency;
        Ok(())
    }

    fn description(&self, kind: &str, config: &impl Serialize) -> Result<Description, Error> {
        Description::of(kind)?
            .with("dimension", self.keys().dimension())?
            .with("capacity", self.keys().capacity())?
            .with("width", self.width)?
            .with("config", config)
    }

    fn evict(&mut self, slot: usize) -> Result<(), Error> {
        self.exact_match.remove(self.neighbors.keys(), slot);
        self.generation += 1;
        self.recency.remove(slot)?;
        self.neighbors.remove(slot)
    }
}
