//! After any sequence of changes.

use metarl_memory::{BruteForce, FlatScan, KdTree, Keys, NearestNeighbors, Search};
use proptest::prelude::*;

use super::{Bits, Kind, bits_of};

const CAPACITY: usize = 700;

/// What is done to a memory.
#[derive(Debug, Clone, Copy)]
enum Step {
    Insert,
    Remove,
    /// A little, as a gradient does.
    Drift,
    /// Anywhere.
    Jump,
}

fn apply(memory: &mut impl NearestNeighbors, step: Step, slot: usize, key: &[f32]) {
    let outcome = match step {
        Step::Insert => memory.insert(slot, key),
        Step::Remove => memory.remove(slot),
        Step::Drift | Step::Jump => memory.update(slot, key),
    };
    outcome.expect("a step that fits the memory");
}

/// Some steps after each other, the same for each of the memories.
fn play(
    kind: Kind,
    n_steps: usize,
    bits: &mut Bits,
    brute_force: &mut BruteForce,
    other: &mut impl NearestNeighbors,
) {
    let dimension = brute_force.keys().dimension();
    // Phases in which keys come, stay or go.
    let mut weights = [8, 1, 1, 1];
    for step_idx in 0..n_steps {
        if step_idx % 200 == 199 {
            weights = [[8, 1, 1, 1], [2, 2, 6, 1], [1, 8, 1, 1]][bits.below(3)];
        }
        let mut draw = bits.below(weights.iter().sum());
        let steps = [Step::Insert, Step::Remove, Step::Drift, Step::Jump];
        let chosen = weights.iter().position(|&weight| {
            let is_chosen = draw < weight;
            draw = draw.wrapping_sub(weight);
            is_chosen
        });
        let slot = bits.below(CAPACITY);
        let held = brute_force.keys().get(slot).map(<[f32]>::to_vec);
        let step = match (steps[chosen.unwrap_or(0)], &held) {
            (Step::Insert, Some(_)) => Step::Jump,
            (_, None) => Step::Insert,
            (step, Some(_)) => step,
        };
        let key = match (step, held) {
            (Step::Drift, Some(key)) => drifted(&key, bits),
            _ => bits.key(kind, dimension),
        };
        apply(brute_force, step, slot, &key);
        apply(other, step, slot, &key);
        if step_idx % 50 == 49 {
            move_together(kind, bits, brute_force, other);
        }
    }
}

/// Keys moved in a batch, most of them a little, some more than once; the reference moves one after the other.
fn move_together(
    kind: Kind,
    bits: &mut Bits,
    brute_force: &mut BruteForce,
    other: &mut impl NearestNeighbors,
) {
    let held: Vec<usize> = brute_force.keys().slots().take(60).collect();
    if held.is_empty() {
        return;
    }
    let (mut slots, mut keys) = (Vec::new(), Vec::new());
    for _ in 0..bits.below(40) {
        let slot = held[bits.below(held.len())];
        let key = match brute_force.keys().get(slot) {
            Some(held) if bits.below(4) > 0 => drifted(held, bits),
            _ => bits.key(kind, brute_force.keys().dimension()),
        };
        apply(brute_force, Step::Jump, slot, &key);
        slots.push(slot);
        keys.extend(key);
    }
    let outcome = other.update_batch(&slots, &keys);
    outcome.expect("keys that fit the memory");
}

/// A key a little way off.
fn drifted(key: &[f32], bits: &mut Bits) -> Vec<f32> {
    let scale = [0.02, 1e-3, 1e-4][bits.below(3)];
    let step = |x: &f32| (x * (1.0 + scale * bits.number())).clamp(f32::MIN, f32::MAX);
    key.iter().map(step).collect()
}

/// Queries near keys and far from them, for a few and for all neighbors; one by one with a search that
/// knows nothing and one that has learned, and together.
fn agree(
    kind: Kind,
    bits: &mut Bits,
    brute_force: &BruteForce,
    other: &impl NearestNeighbors,
    learned: &mut Search,
) -> Result<(), TestCaseError> {
    let n_keys = brute_force.keys().len();
    prop_assert_eq!(n_keys, other.keys().len());
    let mut search = Search::default();
    for k in [1, 2.min(n_keys), 11.min(n_keys), n_keys] {
        let mut queries = Vec::new();
        for i in 0..9 {
            let slots = || brute_force.keys().slots();
            let slot = slots().nth(bits.below(n_keys)).expect("a key");
            match i % 3 {
                0 => queries.extend_from_slice(brute_force.keys().get(slot).expect("a key")),
                1 => queries.extend(bits.key(kind, brute_force.keys().dimension())),
                _ => queries.extend(bits.key(Kind::Spread, brute_force.keys().dimension())),
            }
        }
        let expected = brute_force
            .nearest_batch(&queries, k, &mut search)
            .expect("whole queries");
        let expected = bits_of(expected);
        let together = other.nearest_batch(&queries, k, learned).expect("the same");
        prop_assert_eq!(bits_of(together), &expected[..], "batch, k = {}", k);
        for (query, expected) in queries
            .chunks_exact(brute_force.keys().dimension())
            .zip(expected.chunks_exact(k))
        {
            let found = other.nearest(query, k, &mut search).expect("the same");
            prop_assert_eq!(bits_of(found), expected, "k = {}", k);
            let found = other.nearest(query, k, learned).expect("the same");
            prop_assert_eq!(bits_of(found), expected, "learned, k = {}", k);
            search = Search::default();
        }
    }
    Ok(())
}

