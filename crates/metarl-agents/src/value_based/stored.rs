//! Memories as part of a state that is written and read back.

use metarl_memory::{Dictionary, DictionaryConfig, EpisodicTable, Error, KdTree};
use serde::{Deserialize, Serialize};

/// A memory as it is written: what it was made with, and its entries.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Record<C> {
    dimension: usize,
    capacity: usize,
    config: C,
    snapshot: Vec<u8>,
}

/// A dictionary of single numbers over a k-d tree.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(
    try_from = "Record<DictionaryConfig>",
    into = "Record<DictionaryConfig>"
)]
pub(super) struct StoredDictionary(pub(super) Dictionary<KdTree>);

impl StoredDictionary {
    pub(super) fn new(
        dimension: usize,
        capacity: usize,
        config: DictionaryConfig,
    ) -> Result<Self, Error> {
        let keys = KdTree::new(dimension, capacity)?;
        Ok(Self(Dictionary::new(keys, 1, config)?))
    }
}

impl From<StoredDictionary> for Record<DictionaryConfig> {
    fn from(StoredDictionary(dictionary): StoredDictionary) -> Self {
        Self {
            dimension: dictionary.keys().dimension(),
            capacity: dictionary.keys().capacity(),
            config: *dictionary.config(),
            snapshot: dictionary.snapshot().unwrap_or_default(),
        }
    }
}

impl TryFrom<Record<DictionaryConfig>> for StoredDictionary {
    type Error = Error;

    fn try_from(record: Record<DictionaryConfig>) -> Result<Self, Error> {
        let mut stored = Self::new(record.dimension, record.capacity, record.config)?;
        stored.0.restore(&record.snapshot)?;
        Ok(stored)
    }
}

impl PartialEq for StoredDictionary {
    fn eq(&self, other: &Self) -> bool {
        self.0.snapshot() == other.0.snapshot()
    }
}

/// A table of best returns over a k-d tree.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "Record<usize>", into = "Record<usize>")]
pub(super) struct StoredTable(pub(super) EpisodicTable<KdTree>);

impl StoredTable {
    pub(super) fn new(
        dimension: usize,
        capacity: usize,
        n_neighbors: usize,
    ) -> Result<Self, Error> {
        let keys = KdTree::new(dimension, capacity)?;
        Ok(Self(EpisodicTable::new(keys, n_neighbors)?))
    }
}

impl From<StoredTable> for Record<usize> {
    fn from(StoredTable(table): StoredTable) -> Self {
        Self {
            dimension: table.keys().dimension(),
            capacity: table.keys().capacity(),
            config: table.n_neighbors(),
            snapshot: table.snapshot().unwrap_or_default(),
        }
    }
}

impl TryFrom<Record<usize>> for StoredTable {
    type Error = Error;

    fn try_from(record: Record<usize>) -> Result<Self, Error> {
        let mut stored = Self::new(record.dimension, record.capacity, record.config)?;
        stored.0.restore(&record.snapshot)?;
        Ok(stored)
    }
}

impl PartialEq for StoredTable {
    fn eq(&self, other: &Self) -> bool {
        self.0.snapshot() == other.0.snapshot()
    }
}
