//! [`TaskDistribution::frozen`]: the same task in every program.

use metarl_core::{Purpose, Rng, Seed, Split, TaskDistribution};
use rand::RngExt;

struct AnyNumber;

impl TaskDistribution for AnyNumber {
    type Task = u64;

    fn name(&self) -> String {
        "any-number@1".to_owned()
    }

    fn sample(&self, rng: &mut Rng) -> u64 {
        rng.random()
    }
}

#[test]
fn splits_never_share_a_task() {
    let tasks = |split| (0..1000).map(move |index| AnyNumber.frozen(split, index));

    let mut all: Vec<u64> = tasks(Split::Train).chain(tasks(Split::Test)).collect();

    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 2000);
}

#[test]
fn a_frozen_task_is_drawn_from_the_stream_of_its_split() {
    let drawn = |purpose, index| Seed::new(0).stream(purpose, index, 0, 0).random::<u64>();

    assert_eq!(
        AnyNumber.frozen(Split::Train, 8),
        drawn(Purpose::TrainSplit, 8)
    );
    assert_eq!(
        AnyNumber.frozen(Split::Test, 8),
        drawn(Purpose::TestSplit, 8)
    );
}

#[test]
fn value_stability() {
    assert_eq!(AnyNumber.frozen(Split::Train, 0), 0x8527_9a27_6067_6481);
    assert_eq!(AnyNumber.frozen(Split::Test, 41), 0x0782_abd2_91a1_b868);
}
