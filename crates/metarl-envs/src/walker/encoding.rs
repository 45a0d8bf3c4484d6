//! POET's encoding of a terrain, and its mutation.

use metarl_core::{Error, Rng, check_range};
use rand::RngExt;
use serde::{Deserialize, Serialize};

const MOST_ROUGHNESS: f64 = 10.0;
/// Largest change of the roughness by a mutation, and largest roughness of a first one.
const ROUGHNESS_CHANGE: f64 = 0.6;
const MOST_STAIRS: u32 = 9;

/// What a range of widths or heights starts as, and how it changes.
struct RangeRule {
    first: [f64; 2],
    change: f64,
    most: f64,
}

const GAP: RangeRule = RangeRule {
    first: [0.0, 0.8],
    change: 0.4,
    most: 10.0,
};
const STUMP: RangeRule = RangeRule {
    first: [0.0, 0.4],
    change: 0.2,
    most: 5.0,
};
const STAIR: RangeRule = RangeRule {
    first: [0.0, 0.4],
    change: 0.2,
    most: 5.0,
};

/// A terrain as POET describes it: what obstacles there are, and between which bounds their sizes are
/// drawn. Every episode draws a new course from it. The default is level ground.
///
/// Widths and heights are in steps of the ground line, 14 ⁄ 30 of a length unit each.
///
/// | field | first value | a mutation changes it by | largest |
/// |---|---|---|---|
/// | `roughness` | `U[0, 0.6]` | `U[−0.6, 0.6]` | 10 |
/// | `gap_width`, either bound | 0, 0.8 | ±0.4 or nothing | 10 |
/// | `stump_height`, either bound | 0, 0.4 | ±0.2 or nothing | 5 |
/// | `stairs.height`, either bound | 0, 0.4 | ±0.2 or nothing | 5 |
/// | `stairs.steps` | 1 | ±1 or nothing | 9 |
///
/// A mutation of a range changes at least one bound; an upper bound never falls below its first value,
/// nor below the lower bound. All values are multiples of 0.1.
///
/// The paper's table and the published code differ in two things. The code has gaps of at most 8 and
/// stairs of one step for ever; the values here are the paper's.
///
/// # References
///
/// Wang et al., *Paired Open-Ended Trailblazer (POET)*, 2019,
/// [arXiv:1901.01753](https://arxiv.org/abs/1901.01753), table 1 and section 4.1.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TerrainEncoding {
    /// How far the ground wanders, 1 as in Gymnasium's BipedalWalker.
    pub roughness: f64,
    /// Bounds of the width of gaps, if there are gaps.
    #[serde(default)]
    pub gap_width: Option<[f64; 2]>,
    /// Bounds of the height of stumps, if there are stumps.
    #[serde(default)]
    pub stump_height: Option<[f64; 2]>,
    /// Stairs, if there are any.
    #[serde(default)]
    pub stairs: Option<Stairs>,
}

/// Stairs of a [`TerrainEncoding`]; they go up or down with equal chance.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stairs {
    /// Bounds of the height of a step.
    pub height: [f64; 2],
    /// Steps of one staircase, 1 to 9.
    pub steps: u32,
}

/// What a mutation may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TerrainFeature {
    /// How far the ground wanders.
    Roughness,
    /// The width of gaps.
    Gap,
    /// The height of stumps.
    Stump,
    /// The height and number of stairs.
    Stairs,
}

impl TerrainFeature {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Roughness, Self::Gap, Self::Stump, Self::Stairs];
}

impl TerrainEncoding {
    /// Checks every value.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] naming the first that is outside its range.
    pub fn check(&self) -> Result<(), Error> {
        let holds = (0.0..=MOST_ROUGHNESS).contains(&self.roughness);
        check_range("roughness", "in [0, 10]", self.roughness, holds)?;
        let allowed = "two bounds in order, in [0, 10]";
        check_bounds("gap_width", allowed, self.gap_width, GAP.most)?;
        let allowed = "two bounds in order, in [0, 5]";
        check_bounds("stump_height", allowed, self.stump_height, STUMP.most)?;
        let Some(stairs) = self.stairs else {
            return Ok(());
        };
        check_bounds("stairs.height", allowed, Some(stairs.height), STAIR.most)?;
        let holds = (1..=MOST_STAIRS).contains(&stairs.steps);
        check_range("stairs.steps", "between 1 and 9", stairs.steps, holds)
    }

    /// A child of this terrain: each of the features starts, where there was none of it, or changes.
    #[must_use]
    pub fn mutate(&self, features: &[TerrainFeature], rng: &mut Rng) -> Self {
        let mut child = *self;
        for feature in features {
            match feature {
                TerrainFeature::Roughness => {
                    let least = if self.roughness > 0.0 { -1.0 } else { 0.0 };
                    let change = ROUGHNESS_CHANGE * rng.random_range(least..=1.0);
                    child.roughness = tenths(self.roughness + change).clamp(0.0, MOST_ROUGHNESS);
                }
                TerrainFeature::Gap => child.gap_width = Some(GAP.mutate(self.gap_width, rng)),
                TerrainFeature::Stump => {
                    child.stump_height = Some(STUMP.mutate(self.stump_height, rng));
                }
                TerrainFeature::Stairs => child.stairs = Some(mutate_stairs(self.stairs, rng)),
            }
        }
        child
    }
}

fn mutate_stairs(stairs: Option<Stairs>, rng: &mut Rng) -> Stairs {
    let steps = match stairs {
        None => 1,
        Some(Stairs { steps, .. }) => (steps + rng.random_range(0..=2))
            .saturating_sub(1)
            .clamp(1, MOST_STAIRS),
    };
    Stairs {
        height: STAIR.mutate(stairs.map(|stairs| stairs.height), rng),
        steps,
    }
}

impl RangeRule {
    fn mutate(&self, bounds: Option<[f64; 2]>, rng: &mut Rng) -> [f64; 2] {
        let Some([low, high]) = bounds else {
            return self.first;
        };
        let changed = |bound: f64| [1.0, 0.0, -1.0].map(|sign| tenths(bound + sign * self.change));
        let [least_low, least_high] = self.first;
        let mut choices = Vec::with_capacity(8);
        for new_low in changed(low) {
            for new_high in changed(high) {
                let same = [new_low, new_high] == [low, high].map(tenths);
                let allowed = least_low <= new_low
                    && least_high <= new_high
                    && new_low <= new_high
                    && new_high <= self.most;
                if allowed && !same {
                    choices.push([new_low, new_high]);
                }
            }
        }
        if choices.is_empty() {
            return [low, high];
        }
        choices[rng.random_range(0..choices.len())]
    }
}

fn tenths(x: f64) -> f64 {
    (10.0 * x).round() / 10.0
}

fn check_bounds(
    name: &'static str,
    allowed: &'static str,
    bounds: Option<[f64; 2]>,
    most: f64,
) -> Result<(), Error> {
    let Some([low, high]) = bounds else {
        return Ok(());
    };
    let holds = 0.0 <= low && low <= high && high <= most;
    check_range(name, allowed, format!("[{low}, {high}]"), holds)
}
