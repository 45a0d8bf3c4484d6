//! Treasures and enemies that cross the board.

use metarl_core::{Lanes, Outcome};

use super::board::SIZE;
use super::{Action, Board, Boards, Cell, Cells, Draws, Game, MinAtar};

const N_ROWS: usize = 8;
const FIRST_SPAWN_INTERVAL: u8 = 10;
const FIRST_MOVE_INTERVAL: u8 = 5;
const RAMP_INTERVAL: u8 = 102;

/// A batch of games of Asterix: treasures and enemies cross the board, to be taken and to be avoided.
///
/// | channel | 0 | 1 | 2 | 3 |
/// |---|---|---|---|---|
/// | | player | enemies | the cells behind whatever moves | treasures |
///
/// | | |
/// |---|---|
/// | useful actions | nothing, left, up, right, down; within the eight middle rows |
/// | start | at row 5, column 5, the board empty |
/// | reward | 1 a treasure |
/// | terminated | at the touch of an enemy |
/// | ramp | every 102 steps: spawns come a step sooner, and every other time moves do |
///
/// Every 10 steps something spawns, at either edge, in a row where nothing else is; one in three is a treasure.
/// Every 5 steps all that is on the board moves by a cell. At the end of the ramp both happen at every step.
///
/// # References
///
/// Young and Tian, 2019, [arXiv:1903.03176](https://arxiv.org/abs/1903.03176).
pub type Asterix = Lanes<MinAtar<AsterixGame>>;

/// The game behind [`Asterix`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AsterixGame {
    player: Cell,
    /// What crosses each of the rows from the second to the last but one.
    things: [Option<Thing>; N_ROWS],
    spawn_interval: u8,
    spawn_timer: u8,
    move_interval: u8,
    move_timer: u8,
    ramp_timer: u8,
    moves_ramp_next: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Thing {
    column: i8,
    /// 1 to the right, −1 to the left.
    direction: i8,
    is_treasure: bool,
}

impl AsterixGame {
    fn row(slot: usize) -> i8 {
        slot as i8 + 1
    }

    fn spawn(&mut self, draws: &mut impl Draws) {
        let from_left = draws.unit() < 0.5;
        let is_treasure = draws.unit() < 1.0 / 3.0;
        let mut free = self.things.iter_mut().filter(|thing| thing.is_none());
        let n_free = free.by_ref().count() as u8;
        if n_free == 0 {
            return;
        }
        let choice = usize::from(draws.below(n_free));
        let mut free = self.things.iter_mut().filter(|thing| thing.is_none());
        if let Some(slot) = free.nth(choice) {
            *slot = Some(Thing {
                column: if from_left { 0 } else { SIZE - 1 },
                direction: if from_left { 1 } else { -1 },
                is_treasure,
            });
        }
    }

    /// What the player touches: a treasure is taken, an enemy is the end.
    fn touch(&mut self, outcome: &mut Outcome) {
        let Some(slot) = self.things.get_mut(self.player.row as usize - 1) else {
            return;
        };
        let column = self.player.column;
        if let Some(thing) = slot.filter(|thing| thing.column == column) {
            if thing.is_treasure {
                *slot = None;
                outcome.reward += 1.0;
            } else {
                outcome.terminated = true;
            }
        }
    }

    /// Spawns come sooner after each ramp, moves after every second one.
    fn ramp(&mut self) {
        self.ramp_timer -= 1;
        if self.ramp_timer > 0 {
            return;
        }
        self.ramp_timer = RAMP_INTERVAL;
        self.spawn_interval = (self.spawn_interval - 1).max(1);
        if self.moves_ramp_next {
            self.move_interval = (self.move_interval - 1).max(1);
        }
        self.moves_ramp_next = !self.moves_ramp_next;
    }
}

impl Game for AsterixGame {
    type Boards = Boards<4>;

    const NAME: &'static str = "asterix";
    const MINIMAL_ACTIONS: &'static [Action] = &[
        Action::Nothing,
        Action::Left,
        Action::Up,
        Action::Right,
        Action::Down,
    ];

    fn start(_: &mut impl Draws) -> Self {
        Self {
            player: Cell::new(5, 5),
            things: [None; N_ROWS],
            spawn_interval: FIRST_SPAWN_INTERVAL,
            spawn_timer: FIRST_SPAWN_INTERVAL,
            move_interval: FIRST_MOVE_INTERVAL,
            move_timer: FIRST_MOVE_INTERVAL,
            ramp_timer: RAMP_INTERVAL,
            moves_ramp_next: false,
        }
    }

    #[inline]
    fn board(&self) -> Board<4> {
        let [mut enemies, mut trails, mut treasures] = [Cells::NONE; 3];
        for (slot, thing) in self.things.iter().enumerate() {
            if let Some(thing) = thing {
                let cell = Cell::new(Self::row(slot), thing.column);
                let kind = if thing.is_treasure {
                    &mut treasures
                } else {
                    &mut enemies
                };
                *kind |= Cells::of(cell);
                trails |= Cells::of(cell.moved(0, -thing.direction));
            }
        }
        [Cells::of(self.player), enemies, trails, treasures]
    }

    #[inline]
    fn step(&mut self, action: Action, ramps: bool, draws: &mut impl Draws) -> Outcome {
        let mut outcome = Outcome {
            reward: 0.0,
            terminated: false,
        };
        if self.spawn_timer == 0 {
            self.spawn(draws);
            self.spawn_timer = self.spawn_interval;
        }
        let [down, right] = action.direction();
        let to = self.player.moved(down, right);
        self.player = Cell::new(to.row.clamp(1, SIZE - 2), to.column.clamp(0, SIZE - 1));
        self.touch(&mut outcome);
        if self.move_timer == 0 {
            for thing in &mut self.things {
                *thing = thing.and_then(|mut thing| {
                    thing.column += thing.direction;
                    (0..SIZE).contains(&thing.column).then_some(thing)
                });
            }
            self.touch(&mut outcome);
            self.move_timer = self.move_interval;
        }
        self.spawn_timer -= 1;
        self.move_timer -= 1;
        if ramps {
            self.ramp();
        }
        outcome
    }
}
