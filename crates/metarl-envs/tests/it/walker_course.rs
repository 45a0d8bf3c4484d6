//! What the ground of a walker is made of, held against its task, NumPy and Gymnasium.

use std::ops::RangeInclusive;

use metarl_core::{Purpose, Rng, Seed};
use metarl_envs::reference::{NumpyRng, bipedal_walker_course};
use metarl_envs::walker::{Stairs, Terrain, TerrainEncoding, WalkerTask};
use proptest::prelude::*;

/// Distance between two points of the ground.
const STEP: f32 = 14.0 / 30.0;
/// Height of the level ground.
const LEVEL: f32 = 40.0 / 12.0;

fn stream(seed: u64) -> Rng {
    Seed::new(seed).stream(Purpose::Environment, 0, 0, 0)
}

fn course(encoding: TerrainEncoding, seed: u64) -> Terrain {
    WalkerTask::Encoding(encoding).terrain(&mut stream(seed))
}

fn bounds(range: RangeInclusive<u32>) -> impl Strategy<Value = [f64; 2]> {
    let ends = (range.clone(), range);
    ends.prop_map(|(a, b)| [f64::from(a.min(b)) / 10.0, f64::from(a.max(b)) / 10.0])
}

/// Whether a length in steps is between two bounds, but for rounding to single precision.
fn within(length: f32, [low, high]: [f64; 2]) -> bool {
    let steps = f64::from(length / STEP);
    (low - 1e-4..=high + 1e-4).contains(&steps)
}

/// Length of free ground to walk on, from a point downward.
fn depth(terrain: &Terrain, x: f32) -> f32 {
    let from = [x, 30.0];
    50.0 * terrain.free_fraction(from, [x, -20.0])
}

proptest! {
    #[test]
    fn gaps_are_gaps(bounds in bounds(0..=100), seed in 0..1000_u64) {
        let gaps = TerrainEncoding { gap_width: Some(bounds), ..TerrainEncoding::default() };
        let terrain = course(gaps, seed);
        let walls = terrain.blocks().chunks_exact(2);
        prop_assert!(walls.len() >= 8);
        for wall in walls {
            let ([from, edge], [to, _]) = (wall[0].high, wall[1].low);
            prop_assert!(within(to - from, bounds), "{} steps wide", (to - from) / STEP);
            prop_assert_eq!(edge, LEVEL, "level with the ground");
            let last = terrain.ground()[199][0];
            if to < last && to - from > 0.01 {
                let middle = (from + to) / 2.0;
                // Four steps down, past walls that are as deep.
                let fall = depth(&terrain, middle) - depth(&terrain, from - 0.1);
                prop_assert!((fall / STEP - 4.0).abs() < 1e-3, "{} steps deep", fall / STEP);
            }
        }
    }

    #[test]
    fn stumps_stand_on_the_ground(bounds in bounds(1..=50), seed in 0..1000_u64) {
        let stumps = TerrainEncoding { stump_height: Some(bounds), ..TerrainEncoding::default() };
        let terrain = course(stumps, seed);
        prop_assert!(terrain.blocks().len() >= 15);
        for stump in terrain.blocks() {
            let [width, height] = [0, 1].map(|axis| stump.high[axis] - stump.low[axis]);
            prop_assert!((width / STEP - 1.0).abs() < 1e-4);
            prop_assert!(within(height, bounds), "{} steps high", height / STEP);
            prop_assert_eq!(stump.low[1], LEVEL);
            let middle = (stump.low[0] + stump.high[0]) / 2.0;
            prop_assert!((depth(&terrain, middle) - (30.0 - stump.high[1])).abs() < 1e-4);
        }
    }

    #[test]
    fn stairs_rise_or_fall_by_their_height(
        height in bounds(1..=50),
        steps in 1..=9_u32,
        seed in 0..1000_u64,
    ) {
        let stairs = Some(Stairs { height, steps });
        let terrain = course(TerrainEncoding { stairs, ..TerrainEncoding::default() }, seed);
        let flights: Vec<_> = terrain.blocks().chunks_exact(steps as usize).collect();
        prop_assert!(!flights.is_empty());
        for flight in flights {
            for boxes in flight.windows(2) {
                let rise = boxes[1].high[1] - boxes[0].high[1];
                prop_assert!(within(rise.abs(), height), "{} steps", rise / STEP);
                prop_assert!((boxes[1].low[0] - boxes[0].high[0]).abs() < 1e-4, "side by side");
                prop_assert!((boxes[0].high[0] - boxes[0].low[0] - 4.0 * STEP).abs() < 1e-4);
            }
        }
    }

    /// A ray is free up to the first of all segments and sides of boxes, each looked at alone.
    #[test]
    fn a_ray_ends_at_the_nearest_side(
        seed in 0..1000_u64,
        x in 0.0..93.0_f32,
        above in 0.015625..4.0_f32,
        angle in -3.2..3.2_f64,
    ) {
        let all = TerrainEncoding {
            roughness: 3.0,
            gap_width: Some([0.0, 5.0]),
            stump_height: Some([0.0, 3.0]),
            stairs: Some(Stairs { height: [0.0, 2.0], steps: 3 }),
        };
        let terrain = course(all, seed);
        let from = [x, 30.0 - depth(&terrain, x) + above];
        let to = [from[0] + 5.3 * angle.cos() as f32, from[1] + 5.3 * angle.sin() as f32];
        let ground = terrain.ground().windows(2).map(|ends| [ends[0], ends[1]]);
        let sides = terrain.blocks().iter().flat_map(|block| {
            let [a, b, c, d] = block.corners();
            [[a, b], [b, c], [c, d], [d, a]]
        });
        let nearest = ground.chain(sides).filter_map(|side| crossing([from, to], side));
        let want = nearest.fold(1.0, f64::min);
        let got = f64::from(terrain.free_fraction(from, to));
        // A corner that is only just hit in one precision may be missed in the other.
        let around = [-1e-4, 1e-4].map(|turn: f64| {
            let along = [5.3 * (angle + turn).cos(), 5.3 * (angle + turn).sin()];
            let to = [0, 1].map(|i| from[i] + along[i] as f32);
            f64::from(terrain.free_fraction(from, to))
        });
        let spread = around.iter().map(|x| (x - got).abs()).fold(0.0, f64::max);
        prop_assert!((got - want).abs() < 1e-4 + 2.0 * spread, "{} is not {}", got, want);
    }
}

