//! The order of use, against a list that is searched from end to end.

use metarl_memory::{Error, Recency};
use proptest::prelude::*;

const CAPACITY: usize = 7;

#[derive(Debug, Clone, Copy)]
enum Operation {
    Insert(usize),
    Touch(usize),
    Remove(usize),
    EvictOldest,
    Clear,
}

fn operations() -> impl Strategy<Value = Vec<Operation>> {
    // One slot more than there are.
    let slot = 0..=CAPACITY;
    let operation = prop_oneof![
        6 => slot.clone().prop_map(Operation::Insert),
        6 => slot.clone().prop_map(Operation::Touch),
        3 => slot.prop_map(Operation::Remove),
        2 => Just(Operation::EvictOldest),
        1 => Just(Operation::Clear),
    ];
    prop::collection::vec(operation, 0..120)
}

/// The list as a vector of slots, the oldest first.
#[derive(Default)]
struct Naive(Vec<usize>);

impl Naive {
    fn insert(&mut self, slot: usize) -> Result<(), Error> {
        check_slot(slot)?;
        if self.0.contains(&slot) {
            return Err(Error::Taken { slot });
        }
        self.0.push(slot);
        Ok(())
    }

    fn remove(&mut self, slot: usize) -> Result<(), Error> {
        check_slot(slot)?;
        if !self.0.contains(&slot) {
            return Err(Error::Empty { slot });
        }
        self.0.retain(|other| *other != slot);
        Ok(())
    }
}

fn check_slot(slot: usize) -> Result<(), Error> {
    if slot < CAPACITY {
        return Ok(());
    }
    Err(Error::OutOfRange {
        name: "slot",
        allowed: format!("below the capacity, {CAPACITY}"),
        got: slot.to_string(),
    })
}

proptest! {
    #[test]
    fn is_the_order_of_a_naive_list(operations in operations()) {
        let mut recency = Recency::new(CAPACITY).expect("a capacity");
        let mut naive = Naive::default();
        for operation in operations {
            match operation {
                Operation::Insert(slot) => {
                    prop_assert_eq!(recency.insert(slot), naive.insert(slot));
                }
                Operation::Touch(slot) => {
                    let expected = naive.remove(slot).and_then(|()| naive.insert(slot));
                    prop_assert_eq!(recency.touch(slot), expected);
                }
                Operation::Remove(slot) => {
                    prop_assert_eq!(recency.remove(slot), naive.remove(slot));
                }
                Operation::EvictOldest => {
                    let oldest = recency.oldest();
                    prop_assert_eq!(oldest, naive.0.first().copied());
                    if let Some(slot) = oldest {
                        recency.remove(slot).expect("it is listed");
                        naive.remove(slot).expect("it is listed");
                    }
                }
                Operation::Clear => {
                    recency.clear();
                    naive.0.clear();
                }
            }
            prop_assert_eq!(recency.iter().collect::<Vec<_>>(), naive.0.clone());
            prop_assert_eq!(recency.len(), naive.0.len());
            prop_assert_eq!(recency.is_empty(), naive.0.is_empty());
            for slot in 0..=CAPACITY {
                prop_assert_eq!(recency.contains(slot), naive.0.contains(&slot));
            }
        }
    }
}

#[test]
fn a_list_without_slots_is_refused() {
    for capacity in [0, u32::MAX as usize + 1] {
        let error = Recency::new(capacity).unwrap_err();
        assert!(matches!(error, Error::OutOfRange { .. }), "{error}");
    }
}
