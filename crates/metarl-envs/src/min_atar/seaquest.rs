//! A submarine among fish, divers and other submarines.

use metarl_core::{Lanes, Outcome};

use super::board::SIZE;
use super::{Action, Board, Boards, Cell, Cells, Draws, Game, MinAtar};

const LOWEST_ROW: i8 = SIZE - 2;
const MAX_OXYGEN: u8 = 200;
const MAX_DIVERS: i32 = 6;
const FIRST_SPAWN_INTERVAL: u8 = 20;
const DIVER_SPAWN_INTERVAL: u8 = 30;
/// Steps between two shots of the player, at least.
const SHOT_INTERVAL: u8 = 5;
/// Steps for which an enemy stands between two moves: at first, and at the end of the ramp.
const PAUSES: [u8; 2] = [5, 2];
const DIVER_PAUSE: u8 = 5;
/// Steps for which a submarine does not shoot, after each time that it has.
const TORPEDO_PAUSE: u8 = 10;

/// A batch of games of Seaquest: a submarine shoots fish and other submarines, takes in divers and must come
/// up for air.
///
/// | channel | 0 | 1 | 2 | 3 | 4 |
/// |---|---|---|---|---|---|
/// | | front | back | bullets | the cells behind whatever swims | torpedoes |
///
/// | channel | 5 | 6 | 7 | 8 | 9 |
/// |---|---|---|---|---|---|
/// | | fish | submarines | oxygen, in the last row | divers on board, in the last row | divers |
///
/// | | |
/// |---|---|
/// | useful actions | all six; a shot every 5 steps at most |
/// | start | at the surface, row 0, column 5, facing left |
/// | reward | 1 an enemy shot; for surfacing with six divers, the cells of the oxygen gauge |
/// | terminated | touched by an enemy or a torpedo; in the 201st step below the surface; back there without a diver |
/// | ramp | with every surfacing: enemies spawn a step sooner, and every other time they move sooner |
///
/// Every 20 steps an enemy comes from either edge, one in three a submarine, unless something swims against it
/// in its row; every 30 steps a diver comes. All of them stand for 5 steps between two moves; at the end of the
/// ramp enemies spawn at every step and stand for 2. Submarines shoot every 11 steps. An enemy that runs into a
/// bullet is shot. Surfacing fills the oxygen and costs a diver, or all of six.
///
/// As in the package, surfacing with six costs one more than there are: the next diver taken in is not shown,
/// and until then surfacing without any is not the end.
///
/// # References
///
/// Young and Tian, 2019, [arXiv:1903.03176](https://arxiv.org/abs/1903.03176).
pub type Seaquest = Lanes<MinAtar<SeaquestGame>>;

/// The game behind [`Seaquest`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeaquestGame {
    player: Cell,
    faces_right: bool,
    shot_timer: u8,
    oxygen: u8,
    n_divers: i32,
    at_surface: bool,
    bullets: Vec<Mover>,
    fish: Vec<Mover>,
    submarines: Vec<Submarine>,
    torpedoes: Vec<Mover>,
    divers: Vec<Mover>,
    spawn_interval: u8,
    spawn_timer: u8,
    diver_timer: u8,
    pause: u8,
    pauses_ramp_next: bool,
}

/// What goes along a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Mover {
    cell: Cell,
    /// 1 to the right, −1 to the left.
    direction: i8,
    timer: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Submarine {
    hull: Mover,
    shot_timer: u8,
}

impl Mover {
    /// At the edge it comes from, in a row.
    fn at_edge(from_left: bool, row: i8, timer: u8) -> Self {
        let (column, direction) = if from_left { (0, 1) } else { (SIZE - 1, -1) };
        Self {
            cell: Cell::new(row, column),
            direction,
            timer,
        }
    }

    fn advance(&mut self) {
        self.cell.column += self.direction;
    }

    /// Moves when it has stood for as long as it must.
    fn advance_after(&mut self, pause: u8) {
        if self.timer == 0 {
            self.timer = pause;
            self.advance();
        } else {
            self.timer -= 1;
        }
    }

    fn trail(&self) -> Cells {
        Cells::of(self.cell.moved(0, -self.direction))
    }
}

