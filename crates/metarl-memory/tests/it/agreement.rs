//! Whatever happens to the keys, a look-up gives what sorting all of them gives, to the last bit.

use metarl_memory::{
    BruteForce, Error, FlatScan, KdTree, Keys, NearestNeighbors, Neighbor, Search,
};
use proptest::prelude::*;

const CAPACITY: usize = 700;

/// Numbers that keys are made of: each kind has broken some tree.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Spread,
    /// Few different keys, zeros of both signs, one coordinate that is constant.
    Repeating,
    /// Squares overflow.
    Huge,
    /// Squares vanish.
    Tiny,
    /// Magnitudes side by side that have no common unit.
    Mixed,
}

/// A stream of bits of its own, so that a failure shrinks to a seed.
struct Bits(u64);

impl Bits {
    fn next(&mut self) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    /// In `[−1, 1)`.
    fn number(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1 << 23) as f32 - 1.0
    }

    fn key(&mut self, kind: Kind, dimension: usize) -> Vec<f32> {
        (0..dimension)
            .map(|j| {
                let x = self.number();
                match kind {
                    Kind::Spread => x,
                    Kind::Repeating if j == 0 => 4.0,
                    Kind::Repeating => [-0.0, 0.0, 1.0, -2.0][self.below(4)],
                    Kind::Huge => x * f32::MAX,
                    Kind::Tiny => x * 1e-30,
                    Kind::Mixed => x * 10_f32.powi(self.below(40) as i32 - 20),
                }
            })
            .collect()
    }
}

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
            (Step::Drift, Some(mut key)) => {
                let scale = [0.02, 1e-3, 1e-4][bits.below(3)];
                for x in &mut key {
                    *x *= 1.0 + scale * bits.number();
                    *x = x.clamp(f32::MIN, f32::MAX);
                }
                key
            }
            _ => bits.key(kind, dimension),
        };
        apply(brute_force, step, slot, &key);
        apply(other, step, slot, &key);
    }
}