fn kinds() -> impl Strategy<Value = Kind> {
    prop_oneof![
        3 => Just(Kind::Spread),
        2 => Just(Kind::Repeating),
        1 => Just(Kind::Huge),
        1 => Just(Kind::Tiny),
        2 => Just(Kind::Mixed),
    ]
}

fn dimensions() -> impl Strategy<Value = usize> {
    prop_oneof![1..=16_usize, 17..=40_usize, Just(64), Just(129)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_tree_finds_what_sorting_finds(
        kind in kinds(), dimension in dimensions(), seed: u64,
    ) {
        let mut bits = Bits(seed);
        let mut brute_force = BruteForce::new(dimension, CAPACITY).expect("room");
        let mut tree = KdTree::new(dimension, CAPACITY).expect("room");
        let mut learned = Search::default();
        for _ in 0..5 {
            play(kind, 500, &mut bits, &mut brute_force, &mut tree);
            if !brute_force.keys().is_empty() {
                agree(kind, &mut bits, &brute_force, &tree, &mut learned)?;
            }
        }
        let built = KdTree::from_keys(tree.keys().clone()).expect("room");
        if !brute_force.keys().is_empty() {
            agree(kind, &mut bits, &brute_force, &built, &mut learned)?;
        }
    }

    #[test]
    fn a_tree_along_principal_axes_finds_what_sorting_finds(
        kind in kinds(), dimension in dimensions(), seed: u64,
    ) {
        let mut bits = Bits(seed);
        let mut brute_force = BruteForce::new(dimension, CAPACITY).expect("room");
        let tree = KdTree::new(dimension, CAPACITY).expect("room");
        let mut tree = tree.with_principal_axes().expect("not too many dimensions");
        let mut learned = Search::default();
        for _ in 0..4 {
            play(kind, 500, &mut bits, &mut brute_force, &mut tree);
            if !brute_force.keys().is_empty() {
                agree(kind, &mut bits, &brute_force, &tree, &mut learned)?;
            }
            tree.rebuild();
            if !brute_force.keys().is_empty() {
                agree(kind, &mut bits, &brute_force, &tree, &mut learned)?;
            }
        }
    }

    #[test]
    fn a_scan_finds_what_sorting_finds(
        kind in kinds(), dimension in dimensions(), seed: u64,
    ) {
        let mut bits = Bits(seed);
        let mut brute_force = BruteForce::new(dimension, CAPACITY).expect("room");
        let mut scan = FlatScan::new(dimension, CAPACITY).expect("room");
        let mut learned = Search::default();
        for _ in 0..3 {
            play(kind, 500, &mut bits, &mut brute_force, &mut scan);
            if !brute_force.keys().is_empty() {
                agree(kind, &mut bits, &brute_force, &scan, &mut learned)?;
            }
        }
        let read = FlatScan::from_keys(scan.keys().clone()).expect("room");
        if !brute_force.keys().is_empty() {
            agree(kind, &mut bits, &brute_force, &read, &mut learned)?;
        }
    }

    #[test]
    fn what_epsilon_leaves_out_is_little_better(
        dimension in dimensions(), seed: u64, epsilon in 0.0_f32..3.0,
    ) {
        let mut bits = Bits(seed);
        let n_keys = CAPACITY;
        let rows: Vec<f32> = (0..n_keys).flat_map(|_| bits.key(Kind::Spread, dimension)).collect();
        let keys = Keys::from_rows(dimension, n_keys, &rows).expect("room");
        let tree = KdTree::from_keys(keys).expect("room");
        let near = tree.clone().with_epsilon(epsilon).expect("in range");
        let query = bits.key(Kind::Spread, dimension);
        let (mut search, mut near_search) = (Search::default(), Search::default());
        let exact = tree.nearest(&query, 20, &mut search).expect("a query");
        let found = near.nearest(&query, 20, &mut near_search).expect("a query");
        for (exact, found) in exact.iter().zip(found) {
            let most = (1.0 + epsilon).powi(2) * exact.squared_distance * 1.0001;
            prop_assert!(found.squared_distance <= most);
        }
    }
}
