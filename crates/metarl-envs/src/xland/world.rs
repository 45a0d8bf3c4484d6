//! A world of tiles, and an agent in it.

use metarl_core::Rng;
use rand::RngExt;
use serde::{Deserialize, Serialize};

use super::object::Object;
use super::rule::{Condition, Goal, Rule, Side};
use super::view::{CELLS, OWN, WINDOW, WorldView};
use crate::grid::{Cell, Direction};

/// Columns, and rows, of the largest map.
pub(super) const LARGEST: usize = 13;

/// What is in a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tile {
    /// A wall.
    Wall,
    /// Nothing.
    Floor,
    /// A door.
    Door {
        /// Whether one can go through.
        open: bool,
    },
    /// A thing.
    Object(Object),
}

impl Tile {
    /// Whether one can step on it.
    #[must_use]
    #[inline]
    pub fn is_walkable(self) -> bool {
        match self {
            Self::Floor => true,
            Self::Wall => false,
            Self::Door { open } => open,
            Self::Object(object) => !object.is_portable(),
        }
    }
}

/// Where the walls are. Outer walls count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WorldMap {
    /// One room, 9 × 9.
    #[default]
    OneRoom,
    /// Four rooms, 13 × 13, with a closed door between neighbors, anywhere in the wall.
    FourRooms,
}

impl WorldMap {
    /// Columns, and rows.
    #[must_use]
    pub const fn size(self) -> u8 {
        match self {
            Self::OneRoom => 9,
            Self::FourRooms => 13,
        }
    }

    /// Things for which there is room without crowding.
    #[must_use]
    pub const fn most_objects(self) -> usize {
        match self {
            Self::OneRoom => 7 * 7 / 3,
            Self::FourRooms => 4 * 5 * 5 / 3,
        }
    }

    /// The map without things.
    fn tiles(self, rng: &mut Rng) -> [[Tile; LARGEST]; LARGEST] {
        let (mut tiles, last) = (
            [[Tile::Wall; LARGEST]; LARGEST],
            usize::from(self.size()) - 1,
        );
        for row in &mut tiles[1..last] {
            row[1..last].fill(Tile::Floor);
        }
        if self == Self::FourRooms {
            let middle = last / 2;
            tiles[middle].fill(Tile::Wall);
            tiles.iter_mut().for_each(|row| row[middle] = Tile::Wall);
            for half in [1..middle, middle + 1..last] {
                tiles[middle][rng.random_range(half.clone())] = Tile::Door { open: false };
                tiles[rng.random_range(half)][middle] = Tile::Door { open: false };
            }
        }
        tiles
    }
}

/// What an agent can do; the number of an action is its place here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// A step ahead, where nothing is in the way.
    Forward,
    /// A quarter turn to the left.
    TurnLeft,
    /// A quarter turn to the right.
    TurnRight,
    /// Takes up the thing ahead, with an empty hand.
    PickUp,
    /// Puts what is held on the floor ahead.
    PutDown,
    /// Opens or closes the door ahead.
    Toggle,
}

impl Action {
    /// The action of a number; every number above 4 is the last.
    #[must_use]
    #[inline]
    pub const fn of(number: usize) -> Self {
        match number {
            0 => Self::Forward,
            1 => Self::TurnLeft,
            2 => Self::TurnRight,
            3 => Self::PickUp,
            4 => Self::PutDown,
            _ => Self::Toggle,
        }
    }
}

/// Tiles, and the agent among them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct World {
    tiles: [[Tile; LARGEST]; LARGEST],
    /// Where it is.
    pub agent: Cell,
    /// The way it looks.
    pub facing: Direction,
    /// What it holds.
    pub held: Option<Object>,
    /// Where it has put something in this step.
    pub put: Option<Cell>,
}

impl World {
    /// Lays things on a map, each and the agent in a random place, so that one can get everywhere without
    /// moving any. Things for which there is no room ([`WorldMap::most_objects`]) are left out.
    #[must_use]
    pub fn new(map: WorldMap, objects: &[Object], rng: &mut Rng) -> Self {
        loop {
            let mut world = Self {
                tiles: map.tiles(rng),
                agent: [0, 0],
                facing: Direction::of(rng.random_range(0..4)),
                held: None,
                put: None,
            };
            for object in objects.iter().take(map.most_objects()) {
                let cell = world.free_cell(map, rng);
                world.set(cell, Tile::Object(*object));
            }
            world.agent = world.free_cell(map, rng);
            if world.is_passable() {
                return world;
            }
        }
    }

