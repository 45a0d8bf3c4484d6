//! Snapshots: restored bit for bit, or refused and nothing changed.

use metarl_core::{Purpose, Seed};
use metarl_memory::{
    BruteForce, Dictionary, DictionaryConfig, EpisodicStore, EpisodicTable, Error,
    GaussianProjection, Kernel, LookUp, Search,
};
use proptest::prelude::*;

const CAPACITY: usize = 6;

fn neighbors(dimension: usize) -> BruteForce {
    BruteForce::new(dimension, CAPACITY).expect("small sizes")
}

fn dictionary(dimension: usize, width: usize, kernel: Kernel) -> Dictionary<BruteForce> {
    let config = DictionaryConfig {
        n_neighbors: 2,
        kernel,
        learning_rate: 0.1,
    };
    Dictionary::new(neighbors(dimension), width, config).expect("in its range")
}

const KERNEL: Kernel = Kernel::InverseDistance { delta: 1e-3 };

/// One that was written to more often than it has room, and read.
fn used(entries: &[([f32; 2], [f32; 3])], queries: &[[f32; 2]]) -> Dictionary<BruteForce> {
    let mut dictionary = dictionary(2, 3, KERNEL);
    for (key, value) in entries {
        dictionary.write(key, value).expect("finite");
    }
    for query in queries.iter().filter(|_| !entries.is_empty()) {
        let mut look_up = LookUp::default();
        dictionary.look_up(query, &mut look_up).expect("entries");
    }
    dictionary
}

/// All bits that a user can see.
fn bits(dictionary: &Dictionary<BruteForce>) -> (Vec<Vec<u32>>, Vec<usize>) {
    let row = |slot| {
        let key = dictionary.keys().get(slot).into_iter().flatten();
        let value = dictionary.value(slot).into_iter().flatten();
        key.chain(value).map(|x| x.to_bits()).collect()
    };
    let rows = (0..CAPACITY).map(row).collect();
    (rows, dictionary.recency().iter().collect())
}

fn number() -> impl Strategy<Value = f32> {
    prop_oneof![
        -2.0_f32..2.0,
        Just(-0.0),
        Just(0.0),
        Just(f32::MIN_POSITIVE / 4.0)
    ]
}

fn entries() -> impl Strategy<Value = Vec<([f32; 2], [f32; 3])>> {
    let entry = (
        prop::array::uniform2(number()),
        prop::array::uniform3(number()),
    );
    prop::collection::vec(entry, 0..12)
}

fn queries() -> impl Strategy<Value = Vec<[f32; 2]>> {
    prop::collection::vec(prop::array::uniform2(number()), 0..5)
}

proptest! {
    #[test]
    fn a_restored_memory_goes_on_as_the_original(
        before in entries(),
        queries in queries(),
        other in entries(),
        after in entries(),
    ) {
        let mut original = used(&before, &queries);
        let bytes = original.snapshot().expect("small");
        let mut restored = used(&other, &queries);
        restored.restore(&bytes).expect("of the same kind");
        prop_assert_eq!(bits(&restored), bits(&original));
        prop_assert_eq!(restored.snapshot().expect("small"), bytes);
        let mut look_up = LookUp::default();
        for (key, value) in &after {
            let slots = [&mut original, &mut restored].map(|d| d.write(key, value));
            prop_assert_eq!(&slots[0], &slots[1]);
            let outputs = [&mut original, &mut restored]
                .map(|d| d.look_up(&[value[0], value[1]], &mut look_up).map(<[f32]>::to_vec));
            prop_assert_eq!(&outputs[0], &outputs[1]);
        }
        prop_assert_eq!(bits(&restored), bits(&original));
    }

    #[test]
    fn damage_never_panics_and_changes_nothing_unless_taken_whole(
        entries in entries(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), 1_u8..), 1..4),
    ) {
        let mut bytes = used(&entries, &[]).snapshot().expect("small");
        for (at, change) in damage {
            let at = at.index(bytes.len());
            bytes[at] ^= change;
        }
        let mut dictionary = used(&[([1.0, 2.0], [3.0; 3])], &[]);
        let before = bits(&dictionary);
        match dictionary.restore(&bytes) {
            Err(_) => prop_assert_eq!(bits(&dictionary), before),
            // A number was changed to another: the memory works.
            Ok(()) => {
                let mut look_up = LookUp::default();
                dictionary.write(&[5.0, 5.0], &[1.0; 3]).expect("finite");
                let _ = dictionary.look_up(&[0.0, 0.0], &mut look_up);
                prop_assert_eq!(dictionary.recency().len(), dictionary.keys().len());
            }
        }
    }

    #[test]
    fn what_is_cut_short_or_noise_is_refused(
        entries in entries(),
        cut in any::<prop::sample::Index>(),
        noise in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let bytes = used(&entries, &[]).snapshot().expect("small");
        let mut dictionary = used(&[([1.0, 2.0], [3.0; 3])], &[]);
        let before = bits(&dictionary);
        for bytes in [&bytes[..cut.index(bytes.len())], &noise] {
            let refusal = dictionary.restore(bytes);
            prop_assert!(matches!(refusal, Err(Error::NotSnapshot(_))), "{refusal:?}");
            prop_assert_eq!(bits(&dictionary), before.clone());
        }
    }
}

