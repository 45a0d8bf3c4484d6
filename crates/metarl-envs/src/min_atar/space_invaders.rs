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

/// A batch of games of Space Invaders.
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

    /// One column on, or one row down where that would lead off the board. Whether they have landed: below
    /// the last row, where the package shows them at the top again.
    fn march(&mut self) -> bool {
        let edge = if self.move_left {
            Cells::LEFT_EDGE
        } else {
            Cells::RIGHT_EDGE
        };
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

    /// The lowest alien of the column nearest to the cannon.
    fn bomber(&self) -> Cells {
        let mut columns = (0..SIZE).collect::<Vec<_>>();
        columns.sort_by_key(|c| (c - self.cannon).abs());
        for column in columns {
            for row in (0..SIZE).rev() {
                let cell = Cells::of(Cell::new(row, column));
                if !(cell & self.aliens).is_empty() {
                    return cell;
                }
            }
        }
        Cells::NONE
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
