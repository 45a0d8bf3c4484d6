//! A road of eight lanes to be crossed.

use metarl_core::{Lanes, Outcome};

use super::board::SIZE;
use super::{Action, Board, Boards, Cell, Cells, Draws, Game, MinAtar};

const N_CARS: usize = 8;
const COLUMN: i8 = 4;
const START_ROW: i8 = SIZE - 1;
/// Steps between two moves of the player.
const MOVE_INTERVAL: u8 = 3;
const N_STEPS: u16 = 2501;

/// A batch of games of Freeway: a chicken crosses a road of eight lanes.
///
/// | channel | 0 | 1 | 2 … 6 |
/// |---|---|---|---|
/// | | chicken | cars | the cell behind a car that pauses for 1 … 5 steps |
///
/// | | |
/// |---|---|
/// | useful actions | nothing, up, down; a move every 3 steps at most |
/// | start | in the last row, column 4; the cars in column 0 |
/// | reward | 1 for reaching the first row; from there, and from under a car, it goes back to the last |
/// | terminated | after 2501 steps: the paper says 2500, the package does one more |
/// | ramp | none |
///
/// Each car has a direction, and a pause between two of its moves, drawn at the start and whenever the chicken
/// arrives. Cars that leave come back on the other side.
///
/// # References
///
/// Young and Tian, 2019, [arXiv:1903.03176](https://arxiv.org/abs/1903.03176).
pub type Freeway = Lanes<MinAtar<FreewayGame>>;

/// The game behind [`Freeway`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FreewayGame {
    row: i8,
    move_timer: u8,
    cars: [Car; N_CARS],
    n_left: u16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Car {
    column: i8,
    /// 1 to the right, −1 to the left.
    direction: i8,
    /// Steps for which it stands between two moves, 1 to 5.
    pause: u8,
    timer: u8,
}

impl FreewayGame {
    /// Pauses and directions of all cars, drawn anew.
    fn draw_cars(&mut self, draws: &mut impl Draws) {
        for car in &mut self.cars {
            car.pause = 1 + draws.below(5);
            car.timer = car.pause;
        }
        for car in &mut self.cars {
            car.direction = if draws.unit() < 0.5 { -1 } else { 1 };
        }
    }
}

impl Game for FreewayGame {
    type Boards = Boards<7>;

    const NAME: &'static str = "freeway";
    const MINIMAL_ACTIONS: &'static [Action] = &[Action::Nothing, Action::Up, Action::Down];

    fn start(draws: &mut impl Draws) -> Self {
        let car = Car {
            column: 0,
            direction: 1,
            pause: 1,
            timer: 1,
        };
        let mut game = Self {
            row: START_ROW,
            move_timer: MOVE_INTERVAL,
            cars: [car; N_CARS],
            n_left: N_STEPS,
        };
        game.draw_cars(draws);
        game
    }

    #[inline]
    fn board(&self) -> Board<7> {
        let mut board = [Cells::NONE; 7];
        board[0] = Cells::of(Cell::new(self.row, COLUMN));
        for (row, car) in (1..).zip(&self.cars) {
            board[1] |= Cells::of(Cell::new(row, car.column));
            let behind = (car.column - car.direction).rem_euclid(SIZE);
            board[1 + usize::from(car.pause)] |= Cells::of(Cell::new(row, behind));
        }
        board
    }

    #[inline]
    fn step(&mut self, action: Action, _: bool, draws: &mut impl Draws) -> Outcome {
        let mut reward = 0.0;
        let [down, _] = action.direction();
        if down != 0 && self.move_timer == 0 {
            self.move_timer = MOVE_INTERVAL;
            self.row = (self.row + down).clamp(0, START_ROW);
        }
        if self.row == 0 {
            reward = 1.0;
            self.draw_cars(draws);
            self.row = START_ROW;
        }
        for (row, car) in (1..).zip(&mut self.cars) {
            if car.column == COLUMN && row == self.row {
                self.row = START_ROW;
            }
            if car.timer == 0 {
                car.timer = car.pause;
                car.column = (car.column + car.direction).rem_euclid(SIZE);
                if car.column == COLUMN && row == self.row {
                    self.row = START_ROW;
                }
            } else {
                car.timer -= 1;
            }
        }
        self.move_timer = self.move_timer.saturating_sub(1);
        self.n_left = self.n_left.saturating_sub(1);
        Outcome {
            reward,
            terminated: self.n_left == 0,
        }
    }
}
