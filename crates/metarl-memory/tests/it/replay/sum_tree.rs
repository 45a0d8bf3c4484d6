//! A tree whose sums do not drift.

use metarl_core::Rng;
use metarl_memory::{Error, SumTree};
use proptest::collection::vec;
use proptest::prelude::*;
use rand::RngExt;

use super::history::rng;

proptest! {
    #[test]
    fn has_the_bits_of_one_built_anew(
        n in 1..600_usize,
        changes in vec((any::<prop::sample::Index>(), 0.0..1e6_f64), 0..200),
    ) {
        let mut tree = SumTree::new(n).unwrap();
        let mut weights = vec![0.0; n];
        for (leaf, weight) in changes {
            let leaf = leaf.index(n);
            tree.set(leaf, weight).unwrap();
            weights[leaf] = weight;
        }
        prop_assert_eq!(tree.weights(), &weights);
        prop_assert_eq!(tree, SumTree::try_from(weights).unwrap());
    }

    #[test]
    fn finds_the_leaf_whose_part_of_the_total_it_is(
        weights in vec(prop_oneof![Just(0_u32), 1..20_u32], 1..600),
        part in 0.0..1.0_f64,
    ) {
        let total: u32 = weights.iter().sum();
        prop_assume!(total > 0);
        let target = (part * f64::from(total)).floor();
        let tree = SumTree::try_from(weights.iter().copied().map(f64::from).collect::<Vec<_>>());
        let mut before = 0;
        let expected = weights.iter().position(|weight| {
            before += weight;
            target < f64::from(before)
        });
        prop_assert_eq!(tree.unwrap().find(target), expected);
    }

    /// Of as many evenly spaced targets as the total, each leaf is found as often as its weight.
    #[test]
    fn finds_leaves_in_proportion(weights in vec(prop_oneof![Just(0_u32), 1..20_u32], 1..300)) {
        let tree = SumTree::try_from(weights.iter().copied().map(f64::from).collect::<Vec<_>>());
        let tree = tree.unwrap();
        let total: u32 = weights.iter().sum();
        prop_assert_eq!(tree.total(), f64::from(total));
        let mut counts = vec![0; weights.len()];
        for k in 0..total {
            counts[tree.find(f64::from(k) + 0.5).unwrap()] += 1;
        }
        prop_assert_eq!(counts, weights);
    }

    #[test]
    fn never_finds_a_weight_of_zero(
        weights in vec(prop_oneof![Just(0.0), 1e-300..1e-290_f64, 0.0..1.0_f64, 1e200..1e210_f64], 1..40),
        target in any::<f64>(),
        part in 0.0..=1.0_f64,
    ) {
        let tree = SumTree::try_from(weights.clone()).unwrap();
        for target in [target, -target, part * tree.total()] {
            match tree.find(target) {
                Some(leaf) => prop_assert!(weights[leaf] > 0.0),
                None => prop_assert!(weights.iter().all(|weight| *weight == 0.0)),
            }
        }
    }
}

/// Weights of any size between 2⁻³⁰ and 2³⁰, in whole numbers of 2⁻³⁰, so that integers sum them
/// exactly.
fn draw(rng: &mut Rng) -> u64 {
    rng.random::<u64>() >> rng.random_range(4..64)
}

#[test]
fn a_million_changes_leave_no_trace() {
    const UNIT: f64 = 1.0 / (1 << 30) as f64;
    for n in [1_usize, 16, 17, 1000, 4097] {
        let mut rng = rng(n as u64);
        let mut tree = SumTree::new(n).unwrap();
        let mut exact = vec![0_u64; n];
        for _ in 0..1_000_000 {
            let leaf = rng.random_range(0..n);
            // 53 bits: a number of double precision.
            exact[leaf] = draw(&mut rng) >> 7 << 7;
            tree.set(leaf, exact[leaf] as f64 * UNIT).unwrap();
        }
        let weights: Vec<_> = exact.iter().map(|weight| *weight as f64 * UNIT).collect();
        assert_eq!(tree, SumTree::try_from(weights).unwrap());

        // Both sums as numbers of units: the tree's has no fraction of one.
        let sum: u128 = exact.iter().map(|weight| u128::from(*weight)).sum();
        let total = (tree.total() / UNIT) as u128;
        let n_levels = (n - 1).checked_ilog(16).unwrap_or(0) + 1;
        let bound = 4.0 * f64::from(n_levels) * 2.0_f64.powi(-53) * sum as f64 * (1.0 + 1e-14);
        assert!(total.abs_diff(sum) as f64 <= bound, "{total} is not {sum}");
    }
}

#[test]
fn what_is_refused_changes_nothing() {
    let mut tree = SumTree::new(3).unwrap();
    tree.set(1, 2.0).unwrap();
    let before = tree.clone();
    for (leaf, weight) in [
        (3, 1.0),
        (0, -1.0),
        (0, f64::NAN),
        (0, f64::INFINITY),
        (0, 1e300),
    ] {
        let error = tree.set(leaf, weight).unwrap_err();
        assert!(matches!(error, Error::OutOfRange { .. }), "{error}");
        assert_eq!(tree, before);
    }
    for n in [0, usize::MAX] {
        assert!(SumTree::new(n).is_err());
    }
}
