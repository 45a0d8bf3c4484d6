//! Which slot holds a key, to the last bit.

use std::hash::{BuildHasher, Hasher};

use hashbrown::{DefaultHashBuilder, HashTable};

use crate::Keys;

/// The slots of keys by their hashes. The keys themselves are those of the memory, and passed in.
///
/// Keys that gradients move may come to be equal: then the lowest slot is the one that is found, as
/// among neighbors. So nothing depends on the order of hashes.
#[derive(Debug, Clone, Default)]
pub(crate) struct ExactMatch {
    slots: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl ExactMatch {
    /// The lowest slot that holds a key equal to this one.
    pub(crate) fn find(&self, keys: &Keys, key: &[f32]) -> Option<usize> {
        let alike = self.slots.iter_hash(hash(&self.hasher, key));
        let slots = alike.map(|slot| *slot as usize);
        slots.filter(|slot| keys.row(*slot) == key).min()
    }

    /// Adds a slot whose key is in place.
    pub(crate) fn insert(&mut self, keys: &Keys, slot: usize) {
        let Self { slots, hasher } = self;
        let hash_of = |slot: &u32| hash(hasher, keys.row(*slot as usize));
        let slot = slot as u32;
        slots.insert_unique(hash_of(&slot), slot, hash_of);
    }

    /// Takes out a slot whose key is still in place.
    pub(crate) fn remove(&mut self, keys: &Keys, slot: usize) {
        let hash = hash(&self.hasher, keys.row(slot));
        if let Ok(entry) = self.slots.find_entry(hash, |other| *other as usize == slot) {
            entry.remove();
        }
    }

    pub(crate) fn clear(&mut self) {
        self.slots.clear();
    }
}

fn hash(hasher: &DefaultHashBuilder, key: &[f32]) -> u64 {
    let mut hasher = hasher.build_hasher();
    for x in key {
        // −0.0 and 0.0 are the same coordinate.
        hasher.write_u32((x + 0.0).to_bits());
    }
    hasher.finish()
}