    /// Floor, drawn uniformly.
    fn free_cell(&self, map: WorldMap, rng: &mut Rng) -> Cell {
        loop {
            let cell = [0; 2].map(|_: u8| rng.random_range(1..map.size() - 1));
            if self.tile(cell) == Tile::Floor {
                return cell;
            }
        }
    }

    /// What is in a cell; walls are everywhere outside.
    #[must_use]
    #[inline]
    pub fn tile(&self, [x, y]: Cell) -> Tile {
        let row = self.tiles.get(usize::from(y));
        let tile = row.and_then(|row| row.get(usize::from(x)));
        tile.copied().unwrap_or(Tile::Wall)
    }

    /// Changes what is in a cell; outside nothing changes.
    pub fn set(&mut self, [x, y]: Cell, tile: Tile) {
        let row = self.tiles.get_mut(usize::from(y));
        if let Some(place) = row.and_then(|row| row.get_mut(usize::from(x))) {
            *place = tile;
        }
    }

    /// The cell the agent looks at.
    #[must_use]
    #[inline]
    pub fn ahead(&self) -> Cell {
        self.facing.from(self.agent)
    }

    /// Every cell with what is in it.
    pub fn tiles(&self) -> impl Iterator<Item = (Cell, Tile)> {
        let rows = self.tiles.iter().enumerate();
        rows.flat_map(|(y, row)| {
            let cells = row.iter().enumerate();
            cells.map(move |(x, tile)| ([x as u8, y as u8], *tile))
        })
    }

    /// Whether every free cell can be reached, closed doors being no obstacle, and something free is next
    /// to every thing.
    pub(super) fn is_passable(&self) -> bool {
        let bits = |of: fn(Tile) -> bool| {
            self.tiles.map(|row| {
                let bits = row.iter().enumerate();
                bits.fold(0_u16, |bits, (x, tile)| bits | u16::from(of(*tile)) << x)
            })
        };
        let free = bits(|tile| tile.is_walkable() || matches!(tile, Tile::Door { .. }));
        let things = bits(|tile| matches!(tile, Tile::Object(_)));
        let spread = |cells: &[u16; LARGEST], y: usize| {
            let [row, below, above] = [y, y - 1, y + 1].map(|y| cells[y]);
            row | row << 1 | row >> 1 | below | above
        };
        let mut reached = [0_u16; LARGEST];
        let [x, y] = self.agent;
        if let Some(row) = reached.get_mut(usize::from(y)) {
            *row = 1_u16.checked_shl(x.into()).unwrap_or(0);
        }
        loop {
            let before = reached;
            for y in 1..LARGEST - 1 {
                reached[y] = spread(&reached, y) & free[y];
            }
            for y in (1..LARGEST - 1).rev() {
                reached[y] = spread(&reached, y) & free[y];
            }
            if reached == before {
                break;
            }
        }
        let lies_open = |y: usize| things[y] & !spread(&reached, y) == 0;
        reached == free && (1..LARGEST - 1).all(lies_open)
    }

    /// Does an action. Gives whether the agent has moved, or something with it, which is when rules fire.
    #[inline]
    pub(super) fn act(&mut self, action: Action) -> bool {
        self.put = None;
        let ahead = self.ahead();
        let tile = self.tile(ahead);
        match (action, tile, self.held) {
            (Action::TurnLeft, ..) => {
                self.facing = self.facing.counterclockwise();
                return false;
            }
            (Action::TurnRight, ..) => {
                self.facing = self.facing.clockwise();
                return false;
            }
            (Action::Forward, tile, _) if tile.is_walkable() => self.agent = ahead,
            (Action::PickUp, Tile::Object(object), None) if object.is_portable() => {
                self.held = Some(object);
                self.set(ahead, Tile::Floor);
            }
            (Action::PutDown, Tile::Floor, Some(object)) => {
                self.held = None;
                self.set(ahead, Tile::Object(object));
                self.put = Some(ahead);
            }
            (Action::Toggle, Tile::Door { open }, _) => {
                self.set(ahead, Tile::Door { open: !open });
                return false;
            }
            _ => return false,
        }
        true
    }

