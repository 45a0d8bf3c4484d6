//! What is written, overwritten and evicted, against a model that searches everything.

use metarl_memory::NearestNeighbors as _;
use metarl_memory::{BruteForce, Dictionary, DictionaryConfig, Error, Kernel, LookUp};
use proptest::prelude::*;

use super::{INVERSE_DISTANCE, dictionary};

const CAPACITY: usize = 5;
const ALPHA: f32 = 0.25;

#[derive(Debug, Clone)]
enum Operation {
    Write(f32, f32),
    LookUp(f32),
    Clear,
}

fn operations() -> impl Strategy<Value = Vec<Operation>> {
    let few = (-4_i8..=4).prop_map(f32::from);
    let operation = prop_oneof![
        8 => (few.clone(), -1.0_f32..1.0).prop_map(|(key, value)| Operation::Write(key, value)),
        4 => few.prop_map(|x| Operation::LookUp(x + 0.3)),
        1 => Just(Operation::Clear),
    ];
    prop::collection::vec(operation, 0..80)
}

/// Slots with a key, a value, and when they were read last.
#[derive(Default)]
struct Model {
    slots: Vec<(f32, f32, usize)>,
    now: usize,
}

impl Model {
    fn write(&mut self, key: f32, value: f32) -> usize {
        if let Some(slot) = self.slots.iter().position(|entry| entry.0 == key) {
            let old = &mut self.slots[slot].1;
            *old = (0.75 * f64::from(*old) + 0.25 * f64::from(value)) as f32;
            return slot;
        }
        self.now += 1;
        let entry = (key, value, self.now);
        if self.slots.len() < CAPACITY {
            self.slots.push(entry);
            return self.slots.len() - 1;
        }
        let by_age = self.slots.iter().enumerate();
        let (slot, _) = by_age.min_by_key(|(_, entry)| entry.2).expect("it is full");
        self.slots[slot] = entry;
        slot
    }

    /// Reads the two nearest.
    fn look_up(&mut self, query: f32) {
        let mut order: Vec<usize> = (0..self.slots.len()).collect();
        order.sort_by(|a, b| {
            let distance = |slot: &usize| (self.slots[*slot].0 - query).abs();
            distance(a).total_cmp(&distance(b))
        });
        for slot in order.into_iter().take(2).rev() {
            self.now += 1;
            self.slots[slot].2 = self.now;
        }
    }
}

proptest! {
    #[test]
    fn is_what_a_model_has(operations in operations()) {
        let config = DictionaryConfig {
            n_neighbors: 2,
            kernel: INVERSE_DISTANCE,
            learning_rate: ALPHA,
        };
        let mut dictionary = dictionary(1, CAPACITY, 1, config);
        let mut model = Model::default();
        let mut look_up = LookUp::default();
        for operation in operations {
            match operation {
                Operation::Write(key, value) => {
                    let slot = dictionary.write(&[key], &[value]).expect("finite");
                    prop_assert_eq!(slot, model.write(key, value));
                }
                Operation::LookUp(query) => {
                    let answered = dictionary.look_up(&[query], &mut look_up).is_ok();
                    prop_assert_eq!(answered, !model.slots.is_empty());
                    model.look_up(query);
                }
                Operation::Clear => {
                    dictionary.clear().expect("nothing in the way");
                    model.slots.clear();
                }
            }
            prop_assert_eq!(dictionary.keys().len(), model.slots.len());
            for (slot, (key, value, _)) in model.slots.iter().enumerate() {
                prop_assert_eq!(dictionary.keys().get(slot), Some(&[*key][..]));
                prop_assert_eq!(dictionary.value(slot), Some(&[*value][..]));
            }
            let mut by_age: Vec<usize> = (0..model.slots.len()).collect();
            by_age.sort_by_key(|slot| model.slots[*slot].2);
            prop_assert_eq!(dictionary.recency().iter().collect::<Vec<_>>(), by_age);
        }
    }
}

#[test]
fn minus_zero_is_zero() {
    let mut dictionary = dictionary(2, 4, 1, DictionaryConfig::default());
    let slot = dictionary.write(&[0.0, 1.0], &[1.0]).unwrap();
    assert_eq!(dictionary.write(&[-0.0, 1.0], &[2.0]).unwrap(), slot);
    assert_eq!(dictionary.keys().len(), 1);
}

#[test]
fn wrong_beginnings_are_refused() {
    let config = DictionaryConfig::default();
    let mut used = BruteForce::new(1, 2).unwrap();
    used.insert(0, &[1.0]).unwrap();
    let error = Dictionary::new(used, 1, config).unwrap_err();
    assert_eq!(error, Error::NotNew { got: 1 });

    let new = |width, config| Dictionary::new(BruteForce::new(1, 2).unwrap(), width, config);
    for (width, config) in [
        (0, config),
        (
            1,
            DictionaryConfig {
                n_neighbors: 0,
                ..config
            },
        ),
        (
            1,
            DictionaryConfig {
                learning_rate: 0.0,
                ..config
            },
        ),
        (
            1,
            DictionaryConfig {
                learning_rate: f32::NAN,
                ..config
            },
        ),
        (
            1,
            DictionaryConfig {
                kernel: Kernel::InverseDistance { delta: 0.0 },
                ..config
            },
        ),
        (
            1,
            DictionaryConfig {
                kernel: Kernel::Gaussian {
                    bandwidth: f32::NAN,
                },
                ..config
            },
        ),
    ] {
        let error = new(width, config).unwrap_err();
        assert!(matches!(error, Error::OutOfRange { .. }), "{error}");
    }
    let error = new(usize::MAX, config).unwrap_err();
    assert!(matches!(error, Error::OutOfMemory { .. }), "{error}");
}
