//! What a cheetah runs on.

use std::fmt::Write as _;

use metarl_core::{Error, Rng, check_range};
use rand::RngExt;
use serde::{Deserialize, Serialize};

/// What a cheetah runs on.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ground {
    /// A plane.
    #[default]
    Flat,
    /// Uphill and downhill.
    Slopes(Slopes),
    /// Blocks that float.
    Pier(Pier),
}

/// Six slopes in a row, and level ground before and behind them. The cheetah starts at x = 0, height 0.
///
/// Its published form is a grid of heights 0.2 m apart; there slopes begin up to a cell earlier.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slopes {
    /// Where the first one begins, m; from 0 on, so that the start is level.
    pub start: f64,
    /// How long each is along x, m.
    pub length: f64,
    /// How much the ground rises along each, m.
    pub rise: [f64; 6],
}

impl Slopes {
    /// 0.6 m up and down again.
    pub const HILL: Self = Self::named([0.6, -0.6, 0.0, 0.0, 0.0, 0.0]);
    /// 0.55 m down and up again.
    pub const BASIN: Self = Self::named([-0.55, 0.55, 0.0, 0.0, 0.0, 0.0]);
    /// 1 m up along 18 m.
    pub const GENTLE: Self = Self::named([1.0 / 6.0; 6]);
    /// 4 m up along 18 m.
    pub const STEEP: Self = Self::named([4.0 / 6.0; 6]);

    const fn named(rise: [f64; 6]) -> Self {
        Self {
            start: 0.0,
            length: 3.0,
            rise,
        }
    }

    /// Random slopes: two up and four either way, steepness `U[0.2, 0.6]` each, all scaled so that
    /// the highest point is `U[0.2, 1]` m above the lowest.
    ///
    /// # References
    ///
    /// Nagabandi et al. 2018, [arXiv:1803.11347](https://arxiv.org/abs/1803.11347), with the numbers
    /// of its code.
    pub fn sample(rng: &mut Rng) -> Self {
        let height = rng.random_range(0.2..1.0);
        let mut rise = [0.0; 6];
        for (i, rise) in rise.iter_mut().enumerate() {
            let up = i < 2 || rng.random_bool(0.5);
            let steepness = rng.random_range(0.2..0.6);
            *rise = if up { steepness } else { -steepness };
        }
        let slopes = Self {
            start: 1.0,
            length: 2.0,
            rise,
        };
        let [low, high] = slopes.extent();
        Self {
            rise: rise.map(|rise| rise * height / (high - low)),
            ..slopes
        }
    }

    /// Height of the ground, m.
    #[must_use]
    pub fn height(&self, x: f64) -> f64 {
        let risen = |(i, rise): (usize, &f64)| {
            let into = x - (self.start + i as f64 * self.length);
            rise * (into / self.length).clamp(0.0, 1.0)
        };
        self.rise.iter().enumerate().map(risen).sum()
    }

    /// Lowest and highest point.
    fn extent(&self) -> [f64; 2] {
        let ends = (0..=6).map(|i| self.height(self.start + f64::from(i) * self.length));
        ends.fold([0.0, 0.0], |[low, high], x| [x.min(low), x.max(high)])
    }

    fn check(&self) -> Result<(), Error> {
        let Self {
            start,
            length,
            rise,
        } = self;
        check_range("start", "in [0, 10]", start, (0.0..=10.0).contains(start))?;
        let holds = (0.5..=5.0).contains(length);
        check_range("length", "in [0.5, 5]", length, holds)?;
        let holds = rise.iter().all(|rise| (-10.0..=10.0).contains(rise));
        check_range("rise", "in [-10, 10]", format_args!("{rise:?}"), holds)
    }