fn bits_of(found: &[Neighbor]) -> Vec<(usize, u32)> {
    found
        .iter()
        .map(|neighbor| (neighbor.slot, neighbor.squared_distance.to_bits()))
        .collect()
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

/// Keys that come on one side and go on the other: without rebuilding the tree would be a list.
#[test]
fn a_tree_whose_keys_wander_stays_exact() {
    const N_KEYS: usize = 20_000;
    let mut bits = Bits(7);
    let mut tree = KdTree::new(2, N_KEYS).unwrap();
    let mut key = |i: usize| [i as f32, 100.0 * bits.number()];
    for i in 0..N_KEYS {
        tree.insert(i, &key(i)).unwrap();
    }
    for i in N_KEYS..3 * N_KEYS {
        tree.remove(i % N_KEYS).unwrap();
        tree.insert(i % N_KEYS, &key(i)).unwrap();
    }
    let mut brute_force = BruteForce::new(2, N_KEYS).unwrap();
    for slot in 0..N_KEYS {
        let key = tree.keys().get(slot).unwrap();
        brute_force.insert(slot, key).unwrap();
    }
    let (mut search, mut other) = (Search::default(), Search::default());
    for i in 0..50 {
        let query = [(2 * N_KEYS + 400 * i) as f32, 0.0];
        let expected = brute_force.nearest(&query, 30, &mut search).unwrap();
        let found = tree.nearest(&query, 30, &mut other).unwrap();
        assert_eq!(found, expected);
    }
}

/// Blocks that are measured several at a time, with holes, and one with no key left. One block is in a
/// coarser unit than those around it: by its codes, all of its keys but one are where the queries are.
#[test]
fn a_scan_of_many_blocks_finds_what_sorting_finds() {
    const N_KEYS: usize = 12_000;
    const DIMENSION: usize = 20;
    let mut bits = Bits(13);
    let mut near = || {
        let mut key = bits.key(Kind::Spread, DIMENSION);
        key[0] += 4.0;
        key
    };
    let far = |x: f32| [&[x][..], &[0.0; DIMENSION - 1]].concat();
    let mut scan = FlatScan::new(DIMENSION, N_KEYS).unwrap();
    let mut brute_force = BruteForce::new(DIMENSION, N_KEYS).unwrap();
    let coarse = 64 * 100..64 * 101;
    for slot in 0..N_KEYS {
        let is_coarse = coarse.contains(&slot);
        let key = if is_coarse { far(0.0) } else { near() };
        scan.insert(slot, &key).unwrap();
        brute_force.insert(slot, &key).unwrap();
    }
    scan.update(coarse.start, &far(1000.0)).unwrap();
    brute_force.update(coarse.start, &far(1000.0)).unwrap();
    for slot in (0..N_KEYS).filter(|slot| slot % 7 == 3 || (5120..5184).contains(slot)) {
        scan.remove(slot).unwrap();
        brute_force.remove(slot).unwrap();
    }
    let (mut search, mut other) = (Search::default(), Search::default());
    for k in [1, 11, 200, brute_force.keys().len()] {
        for _ in 0..10 {
            let query = near();
            let expected = brute_force.nearest(&query, k, &mut search).unwrap();
            let found = scan.nearest(&query, k, &mut other).unwrap();
            assert_eq!(bits_of(found), bits_of(expected), "k = {k}");
        }
    }
}

/// A key of 20 numbers of which all but the first are zero.
fn on_a_line(x: f32) -> Vec<f32> {
    [&[x][..], &[0.0; 19]].concat()
}

/// Keys from 0 to 1, evenly.
fn tree_on_a_line(n_keys: usize) -> KdTree {
    let rows = (0..n_keys).flat_map(|i| on_a_line(i as f32 / n_keys as f32));
    let rows: Vec<f32> = rows.collect();
    let keys = Keys::from_rows(20, n_keys, &rows).expect("finite keys");
    KdTree::from_keys(keys).expect("room")
}

/// Of 500 queries on the line, against sorting the tree's keys.
#[track_caller]
fn assert_three_nearest_are_found(tree: &KdTree, bits: &mut Bits) {
    let n_keys = tree.keys().len();
    let mut brute_force = BruteForce::new(20, n_keys).expect("room");
    for i in 0..n_keys {
        let key = tree.keys().get(i).expect("a key");
        brute_force.insert(i, key).expect("a free slot");
    }
    let (mut search, mut other) = (Search::default(), Search::default());
    for _ in 0..500 {
        let query = on_a_line(bits.number());
        let expected = brute_force.nearest(&query, 3, &mut search).expect("keys");
        let found = tree.nearest(&query, 3, &mut other).expect("keys");
        assert_eq!(found, expected);
    }
}

/// Keys on a line, each moved by less than would be written, out of the box around its block.
#[test]
fn keys_that_took_small_steps_are_found_outside_of_their_boxes() {
    const N_KEYS: usize = 2000;
    let mut bits = Bits(5);
    let mut tree = tree_on_a_line(N_KEYS);
    for i in 0..N_KEYS {
        let key = on_a_line(i as f32 / N_KEYS as f32 + 0.008 * bits.number());
        tree.update(i, &key).unwrap();
        assert_eq!(tree.keys().get(i).unwrap(), key);
    }
    assert_three_nearest_are_found(&tree, &mut bits);
}

/// Steps a four-hundredth as long as a key may go from where it was written count for more than they are,
/// not for nothing.
#[test]
fn keys_that_took_many_tiny_steps_are_found() {
    const N_KEYS: usize = 100;
    let mut tree = tree_on_a_line(N_KEYS);
    for step in 1..4000 {
        for i in 0..N_KEYS {
            let way = if i % 2 == 0 { 2e-5 } else { -2e-5 };
            let key = on_a_line(i as f32 / N_KEYS as f32 + step as f32 * way);
            tree.update(i, &key).unwrap();
        }
    }
    assert_three_nearest_are_found(&tree, &mut Bits(9));
}

/// Axes are fitted anew while keys are inserted.
#[test]
fn a_tree_whose_axes_change_stays_exact() {
    const N_KEYS: usize = 5_000;
    const DIMENSION: usize = 24;
    let mut bits = Bits(11);
    // Few numbers that many coordinates have in common, later other ones.
    let mut key = |i: usize| -> Vec<f32> {
        let common = [bits.number(), bits.number(), 3.0 * bits.number()];
        let number = |j: usize| common[(j + i / 2000) % 3] * (j as f32).sin();
        (0..DIMENSION)
            .map(|j| number(j) + 0.01 * bits.number())
            .collect()
    };
    let tree = KdTree::new(DIMENSION, N_KEYS).unwrap();
    let mut tree = tree.with_principal_axes().unwrap();
    let mut brute_force = BruteForce::new(DIMENSION, N_KEYS).unwrap();
    let (mut search, mut other) = (Search::default(), Search::default());
    for i in 0..N_KEYS {
        let key = key(i);
        tree.insert(i, &key).unwrap();
        brute_force.insert(i, &key).unwrap();
        if i % 250 == 249 {
            let expected = brute_force.nearest(&key, 30, &mut search).unwrap();
            let found = tree.nearest(&key, 30, &mut other).unwrap();
            assert_eq!(found, expected);
        }
    }
}

/// A tree of ten thousand equal keys has nothing to split them by.
#[test]
fn equal_keys_are_found_in_the_order_of_their_slots() {
    const N_KEYS: usize = 10_000;
    let mut tree = KdTree::new(20, N_KEYS).unwrap();
    for slot in (0..N_KEYS).rev() {
        tree.insert(slot, &[0.5; 20]).unwrap();
    }
    let mut search = Search::default();
    let found = tree.nearest(&[0.25; 20], 100, &mut search).unwrap();
    assert!(found.iter().map(|neighbor| neighbor.slot).eq(0..100));
}

#[test]
fn what_a_tree_refuses_changes_nothing() {
    let mut tree = KdTree::new(2, 3).unwrap();
    tree.insert(1, &[1.0, 2.0]).unwrap();
    let before = tree.keys().clone();
    let mut search = Search::default();
    tree.insert(1, &[0.0, 0.0]).unwrap_err();
    tree.insert(3, &[0.0, 0.0]).unwrap_err();
    tree.insert(0, &[0.0]).unwrap_err();
    tree.update(0, &[0.0, 0.0]).unwrap_err();
    tree.update(1, &[f32::NAN, 0.0]).unwrap_err();
    tree.remove(2).unwrap_err();
    tree.nearest_batch(&[0.0; 3], 1, &mut search).unwrap_err();
    tree.nearest_batch(&[0.0; 2], 2, &mut search).unwrap_err();
    assert_eq!(tree.keys(), &before);
    let nearest = tree.nearest(&[0.0, 0.0], 1, &mut search).unwrap();
    assert_eq!((nearest[0].slot, nearest[0].squared_distance), (1, 5.0));
}

#[test]
fn a_tree_that_cannot_be_is_refused() {
    let error = KdTree::new(600, 1).unwrap().with_principal_axes();
    assert_eq!(
        error.unwrap_err().to_string(),
        "dimension must be at most 512 for principal axes, got 600"
    );
    for (dimension, capacity) in [(0, 1), (1, 0), (1, 1 << 40), (1 << 40, 1), (40_000, 1)] {
        let error = KdTree::new(dimension, capacity).unwrap_err();
        let is_known = matches!(error, Error::OutOfRange { .. } | Error::OutOfMemory { .. });
        assert!(is_known, "{error}");
    }
}