#[test]
fn another_memory_is_named() {
    let good = used(&[([1.0, 2.0], [3.0; 3])], &[]).snapshot().unwrap();
    let refusal = |mut dictionary: Dictionary<BruteForce>, bytes: &[u8]| {
        let before = bits(&dictionary);
        let refusal = dictionary.restore(bytes).unwrap_err();
        assert_eq!(bits(&dictionary), before);
        refusal.to_string()
    };
    // The same length, so that nothing but the version is another.
    let before = br#"version\",\""#;
    let found = good.windows(before.len()).position(|w| w == before);
    let at = found.expect("it says its version") + before.len();
    let mut newer = good.clone();
    newer[at] = b'2';
    let mut store = EpisodicStore::new(neighbors(2), 3, 2, KERNEL).unwrap();
    let large = BruteForce::new(2, CAPACITY + 1).unwrap();
    let large = Dictionary::new(large, 3, *used(&[], &[]).config()).unwrap();
    assert_eq!(
        [
            refusal(dictionary(1, 3, KERNEL), &good),
            refusal(dictionary(2, 2, KERNEL), &good),
            refusal(large, &good),
            refusal(dictionary(2, 3, Kernel::Cosine), &good),
            refusal(dictionary(2, 3, KERNEL), &newer),
            refusal(dictionary(2, 3, KERNEL), &store.snapshot().unwrap()),
            store.restore(&good).unwrap_err().to_string(),
        ],
        [
            "dimension is 1 in the memory, 2 in the snapshot",
            "width is 2 in the memory, 3 in the snapshot",
            "capacity is 7 in the memory, 6 in the snapshot",
            concat!(
                r#"config is {"n_neighbors":2,"kernel":"cosine","learning_rate":0.1} in the memory, "#,
                r#"{"n_neighbors":2,"kernel":{"inverse-distance":{"delta":0.001}},"learning_rate":0.1} "#,
                "in the snapshot"
            ),
            "version is 1 in the memory, 2 in the snapshot",
            r#"kind is "dictionary" in the memory, "episodic-store" in the snapshot"#,
            r#"kind is "episodic-store" in the memory, "dictionary" in the snapshot"#,
        ]
    );
}

#[test]
fn numbers_that_make_no_memory_are_refused() {
    let entries = [([1.0, 2.0], [3.0; 3]), ([2.0, 2.0], [4.0; 3])];
    let good = used(&entries, &[]).snapshot().unwrap();
    // Tensors lie at the end: two keys, two values, the order of use.
    let with = |from_end: usize, number: [u8; 4]| {
        let mut bytes = good.clone();
        let at = bytes.len() - from_end;
        bytes[at..at + 4].copy_from_slice(&number);
        used(&[], &[]).restore(&bytes)
    };
    let nan = f32::NAN.to_le_bytes();
    assert!(matches!(
        with(12, nan),
        Err(Error::NonFinite {
            name: "values of the snapshot",
            ..
        })
    ));
    let keys_at = 4 * (4 + 6 + 2);
    assert!(matches!(
        with(keys_at, nan),
        Err(Error::NonFinite {
            name: "keys of the snapshot",
            ..
        })
    ));
    let order_at = 4 * 2;
    for slot in [1_u32, 2, 6, u32::MAX] {
        let refusal = with(order_at, slot.to_le_bytes());
        assert!(matches!(refusal, Err(Error::NotSnapshot(_))), "{refusal:?}");
    }
    assert_eq!(with(order_at, 0_u32.to_le_bytes()), Ok(()));
}

#[test]
fn a_look_up_of_before_is_stale() {
    let mut dictionary = used(&[([1.0, 2.0], [3.0; 3])], &[]);
    let bytes = dictionary.snapshot().unwrap();
    let mut look_up = LookUp::default();
    dictionary.look_up(&[0.0, 0.0], &mut look_up).unwrap();
    let mut gradient = metarl_memory::LookUpGradient::default();
    look_up.gradient(&[1.0; 3], &mut gradient).unwrap();
    dictionary.restore(&bytes).unwrap();
    assert_eq!(dictionary.descend(&gradient, 0.1), Err(Error::Stale));
}

#[test]
fn the_other_memories_too() {
    let mut search = Search::default();
    let mut table = EpisodicTable::new(neighbors(1), 2).unwrap();
    for x in [1.0, -0.0, 2.5] {
        table.write(&[x], x).unwrap();
    }
    table.look_up(&[1.0], &mut search).unwrap();
    let mut restored = EpisodicTable::new(neighbors(1), 2).unwrap();
    restored.restore(&table.snapshot().unwrap()).unwrap();
    assert_eq!(
        restored.keys().get(1).map(|key| key[0].to_bits()),
        Some((-0.0_f32).to_bits())
    );
    assert_eq!(restored.recency().iter().collect::<Vec<_>>(), [1, 2, 0]);
    assert_eq!(restored.value(2), Some(2.5));
    let mut other = EpisodicTable::new(neighbors(1), 3).unwrap();
    let refusal = other.restore(&table.snapshot().unwrap()).unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "config is 3 in the memory, 2 in the snapshot"
    );

    let store = || EpisodicStore::new(neighbors(2), 2, 1, Kernel::Cosine).unwrap();
    let (mut original, mut restored) = (store(), store());
    original.write(&[3.0, 4.0], &[0.5, -0.5]).unwrap();
    restored.restore(&original.snapshot().unwrap()).unwrap();
    assert_eq!(restored.keys(), original.keys());
    assert_eq!(restored.value(0), original.value(0));

    let projection = |seed, n_inputs| {
        let mut stream = Seed::new(seed).stream(Purpose::Initialization, 0, 0, 0);
        GaussianProjection::new(n_inputs, 4, &mut stream).unwrap()
    };
    let original = projection(1, 3);
    let mut restored = projection(2, 3);
    restored.restore(&original.snapshot().unwrap()).unwrap();
    assert_eq!(restored, original);
    let mut wide = projection(1, 5);
    let refusal = wide.restore(&original.snapshot().unwrap()).unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "n_inputs is 5 in the memory, 3 in the snapshot"
    );
    assert_eq!(wide, projection(1, 5));
}
