//! How a course is laid out.

use std::convert::Infallible;

use metarl_core::Rng;
use rand::RngExt;

use super::body::START_PUSH;
use super::encoding::{Stairs, TerrainEncoding};
use super::terrain::{Block, HEIGHT, LENGTH, START_PAD, STEP, Terrain};
use crate::reference::NumpyRng;

/// Points of ground between two obstacles: at least, and fewer than.
const BETWEEN: [u32; 2] = [5, 10];
/// Points that one step of a stair is long.
const STAIR_WIDTH: usize = 4;
/// Depth of a gap, in steps.
const GAP_DEPTH: f64 = 4.0;
/// Points of the ground are at least this far apart, in steps.
const LEAST_APART: f64 = 0.01;
/// Blocks lower than this are left out, in steps: physics engines want bodies with an area.
const LOWEST_BLOCK: f64 = 0.02;

/// Random numbers for a course: a lane's, or those of Gymnasium's seeds.
pub(super) trait Draw {
    /// In `[0, 1)`.
    fn unit(&mut self) -> f64;

    /// In `[low, high)`.
    fn integer(&mut self, low: u32, high: u32) -> u32;

    /// Between two bounds.
    fn uniform(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }
}

impl Draw for Rng {
    fn unit(&mut self) -> f64 {
        self.random()
    }

    fn integer(&mut self, low: u32, high: u32) -> u32 {
        self.random_range(low..high)
    }
}

impl Draw for NumpyRng {
    fn unit(&mut self) -> f64 {
        NumpyRng::unit(self)
    }

    fn integer(&mut self, low: u32, high: u32) -> u32 {
        NumpyRng::integer(self, low, high)
    }
}

/// Lays ground point after point. Its methods give `None` once the ground is complete.
struct Surveyor<'a, D> {
    draw: &'a mut D,
    ground: Vec<[f64; 2]>,
    block: Vec<Block>,
    y: f64,
    slope: f64,
}

/// An obstacle whose size is still to be drawn.
#[derive(Clone, Copy)]
enum Obstacle {
    Stump([f64; 2]),
    Stairs(Stairs),
    Gap([f64; 2]),
}

/// The course of POET's encoding: level ground, then obstacles with rough ground in between.
pub(super) fn encoded<D: Draw>(encoding: &TerrainEncoding, draw: &mut D) -> Terrain {
    let obstacles = [
        encoding.stump_height.map(Obstacle::Stump),
        encoding.stairs.map(Obstacle::Stairs),
        encoding.gap_width.map(Obstacle::Gap),
    ];
    let obstacles: Vec<_> = obstacles.into_iter().flatten().collect();
    let obstacle = |at: &mut Surveyor<'_, D>| {
        let kind = at.draw.integer(0, obstacles.len() as u32);
        at.room()?;
        match obstacles[kind as usize] {
            Obstacle::Stump([low, high]) => {
                let height = at.draw.uniform(low, high);
                at.stump(1, height)
            }
            Obstacle::Stairs(Stairs { height, steps }) => {
                let height = at.draw.uniform(height[0], height[1]);
                let rise = if at.draw.unit() > 0.5 {
                    height
                } else {
                    -height
                };
                at.stairs(steps as usize, rise)
            }
            Obstacle::Gap([low, high]) => {
                let width = at.draw.uniform(low, high);
                at.gap(1.0 + width)
            }
        }
    };
    survey(draw, encoding.roughness, !obstacles.is_empty(), obstacle)
}

/// The courses of Gymnasium's `BipedalWalker-v3`, or with obstacles of its hardcore variant.
pub(super) fn gymnasium<D: Draw>(hardcore: bool, draw: &mut D) -> Terrain {
    let obstacle = |at: &mut Surveyor<'_, D>| {
        let kind = at.draw.integer(1, 4);
        at.room()?;
        match kind {
            1 => {
                let size = at.draw.integer(1, 3);
                at.stump(size as usize, f64::from(size))
            }
            2 => {
                let rise = if at.draw.unit() > 0.5 { 1.0 } else { -1.0 };
                let n_steps = at.draw.integer(3, 5) as usize;
                at.ramped_stairs(n_steps, rise)
            }
            _ => {
                let width = f64::from(at.draw.integer(3, 5));
                at.gap(width)
            }
        }
    };
    survey(draw, 1.0, hardcore, obstacle)
}

/// A course without obstacles that follows a function of the position in `[−1, 1]`, from the end of
/// the level ground on.
pub(super) fn following(height: impl Fn(f64) -> f64) -> Terrain {
    let middle = LENGTH as f64 / 2.0;
    let at = |i: usize| height((i as f64 - middle) / middle);
    let first = at(START_PAD + 1);
    let rise = |i: usize| if i > START_PAD { at(i) - first } else { 0.0 };
    let ground = (0..LENGTH).map(|i| [i as f64 * STEP, HEIGHT + rise(i)]);
    Terrain {
        ground: ground.map(single).collect(),
        block: Vec::new(),
    }
}