impl SeaquestGame {
    fn spawn_enemy(&mut self, draws: &mut impl Draws) {
        let from_left = draws.unit() < 0.5;
        let is_submarine = draws.unit() < 1.0 / 3.0;
        let row = 1 + draws.below(8) as i8;
        let mover = Mover::at_edge(from_left, row, self.pause);
        let submarines = self.submarines.iter().map(|s| &s.hull);
        if self
            .fish
            .iter()
            .chain(submarines)
            .any(|other| other.cell.row == row && other.direction != mover.direction)
        {
            return;
        }
        if is_submarine {
            self.submarines.push(Submarine {
                hull: mover,
                shot_timer: TORPEDO_PAUSE,
            });
        } else {
            self.fish.push(mover);
        }
    }

    fn spawn_diver(&mut self, draws: &mut impl Draws) {
        let from_left = draws.unit() < 0.5;
        let row = 1 + draws.below(8) as i8;
        self.divers
            .push(Mover::at_edge(from_left, row, DIVER_PAUSE));
    }

    fn act(&mut self, action: Action) {
        if action == Action::Fire && self.shot_timer == 0 {
            self.shot_timer = SHOT_INTERVAL;
            self.bullets.push(Mover {
                cell: self.player,
                direction: if self.faces_right { 1 } else { -1 },
                timer: 0,
            });
        }
        let [down, right] = action.direction();
        if right != 0 {
            self.faces_right = right > 0;
        }
        let to = self.player.moved(down, right);
        self.player = Cell::new(to.row.clamp(0, LOWEST_ROW), to.column.clamp(0, SIZE - 1));
    }

    /// Bullets fly; each enemy they hit is worth 1.
    fn shoot(&mut self) -> u32 {
        let mut n_hits = 0;
        let (fish, submarines) = (&mut self.fish, &mut self.submarines);
        self.bullets.retain_mut(|bullet| {
            bullet.advance();
            if !bullet.cell.is_on_board() {
                return false;
            }
            if let Some(hit) = fish.iter().position(|f| f.cell == bullet.cell) {
                fish.remove(hit);
                n_hits += 1;
                return false;
            }
            if let Some(hit) = submarines.iter().position(|s| s.hull.cell == bullet.cell) {
                submarines.remove(hit);
                n_hits += 1;
                return false;
            }
            true
        });
        n_hits
    }

    fn pick_up(&mut self) {
        let (player, n_divers) = (self.player, &mut self.n_divers);
        let mut saved = |diver: &Mover| {
            let saved = diver.cell == player && *n_divers < MAX_DIVERS;
            *n_divers += i32::from(saved);
            saved
        };
        self.divers.retain_mut(|diver| {
            if saved(diver) {
                return false;
            }
            diver.advance_after(DIVER_PAUSE);
            diver.cell.is_on_board() && !saved(diver)
        });
    }

    /// Enemies and what they shoot move. An enemy that meets a bullet is worth 1, as if it had been hit;
    /// one that meets the player is the end.
    fn swarm(&mut self, outcome: &mut Outcome) {
        let (player, pause) = (self.player, self.pause);
        let (bullets, torpedoes) = (&mut self.bullets, &mut self.torpedoes);
        let (mut met, mut n_hits) = (false, 0);
        let mut goes_on = |enemy: &mut Mover| {
            met |= enemy.cell == player;
            enemy.advance_after(pause);
            met |= enemy.cell == player;
            if let Some(hit) = bullets.iter().position(|b| b.cell == enemy.cell) {
                bullets.remove(hit);
                n_hits += 1;
                return false;
            }
            enemy.cell.is_on_board()
        };
        self.submarines
            .retain_mut(|Submarine { hull, shot_timer }| {
                if !goes_on(hull) {
                    return false;
                }
                if *shot_timer == 0 {
                    *shot_timer = TORPEDO_PAUSE;
                    torpedoes.push(*hull);
                } else {
                    *shot_timer -= 1;
                }
                true
            });
        self.fish.retain_mut(goes_on);
        torpedoes.retain_mut(|torpedo| {
            met |= torpedo.cell == player;
            torpedo.advance();
            met |= torpedo.cell == player;
            torpedo.cell.is_on_board()
        });
        outcome.reward += n_hits as f32;
        outcome.terminated |= met;
    }