    /// Changes what a rule changes, where it fires, and tells whether it does.
    #[inline]
    pub(super) fn apply(&mut self, rule: &Rule) -> bool {
        let becomes = Tile::Object(rule.becomes);
        match rule.when {
            Condition::Holds { object } => {
                let holds = self.held == Some(object);
                if holds {
                    self.held = Some(rule.becomes);
                }
                holds
            }
            Condition::AgentNear { object, side } => {
                let beside = self.beside(self.agent, object, |way| side.is(way));
                if let Some(cell) = beside {
                    self.set(cell, becomes);
                }
                beside.is_some()
            }
            Condition::Near {
                object,
                neighbor,
                side,
            } => {
                let pair = self.pair(object, neighbor, side);
                if let Some([cell, other]) = pair {
                    self.set(other, Tile::Floor);
                    self.set(cell, becomes);
                }
                pair.is_some()
            }
        }
    }

    /// Whether a goal is reached.
    #[must_use]
    #[inline]
    pub fn meets(&self, goal: &Goal) -> bool {
        match *goal {
            Goal::Condition(Condition::Holds { object }) => self.held == Some(object),
            Goal::Condition(Condition::AgentNear { object, side }) => {
                let beside = self.beside(self.agent, object, |way| side.is(way));
                beside.is_some()
            }
            Goal::Condition(Condition::Near {
                object,
                neighbor,
                side,
            }) => self.pair(object, neighbor, side).is_some(),
            Goal::On { object } => self.tile(self.agent) == Tile::Object(object),
            Goal::At { cell } => self.agent == cell,
            Goal::ObjectAt { object, cell } => self.tile(cell) == Tile::Object(object),
        }
    }

    /// The cell of a thing next to another cell, in a direction that is allowed.
    #[inline]
    fn beside(
        &self,
        cell: Cell,
        object: Object,
        allowed: impl Fn(Direction) -> bool,
    ) -> Option<Cell> {
        let ways = Direction::ALL.into_iter().filter(|way| allowed(*way));
        let mut cells = ways.map(|way| way.from(cell));
        cells.find(|cell| self.tile(*cell) == Tile::Object(object))
    }

    /// The cells of two things, one of them put down in this step, the first on a side of the other.
    #[inline]
    fn pair(&self, object: Object, neighbor: Object, side: Side) -> Option<[Cell; 2]> {
        let put = self.put?;
        let tile = self.tile(put);
        if tile == Tile::Object(object) {
            let other = self.beside(put, neighbor, |way| side.is(way.opposite()));
            if let Some(other) = other {
                return Some([put, other]);
            }
        }
        if tile == Tile::Object(neighbor) {
            let cell = self.beside(put, object, |way| side.is(way))?;
            return Some([cell, put]);
        }
        None
    }

    /// What the agent sees. Walls hide nothing.
    #[must_use]
    #[inline]
    pub fn view(&self) -> WorldView {
        let step = |way: Direction| way.from([0, 0]).map(|by| by as i8 as isize);
        let ([ahead_x, ahead_y], [right_x, right_y]) =
            (step(self.facing), step(self.facing.clockwise()));
        let [x, y] = self.agent.map(|at| at as isize);
        let half = (WINDOW / 2) as isize;
        let mut tiles = [Tile::Wall; CELLS];
        for (row, tiles) in tiles.chunks_exact_mut(WINDOW).enumerate() {
            for (column, tile) in tiles.iter_mut().enumerate() {
                let (ahead, right) = (row as isize, column as isize - half);
                let x = x + ahead * ahead_x + right * right_x;
                let y = y + ahead * ahead_y + right * right_y;
                let seen = self
                    .tiles
                    .get(y as usize)
                    .and_then(|row| row.get(x as usize));
                *tile = seen.copied().unwrap_or(Tile::Wall);
            }
        }
        if let Some(object) = self.held {
            tiles[OWN] = Tile::Object(object);
        }
        WorldView {
            tiles,
            facing: self.facing,
        }
    }
}
