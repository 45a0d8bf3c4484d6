//! A ball, a paddle and three rows of bricks.

use metarl_core::{Lanes, Outcome};

use super::board::SIZE;
use super::{Action, Board, Boards, Cell, Cells, Draws, Game, MinAtar};

/// Rows and columns of the first ball, one on either side.
const STARTS: [(Cell, i8); 2] = [(Cell::new(3, 0), 1), (Cell::new(3, 9), -1)];
const WALL: Cells = Cells::block(Cell::new(1, 0), 3, SIZE);
const PADDLE_ROW: i8 = SIZE - 1;

/// A batch of games of Breakout: a ball goes diagonally, breaks bricks and must not get past the paddle.
///
/// | channel | 0 | 1 | 2 | 3 |
/// |---|---|---|---|---|
/// | | paddle | ball | where the ball was | bricks |
///
/// | | |
/// |---|---|
/// | useful actions | nothing, left, right |
/// | start | three rows of bricks; the ball in row 3 at the left or right edge, going down and inwards |
/// | reward | 1 a brick |
/// | terminated | where the ball reaches the last row and no paddle |
/// | ramp | none |
///
/// A wall turns the ball, at a side with a step straight up or down. A brick that is hit is gone and turns the
/// ball, which stays in its row for the step; with the steps after, it passes over the bricks it meets. The
/// paddle turns it the same way: up and on where it is right below the ball, up and back where it is where
/// the ball was going. When no brick is left, three new rows are there as soon as the ball comes down.
///
/// # References
///
/// Young and Tian, 2019, [arXiv:1903.03176](https://arxiv.org/abs/1903.03176).
pub type Breakout = Lanes<MinAtar<BreakoutGame>>;

/// The game behind [`Breakout`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreakoutGame {
    paddle: i8,
    ball: Cell,
    /// Where it was.
    trail: Cell,
    /// Rows down and columns to the right in a step, each −1 or 1.
    direction: [i8; 2],
    bricks: Cells,
    /// Whether the last step broke a brick: the ball passes over the next one.
    just_broke: bool,
}

impl Game for BreakoutGame {
    type Boards = Boards<4>;

    const NAME: &'static str = "breakout";
    const MINIMAL_ACTIONS: &'static [Action] = &[Action::Nothing, Action::Left, Action::Right];

    fn start(draws: &mut impl Draws) -> Self {
        let (ball, right) = STARTS[usize::from(draws.below(2))];
        Self {
            paddle: 4,
            ball,
            trail: ball,
            direction: [1, right],
            bricks: WALL,
            just_broke: false,
        }
    }

    #[inline]
    fn board(&self) -> Board<4> {
        [
            Cells::of(Cell::new(PADDLE_ROW, self.paddle)),
            Cells::of(self.ball),
            Cells::of(self.trail),
            self.bricks,
        ]
    }

    #[inline]
    fn step(&mut self, action: Action, _: bool, _: &mut impl Draws) -> Outcome {
        let [_, right] = action.direction();
        self.paddle = (self.paddle + right).clamp(0, SIZE - 1);
        self.trail = self.ball;
        let [down, right] = self.direction;
        let mut next = self.ball.moved(down, right);
        if !(0..SIZE).contains(&next.column) {
            next.column = self.ball.column;
            self.direction[1] = -right;
        }

        let mut outcome = Outcome {
            reward: 0.0,
            terminated: false,
        };
        let on_brick = self.bricks.contains(next);
        if next.row < 0 {
            next.row = 0;
            self.direction[0] = 1;
        } else if on_brick {
            if !self.just_broke {
                outcome.reward = 1.0;
                self.just_broke = true;
                self.bricks = self.bricks.without(Cells::of(next));
                next.row = self.ball.row;
                self.direction[0] = -down;
            }
        } else if next.row >= PADDLE_ROW {
            if self.bricks.is_empty() {
                self.bricks = WALL;
            }
            if self.ball.column == self.paddle {
                self.direction[0] = -1;
                next.row = self.ball.row;
            } else if next.column == self.paddle {
                self.direction = [-1, -self.direction[1]];
                next.row = self.ball.row;
            } else {
                next.row = PADDLE_ROW;
                outcome.terminated = true;
            }
        }
        self.just_broke &= on_brick;
        self.ball = next;
        outcome
    }
}
