//! Aliens that come down, and a cannon.

use metarl_core::{Lanes, Outcome};

use super::board::SIZE;
use super::{Action, Board, Boards, Cell, Cells, Draws, Game, MinAtar};

const FORMATION: Cells = Cells::block(Cell::new(0, 2), 4, 6);
const CANNON_ROW: i8 = SIZE - 1;
/// Steps between two shots of the cannon, at least.
const SHOT_INTERVAL: u8 = 5;
/// Steps between two shots of the aliens.
const ALIEN_SHOT_INTERVAL: u8 = 10;
/// Steps between two moves of the aliens of the first wave, and of the fastest.
const MOVE_INTERVALS: [u8; 2] = [12, 6];

/// A batch of games of Space Invaders: a cannon below, 24 aliens above that come down and drop bombs.
///
/// | channel | 0 | 1 | 2 | 3 | 4 | 5 |
/// |---|---|---|---|---|---|---|
/// | | cannon | aliens | aliens that go left | aliens that go right | shots | bombs |
///
/// | | |
/// |---|---|
/// | useful actions | nothing, left, right, fire; a shot every 5 steps at most |
/// | start | the cannon in column 5, aliens in four rows of six, going left |
/// | reward | 1 an alien |
/// | terminated | where a bomb or an alien meets the cannon, and where aliens go below the last row |
/// | ramp | with every wave that is cleared, the next one moves a step sooner, down to 6 |
///
/// Aliens move every 12 steps, or every `n` where no more than `n` of them are left; at an edge they go down
/// and turn. Every 10 steps one drops a bomb: the lowest of the column nearest to the cannon. Nothing is
/// random but the actions that stick.
///
/// # References
///
/// Young and Tian, 2019, [arXiv:1903.03176](https://arxiv.org/abs/1903.03176).
pub type SpaceInvaders = Lanes<MinAtar<SpaceInvadersGame>>;

/// The game behind [`SpaceInvaders`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpaceInvadersGame {
    cannon: i8,
    shots: Cells,
    shot_timer: u8,
    aliens: Cells,
    move_left: bool,
    move_interval: u8,
    move_timer: u8,
    bombs: Cells,
    bomb_timer: u8,
}

impl SpaceInvadersGame {
    fn cannon(&self) -> Cell {
        Cell::new(CANNON_ROW, self.cannon)
    }

    /// One column on, or one row down where that would lead off the board. Tells whether some went below the
    /// last row; as in the package, the last board shows those in the first.
    fn march(&mut self) -> bool {
        let edge = Cells::column(if self.move_left { 0 } else { SIZE - 1 });
        if (self.aliens & edge).is_empty() {
            self.aliens = if self.move_left {
                self.aliens.left()
            } else {
                self.aliens.right()
            };
            return false;
        }
        self.move_left = !self.move_left;
        let landed = self.aliens & Cells::LAST_ROW;
        self.aliens = self.aliens.down() | landed.at_top();
        !landed.is_empty()
    }

    /// The lowest alien of the column nearest to the cannon; of two as near, of the left one.
    fn bomber(&self) -> Cells {
        let sides = (0..SIZE).flat_map(|far| [self.cannon - far, self.cannon + far]);
        let columns = sides.filter(|column| (0..SIZE).contains(column));
        let mut columns = columns.map(|column| self.aliens & Cells::column(column));
        let nearest = columns.find(|aliens| !aliens.is_empty());
        nearest.map_or(Cells::NONE, Cells::lowest)
    }
}

impl Game for SpaceInvadersGame {
    type Boards = Boards<6>;

    const NAME: &'static str = "space-invaders";
    const MINIMAL_ACTIONS: &'static [Action] =
        &[Action::Nothing, Action::Left, Action::Right, Action::Fire];

    fn start(_: &mut impl Draws) -> Self {
        Self {
            cannon: 5,
            shots: Cells::NONE,
            shot_timer: 0,
            aliens: FORMATION,
            move_left: true,
            move_interval: MOVE_INTERVALS[0],
            move_timer: MOVE_INTERVALS[0],
            bombs: Cells::NONE,
            bomb_timer: ALIEN_SHOT_INTERVAL,
        }
    }

    #[inline]
    fn board(&self) -> Board<6> {
        let [left, right] = if self.move_left {
            [self.aliens, Cells::NONE]
        } else {
            [Cells::NONE, self.aliens]
        };
        let cannon = Cells::of(self.cannon());
        [cannon, self.aliens, left, right, self.shots, self.bombs]
    }

    #[inline]
    fn step(&mut self, action: Action, ramps: bool, _: &mut impl Draws) -> Outcome {
        if action == Action::Fire && self.shot_timer == 0 {
            self.shots |= Cells::of(self.cannon());
            self.shot_timer = SHOT_INTERVAL;
        }
        let [_, right] = action.direction();
        self.cannon = (self.cannon + right).clamp(0, SIZE - 1);
        let cannon = self.cannon();
        self.shots = self.shots.up();
        self.bombs = self.bombs.down();
        let mut terminated = self.bombs.contains(cannon) || self.aliens.contains(cannon);
        if self.move_timer == 0 {
            self.move_timer = self.move_interval.min(self.aliens.len() as u8);
            terminated |= self.march() | self.aliens.contains(cannon);
        }
        if self.bomb_timer == 0 {
            self.bomb_timer = ALIEN_SHOT_INTERVAL;
            self.bombs |= self.bomber();
        }
        let hit = self.shots & self.aliens;
        self.aliens = self.aliens.without(hit);
        self.shots = self.shots.without(hit);
        self.shot_timer = self.shot_timer.saturating_sub(1);
        self.move_timer -= 1;
        self.bomb_timer -= 1;
        if self.aliens.is_empty() {
            if ramps && self.move_interval > MOVE_INTERVALS[1] {
                self.move_interval -= 1;
            }
            self.aliens = FORMATION;
        }
        Outcome {
            reward: hit.len() as f32,
            terminated,
        }
    }
}
