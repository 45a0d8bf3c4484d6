//! The table of episodic control, against a model that searches everything.

use metarl_memory::{BruteForce, EpisodicTable, Error, Search};
use proptest::prelude::*;

const CAPACITY: usize = 5;
const N_NEIGHBORS: usize = 3;

fn table() -> EpisodicTable<BruteForce> {
    let neighbors = BruteForce::new(1, CAPACITY).expect("small sizes");
    EpisodicTable::new(neighbors, N_NEIGHBORS).expect("neighbors")
}

/// Slots with a key, the best return, and when they were used last.
#[derive(Default)]
struct Model {
    slots: Vec<(f32, f32, usize)>,
    now: usize,
}

impl Model {
    fn use_slot(&mut self, slot: usize) {
        self.now += 1;
        self.slots[slot].2 = self.now;
    }

    fn find(&self, key: f32) -> Option<usize> {
        self.slots.iter().position(|entry| entry.0 == key)
    }

    fn write(&mut self, key: f32, value: f32) -> usize {
        let slot = self.find(key).unwrap_or_else(|| {
            let entry = (key, f32::NEG_INFINITY, 0);
            if self.slots.len() < CAPACITY {
                self.slots.push(entry);
                return self.slots.len() - 1;
            }
            let by_age = self.slots.iter().enumerate();
            let (slot, _) = by_age.min_by_key(|(_, entry)| entry.2).expect("it is full");
            self.slots[slot] = entry;
            slot
        });
        self.use_slot(slot);
        let best = &mut self.slots[slot].1;
        if value > *best {
            *best = value;
        }
        slot
    }

    fn look_up(&mut self, key: f32) -> Option<f64> {
        if let Some(slot) = self.find(key) {
            self.use_slot(slot);
            return Some(f64::from(self.slots[slot].1));
        }
        let mut order: Vec<usize> = (0..self.slots.len()).collect();
        order.sort_by(|a, b| {
            let distance = |slot: &usize| (self.slots[*slot].0 - key).abs();
            distance(a).total_cmp(&distance(b))
        });
        order.truncate(N_NEIGHBORS);
        for slot in order.iter().rev() {
            self.use_slot(*slot);
        }
        let returns = order.iter().map(|slot| f64::from(self.slots[*slot].1));
        (!order.is_empty()).then(|| returns.sum::<f64>() / order.len() as f64)
    }
}

#[derive(Debug, Clone)]
enum Operation {
    Write(f32, f32),
    LookUp(f32),
    Clear,
}

fn operations() -> impl Strategy<Value = Vec<Operation>> {
    let key = (-8_i8..=8).prop_map(f32::from);
    let operation = prop_oneof![
        8 => (key.clone(), -1.0_f32..1.0).prop_map(|(key, value)| Operation::Write(key, value)),
        4 => key.clone().prop_map(Operation::LookUp),
        4 => key.prop_map(|key| Operation::LookUp(key + 0.25)),
        1 => Just(Operation::Clear),
    ];
    prop::collection::vec(operation, 0..80)
}

proptest! {
    #[test]
    fn is_what_a_model_has(operations in operations()) {
        let mut table = table();
        let mut model = Model::default();
        let mut search = Search::default();
        for operation in operations {
            match operation {
                Operation::Write(key, value) => {
                    let slot = table.write(&[key], value).expect("finite");
                    prop_assert_eq!(slot, model.write(key, value));
                }
                Operation::LookUp(key) => match model.look_up(key) {
                    Some(expected) => {
                        let got = table.look_up(&[key], &mut search).expect("entries");
                        prop_assert!((f64::from(got) - expected).abs() < 1e-6);
                    }
                    None => {
                        let got = table.look_up(&[key], &mut search);
                        prop_assert_eq!(got, Err(Error::NoEntries));
                    }
                },
                Operation::Clear => {
                    table.clear().expect("nothing in the way");
                    model.slots.clear();
                }
            }
            for (slot, (key, value, _)) in model.slots.iter().enumerate() {
                prop_assert_eq!(table.keys().get(slot), Some(&[*key][..]));
                prop_assert_eq!(table.value(slot), Some(*value));
            }
            let mut by_age: Vec<usize> = (0..model.slots.len()).collect();
            by_age.sort_by_key(|slot| model.slots[*slot].2);
            prop_assert_eq!(table.recency().iter().collect::<Vec<_>>(), by_age);
        }
    }
}

#[test]
fn what_is_refused_changes_nothing() {
    let mut table = table();
    let mut search = Search::default();
    table.write(&[1.0], 1.0).unwrap();
    let before = format!("{table:?}");
    let refusals = [
        table.write(&[f32::NAN], 1.0).unwrap_err(),
        table.write(&[1.0], f32::NAN).unwrap_err(),
        table.write(&[1.0, 2.0], 1.0).unwrap_err(),
        table.look_up(&[f32::INFINITY], &mut search).unwrap_err(),
        table.look_up(&[], &mut search).unwrap_err(),
        EpisodicTable::new(BruteForce::new(1, 1).unwrap(), 0).unwrap_err(),
    ];
    assert_eq!(
        refusals.map(|refusal| refusal.to_string()),
        [
            "key has NaN at 0; every number must be finite",
            "value has NaN at 0; every number must be finite",
            "key has 2 numbers, the memory holds 1",
            "key has inf at 0; every number must be finite",
            "key has 0 numbers, the memory holds 1",
            "n_neighbors must be at least 1, got 0",
        ]
    );
    assert_eq!(format!("{table:?}"), before);
}