/// The course of a `reset(seed=…)` of Gymnasium's walker, and the force that pushes its hull.
pub(crate) fn of_gymnasium_seed(seed: u64, hardcore: bool) -> (Terrain, f32) {
    let mut rng = NumpyRng::new(seed);
    let terrain = gymnasium(hardcore, &mut rng);
    // Between the two it draws its clouds: ten, each of a place and five corners.
    for _ in 0..10 * (1 + 2 * 5) {
        rng.unit();
    }
    (terrain, rng.uniform(-START_PUSH, START_PUSH) as f32)
}

fn survey<'a, D: Draw>(
    draw: &'a mut D,
    roughness: f64,
    has_obstacles: bool,
    mut obstacle: impl FnMut(&mut Surveyor<'a, D>) -> Option<()>,
) -> Terrain {
    let mut at = Surveyor {
        draw,
        ground: Vec::with_capacity(LENGTH),
        block: Vec::new(),
        y: HEIGHT,
        slope: 0.0,
    };
    let mut lay = || -> Option<Infallible> {
        at.plain(START_PAD as u32, roughness)?;
        loop {
            let [least, most] = BETWEEN;
            let mut n_points = at.draw.integer(least, most);
            if has_obstacles {
                obstacle(&mut at)?;
                n_points = at.draw.integer(least, most);
            }
            at.plain(n_points, roughness)?;
        }
    };
    lay();
    Terrain {
        ground: at.ground.into_iter().map(single).collect(),
        block: at.block,
    }
}

impl<D: Draw> Surveyor<'_, D> {
    fn room(&self) -> Option<()> {
        (self.ground.len() < LENGTH).then_some(())
    }

    fn x(&self) -> f64 {
        self.ground.len() as f64 * STEP
    }

    /// One more point, at the height reached.
    fn point(&mut self) -> Option<()> {
        self.room()?;
        self.ground.push([self.x(), self.y]);
        Some(())
    }

    /// Ground that wanders about the level it came from; its first point is level.
    fn plain(&mut self, n_points: u32, roughness: f64) -> Option<()> {
        for i in 0..n_points {
            self.room()?;
            if i > 0 {
                let home = match HEIGHT - self.y {
                    above if above > 0.0 => 1.0,
                    below if below < 0.0 => -1.0,
                    _ => 0.0,
                };
                self.slope = 0.8 * self.slope + 0.01 * home;
                if self.ground.len() > START_PAD {
                    self.slope += self.draw.uniform(-1.0, 1.0) / super::body::SCALE;
                }
                self.y += roughness * self.slope;
            }
            self.point()?;
        }
        Some(())
    }

    /// A box on the ground.
    fn stump(&mut self, width: usize, height: f64) -> Option<()> {
        let (x, y) = (self.x(), self.y);
        if height > LOWEST_BLOCK {
            self.block(x, y, x + width as f64 * STEP, y + height * STEP);
        }
        (0..width).try_for_each(|_| self.point())
    }

    /// A hole between two walls of one step each, whose left sides are this many steps apart.
    fn gap(&mut self, apart: f64) -> Option<()> {
        let (x, y) = (self.x(), self.y);
        for x in [[x, x + STEP], [x, x + STEP].map(|x| x + STEP * apart)] {
            self.block(x[0], y - GAP_DEPTH * STEP, x[1], y);
        }
        self.point()?;
        let n_points = (apart - LEAST_APART).ceil();
        self.y -= GAP_DEPTH * STEP;
        (0..n_points as usize).try_for_each(|_| self.point())?;
        self.y = y;
        self.room()?;
        self.ground
            .push([self.x() - (n_points - apart) * STEP, self.y]);
        Some(())
    }

    /// Stairs whose ground is below their boxes.
    fn stairs(&mut self, n_steps: usize, rise: f64) -> Option<()> {
        self.boxes_of_stairs(n_steps, rise);
        let y = self.y;
        self.point()?;
        for i in 0..n_steps * STAIR_WIDTH {
            let n_risen = (i / STAIR_WIDTH) as f64;
            self.y = y + (n_risen * rise) * STEP + rise.min(0.0) * STEP;
            self.point()?;
        }
        Some(())
    }

    /// Stairs whose ground is a ramp through them.
    fn ramped_stairs(&mut self, n_steps: usize, rise: f64) -> Option<()> {
        self.boxes_of_stairs(n_steps, rise);
        let y = self.y;
        self.point()?;
        for i in 1..n_steps * STAIR_WIDTH {
            let n_risen = (i as f64 - rise) / STAIR_WIDTH as f64;
            self.y = y + (n_risen * rise) * STEP;
            self.point()?;
        }
        Some(())
    }

    fn boxes_of_stairs(&mut self, n_steps: usize, rise: f64) {
        let (x, y) = (self.x(), self.y);
        if rise.abs() <= LOWEST_BLOCK {
            return;
        }
        for i in 0..n_steps {
            let risen = i as f64 * rise;
            let (start, end) = (i * STAIR_WIDTH, (i + 1) * STAIR_WIDTH);
            self.block(
                x + start as f64 * STEP,
                y + (risen - rise.abs()) * STEP,
                x + end as f64 * STEP,
                y + risen * STEP,
            );
        }
    }

    fn block(&mut self, left: f64, low: f64, right: f64, high: f64) {
        self.block.push(Block {
            low: single([left, low]),
            high: single([right, high]),
        });
    }
}

fn single(point: [f64; 2]) -> [f32; 2] {
    point.map(|x| x as f32)
}