    fn surface(&mut self, ramps: bool) -> u8 {
        self.at_surface = true;
        let mut reward = 0;
        if self.n_divers == MAX_DIVERS {
            self.n_divers = 0;
            reward = self.oxygen_cells();
        }
        self.n_divers -= 1;
        self.oxygen = MAX_OXYGEN;
        if ramps {
            self.spawn_interval = (self.spawn_interval - 1).max(1);
            if self.pauses_ramp_next {
                self.pause = (self.pause - 1).max(PAUSES[1]);
            }
            self.pauses_ramp_next = !self.pauses_ramp_next;
        }
        reward
    }

    fn oxygen_cells(&self) -> u8 {
        self.oxygen / (MAX_OXYGEN / SIZE as u8)
    }
}

impl Game for SeaquestGame {
    type Boards = Boards<10>;

    const NAME: &'static str = "seaquest";
    const MINIMAL_ACTIONS: &'static [Action] = &[
        Action::Nothing,
        Action::Left,
        Action::Up,
        Action::Right,
        Action::Down,
        Action::Fire,
    ];

    fn start(_: &mut impl Draws) -> Self {
        Self {
            player: Cell::new(0, 5),
            faces_right: false,
            shot_timer: 0,
            oxygen: MAX_OXYGEN,
            n_divers: 0,
            at_surface: true,
            bullets: Vec::new(),
            fish: Vec::new(),
            submarines: Vec::new(),
            torpedoes: Vec::new(),
            divers: Vec::new(),
            spawn_interval: FIRST_SPAWN_INTERVAL,
            spawn_timer: FIRST_SPAWN_INTERVAL,
            diver_timer: DIVER_SPAWN_INTERVAL,
            pause: PAUSES[0],
            pauses_ramp_next: false,
        }
    }

    #[inline]
    fn board(&self) -> Board<10> {
        let mut board = [Cells::NONE; 10];
        board[0] = Cells::of(self.player);
        let back = if self.faces_right { -1 } else { 1 };
        board[1] = Cells::of(self.player.moved(0, back));
        for bullet in &self.bullets {
            board[2] |= Cells::of(bullet.cell);
        }
        for torpedo in &self.torpedoes {
            board[4] |= Cells::of(torpedo.cell);
        }
        for fish in &self.fish {
            board[5] |= Cells::of(fish.cell);
            board[3] |= fish.trail();
        }
        for submarine in &self.submarines {
            board[6] |= Cells::of(submarine.hull.cell);
            board[3] |= submarine.hull.trail();
        }
        let bottom = SIZE - 1;
        let oxygen = self.oxygen_cells() as i8;
        board[7] = Cells::block(Cell::new(bottom, 0), 1, oxygen);
        let n_divers = self.n_divers.max(0) as i8;
        board[8] = Cells::block(Cell::new(bottom, bottom - n_divers), 1, n_divers);
        for diver in &self.divers {
            board[9] |= Cells::of(diver.cell);
            board[3] |= diver.trail();
        }
        board
    }

    #[inline]
    fn step(&mut self, action: Action, ramps: bool, draws: &mut impl Draws) -> Outcome {
        if self.spawn_timer == 0 {
            self.spawn_enemy(draws);
            self.spawn_timer = self.spawn_interval;
        }
        if self.diver_timer == 0 {
            self.spawn_diver(draws);
            self.diver_timer = DIVER_SPAWN_INTERVAL;
        }
        self.act(action);
        let mut outcome = Outcome {
            reward: self.shoot() as f32,
            terminated: false,
        };
        self.pick_up();
        self.swarm(&mut outcome);

        self.spawn_timer -= 1;
        self.diver_timer -= 1;
        self.shot_timer = self.shot_timer.saturating_sub(1);
        if self.player.row > 0 {
            self.at_surface = false;
            match self.oxygen.checked_sub(1) {
                Some(oxygen) => self.oxygen = oxygen,
                None => outcome.terminated = true,
            }
        } else if !self.at_surface {
            if self.n_divers == 0 {
                outcome.terminated = true;
            } else {
                outcome.reward += f32::from(self.surface(ramps));
            }
        }
        outcome
    }
}