/// Where a ray crosses a side, in double precision.
fn crossing([from, to]: [[f32; 2]; 2], [a, b]: [[f32; 2]; 2]) -> Option<f64> {
    let minus = |p: [f32; 2], q: [f32; 2]| [0, 1].map(|i| f64::from(p[i]) - f64::from(q[i]));
    let cross = |p: [f64; 2], q: [f64; 2]| p[0] * q[1] - p[1] * q[0];
    let (along, side, there) = (minus(to, from), minus(b, a), minus(a, from));
    let turned = cross(along, side);
    let (t, u) = (cross(there, side) / turned, cross(there, along) / turned);
    ((0.0..=1.0).contains(&t) && (0.0..=1.0).contains(&u)).then_some(t)
}

#[test]
fn the_default_is_level() {
    let terrain = course(TerrainEncoding::default(), 1);
    assert_eq!(terrain.ground().len(), 200);
    assert!(terrain.ground().iter().all(|[_, y]| *y == LEVEL));
    assert!(terrain.blocks().is_empty());
    // Straight down from the hull's height.
    let free = terrain.free_fraction([40.0, LEVEL + 2.0], [40.0, LEVEL - 2.0]);
    assert!((free - 0.5).abs() < 1e-6);
}

#[test]
fn roughness_is_how_far_the_ground_wanders() {
    let spread = |roughness| {
        let rough = TerrainEncoding {
            roughness,
            ..TerrainEncoding::default()
        };
        let terrain = course(rough, 3);
        let pad = &terrain.ground()[..21];
        assert!(pad.iter().all(|[_, y]| *y == LEVEL), "level to start from");
        let squares = terrain.ground().iter().map(|[_, y]| (y - LEVEL).powi(2));
        (squares.sum::<f32>() / 200.0).sqrt()
    };
    let [one, three] = [1.0, 3.0].map(spread);
    assert!(one > 0.02 && one < 0.5, "{one}");
    assert!(three > 2.0 * one, "{three}");
}

/// What NumPy's `default_rng(7)` gives, in this order.
#[test]
fn integers_are_those_of_numpy() {
    let mut rng = NumpyRng::new(7);
    let few: Vec<_> = (0..8).map(|_| rng.integer(3, 5)).collect();
    assert_eq!(few, [4, 4, 4, 4, 4, 4, 4, 3]);
    let digits: Vec<_> = (0..8).map(|_| rng.integer(0, 10)).collect();
    assert_eq!(digits, [0, 3, 2, 8, 9, 0, 4, 8]);
    assert_eq!(rng.unit(), 0.797_069_428_752_046_2);
    assert_eq!(rng.integer(4, 5), 4);
    assert_eq!(rng.integer(0, 3_000_000_000), 357_248_984);
    assert_eq!(rng.uniform(-1.0, 1.0), -0.393_935_146_361_372_95);
}

/// Heights that Gymnasium 1.4.0 has after `reset(seed=42)`, and how many pieces its terrain has.
#[test]
fn courses_are_those_of_gymnasium() {
    for (hardcore, heights, n_pieces) in [
        (
            false,
            [
                3.329_258_562_650_137,
                3.200_793_157_239_419,
                3.279_653_630_386_683_3,
            ],
            199,
        ),
        (
            true,
            [
                1.466_666_666_666_666_8,
                1.088_056_421_630_393,
                2.052_223_063_075_830_4,
            ],
            229,
        ),
    ] {
        let (terrain, push) = bipedal_walker_course(42, hardcore);
        let at = [21, 100, 199].map(|i: usize| terrain.ground()[i][1]);
        assert_eq!(at, heights.map(|y: f64| y as f32));
        assert_eq!(
            terrain.ground().len() - 1 + terrain.blocks().len(),
            n_pieces
        );
        assert!(push.abs() <= 5.0);
    }
}