    /// A height field that ends 50 m either way, and boxes that go on from there.
    fn geoms(&self) -> (String, String) {
        const CELLS: u32 = 500;
        let [low, high] = self.extent();
        let xs = (0..=CELLS).map(|i| f64::from(i) * 100.0 / f64::from(CELLS) - 50.0);
        let row = xs.fold(String::new(), |mut row, x| {
            // A string takes all that is written.
            let _ = write!(row, "{} ", self.height(x));
            row
        });
        let (n, span) = (CELLS + 1, (high - low).max(1e-3));
        let asset = format!(
            r#"<asset><hfield name="floor" nrow="2" ncol="{n}" size="50 5 {span} 0.1" elevation="{row}{row}"/></asset>"#
        );
        let floor = format!(
            r#"<geom name="floor" type="hfield" hfield="floor" conaffinity="1" condim="3" pos="0 0 {low}"/>"#
        );
        let shores = shores([(-50.0, 0.0), (50.0, self.height(50.0))]);
        (asset, floor + &shores)
    }
}

/// Blocks that float one behind the other, each with a damping of its own; shores either way.
///
/// Eight blocks of 10 kg, 4 m long between x = −2 m and 22 m and longer around them, each on a spring
/// of 150 N/m that lets it sink and rise by 0.15 m. As in the published model, cheetah and blocks are
/// then scaled to a mass of 14 kg together.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pier {
    /// Damping of each block, N s/m.
    pub damping: [f64; 8],
}

impl Pier {
    fn check(&self) -> Result<(), Error> {
        let holds = self.damping.iter().all(|x| x.is_finite() && *x >= 0.0);
        let got = format_args!("{:?}", self.damping);
        check_range("damping", "at least 0 and finite", got, holds)
    }

    /// Center and half length of each block along x, m.
    const BLOCKS: [(f64, f64); 8] = [
        (-8.0, 6.0),
        (0.0, 2.0),
        (4.0, 2.0),
        (8.0, 2.0),
        (12.0, 2.0),
        (16.0, 2.0),
        (20.0, 2.0),
        (42.0, 20.0),
    ];

    fn bodies(&self) -> String {
        let blocks = Self::BLOCKS.iter().zip(self.damping);
        let blocks = blocks.map(|((x, half), damping)| {
            // A millimeter is left between blocks.
            let half = half - 0.001;
            format!(
                r#"<body pos="{x} 0 -0.05"><joint type="slide" axis="0 0 1" limited="true" range="-0.15 0.15" stiffness="150" damping="{damping}"/><geom type="box" size="{half} 0.99 0.05" mass="10" conaffinity="1"/></body>"#
            )
        });
        blocks.collect()
    }
}

/// Level ground that goes on from two ends, each with a height.
fn shores(ends: [(f64, f64); 2]) -> String {
    let shores = ends.into_iter().map(|(x, height)| {
        let (center, z) = (x + 500.0_f64.copysign(x), height - 0.5);
        format!(
            r#"<geom type="box" conaffinity="1" condim="3" size="500 5 0.5" pos="{center} 0 {z}"/>"#
        )
    });
    shores.collect()
}

impl Ground {
    pub(super) fn check(&self) -> Result<(), Error> {
        match self {
            Self::Flat => Ok(()),
            Self::Slopes(slopes) => slopes.check(),
            Self::Pier(pier) => pier.check(),
        }
    }

    /// The model of a robot with this ground instead of its floor. What moves comes behind the robot.
    pub(super) fn under(&self, mjcf: &str) -> String {
        let (asset, floor, moving) = match self {
            Self::Flat => return mjcf.to_owned(),
            Self::Slopes(slopes) => {
                let (asset, floor) = slopes.geoms();
                (asset, floor, String::new())
            }
            Self::Pier(pier) => {
                let shores = shores([(-14.0, 0.0), (62.0, 0.0)]);
                (String::new(), shores, pier.bodies())
            }
        };
        let lines = mjcf.lines().map(|line| match line.trim() {
            "<worldbody>" => format!("{asset}\n{line}\n"),
            "</worldbody>" => format!("{moving}\n{line}\n"),
            floor_line if floor_line.contains(r#"name="floor""#) => format!("{floor}\n"),
            _ => format!("{line}\n"),
        });
        lines.collect()
    }
}
