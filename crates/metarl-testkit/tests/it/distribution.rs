//! The suite for task distributions, against sound and broken ones.

use std::sync::atomic::{AtomicU64, Ordering};

use metarl_core::{Rng, Split, TaskDistribution};
use metarl_testkit::conformance::{Clause, check_distribution};
use rand::RngExt;

#[derive(Clone, Copy, PartialEq, Debug)]
enum Fault {
    NoVersion,
    Counts,
    OneSplit,
    Forgetful,
}

struct Uniform(Option<Fault>);

static COUNT: AtomicU64 = AtomicU64::new(0);

#[derive(Clone, serde::Serialize, serde::Deserialize)]
struct Number {
    value: f64,
    /// Lost on the way to a file.
    #[serde(skip_deserializing)]
    mark: f64,
}

impl TaskDistribution for Uniform {
    type Task = Number;

    fn name(&self) -> String {
        let version = if self.0 == Some(Fault::NoVersion) {
            ""
        } else {
            "@1"
        };
        format!("number/uniform{version}")
    }

    fn sample(&self, rng: &mut Rng) -> Number {
        let value = match self.0 {
            Some(Fault::Counts) => COUNT.fetch_add(1, Ordering::Relaxed) as f64,
            _ => rng.random(),
        };
        let mark = f64::from(u8::from(self.0 == Some(Fault::Forgetful)));
        Number { value, mark }
    }

    fn frozen(&self, split: Split, index: u64) -> Number {
        let split = if self.0 == Some(Fault::OneSplit) {
            Split::Train
        } else {
            split
        };
        let mut rng =
            metarl_core::Seed::new(split as u64).stream(metarl_core::Purpose::Task, index, 0, 0);
        self.sample(&mut rng)
    }
}

#[test]
fn passes_sound_and_names_broken() {
    let verdict = |fault| check_distribution(&Uniform(fault), 20).map_err(|v| v.clause);
    assert_eq!(verdict(None), Ok(()));
    assert_eq!(verdict(Some(Fault::NoVersion)), Err(Clause::VersionedName));
    assert_eq!(verdict(Some(Fault::Counts)), Err(Clause::ReproducibleTask));
    assert_eq!(verdict(Some(Fault::OneSplit)), Err(Clause::DisjointSplits));
    assert_eq!(verdict(Some(Fault::Forgetful)), Err(Clause::TaskRoundTrip));
}
