//! What an agent sees of the world.

use metarl_core::{Rng, Space};
use rand::RngExt;
use serde::{Deserialize, Serialize};

use super::object::{Color, Object, Shape};
use super::world::Tile;
use crate::grid::Direction;

/// Columns, and rows, of the window.
pub(super) const WINDOW: usize = 5;
/// Cells of the window.
pub(super) const CELLS: usize = WINDOW * WINDOW;
/// Where the agent itself is.
pub(super) const OWN: usize = WINDOW / 2;
/// A wall, two states of a door, and the shapes.
const KINDS: usize = 3 + Shape::ALL.len();
/// Numbers a cell.
const CHANNELS: usize = KINDS + Color::ALL.len();

/// Windows of 5 × 5 cells, and the way one looks.
///
/// The environment moves 51 bytes a step, and a rollout keeps as many. [`encode`](Space::encode) makes
/// 504 numbers of them for a network:
///
/// | numbers | are |
/// |---|---|
/// | 20 a cell, the agent's row first, from left to right | wall, closed door, open door, 7 shapes; 10 colors: 1 for what is there, all 0 for the floor |
/// | 4 | up, right, down, left: 1 for the way one looks |
///
/// One-hot is wide. The paper's network embeds kind and color of each cell instead; a dense layer over
/// one-hot cells is such an embedding, one for each place in the window. Two numbers a cell would be ten
/// times fewer, and pretend that a star lies between a key and a hexagon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ViewSpace;

/// An element of [`ViewSpace`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorldView {
    /// Five rows of five from the agent's own outwards, each from left to right. The agent is in the
    /// middle of the first, where what it holds is seen, or else what it stands on.
    pub tiles: [Tile; CELLS],
    /// The way it looks.
    pub facing: Direction,
}

impl Space for ViewSpace {
    type Element = WorldView;
    const WIDTH: usize = CELLS * CHANNELS + 4;

    fn zero(&self) -> WorldView {
        WorldView {
            tiles: [Tile::Wall; CELLS],
            facing: Direction::Up,
        }
    }

    fn contains(&self, _: &WorldView) -> bool {
        true
    }

    fn sample(&self, rng: &mut Rng) -> WorldView {
        let mut tile = || match rng.random_range(0..4_usize) {
            0 => Tile::Wall,
            1 => Tile::Floor,
            2 => Tile::Door { open: rng.random() },
            _ => Tile::Object(Object {
                shape: Shape::ALL[rng.random_range(0..Shape::ALL.len())],
                color: Color::ALL[rng.random_range(0..Color::ALL.len())],
            }),
        };
        WorldView {
            tiles: std::array::from_fn(|_| tile()),
            facing: Direction::of(rng.random_range(0..4)),
        }
    }

    fn encode(element: &WorldView, out: &mut [f32]) {
        assert_eq!(out.len(), Self::WIDTH, "twenty numbers a cell, and four");
        out.fill(0.0);
        for (tile, out) in element.tiles.iter().zip(out.chunks_exact_mut(CHANNELS)) {
            match tile {
                Tile::Floor => {}
                Tile::Wall => out[0] = 1.0,
                Tile::Door { open } => out[1 + usize::from(*open)] = 1.0,
                Tile::Object(Object { shape, color }) => {
                    out[3 + *shape as usize] = 1.0;
                    out[KINDS + *color as usize] = 1.0;
                }
            }
        }
        out[CELLS * CHANNELS + element.facing as usize] = 1.0;
    }
}
