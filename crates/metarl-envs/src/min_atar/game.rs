//! What the five games have in common.

use std::fmt::Debug;
use std::marker::PhantomData;

use metarl_core::{Discrete, Element, Error, Outcome, Process, Rng, Space, check_range};
use serde::{Deserialize, Serialize};

use super::{Cell, Cells, Draws, MinAtarTask, SIZE};
use crate::draw::{Board, Color, Draw, Picture};

/// What a player can do in any of the games; the number of an action is its place here.
///
/// | action | 0 | 1 | 2 | 3 | 4 | 5 |
/// |---|---|---|---|---|---|---|
/// | | nothing | left | up | right | down | fire |
///
/// An action that a game has no use for does nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Stays.
    #[default]
    Nothing,
    /// One column to the left.
    Left,
    /// One row up.
    Up,
    /// One column to the right.
    Right,
    /// One row down.
    Down,
    /// Shoots.
    Fire,
}

impl Action {
    /// The action of a number; every number above 4 is the last.
    #[must_use]
    #[inline]
    pub const fn of(action: usize) -> Self {
        match action {
            0 => Self::Nothing,
            1 => Self::Left,
            2 => Self::Up,
            3 => Self::Right,
            4 => Self::Down,
            _ => Self::Fire,
        }
    }

    /// How many rows down it leads, and how many columns to the right.
    pub(super) const fn direction(self) -> [i8; 2] {
        match self {
            Self::Nothing | Self::Fire => [0, 0],
            Self::Left => [0, -1],
            Self::Up => [-1, 0],
            Self::Right => [0, 1],
            Self::Down => [1, 0],
        }
    }
}

/// One of the games: the rules, and the state they are about.
pub trait Game: Debug + Clone + Send + 'static {
    /// What is seen.
    type Boards: Space + Default;

    /// What it is called.
    const NAME: &'static str;
    /// Actions that do something, or nothing on purpose.
    const MINIMAL_ACTIONS: &'static [Action];

    /// The first state of an episode.
    fn start(draws: &mut impl Draws) -> Self;

    /// What is seen of it.
    fn board(&self) -> Element<Self::Boards>;

    /// One step; `ramps` says whether the game becomes harder the longer it lasts.
    fn step(&mut self, action: Action, ramps: bool, draws: &mut impl Draws) -> Outcome;
}

/// A game at play, with actions that stick.
#[derive(Debug, Clone, PartialEq)]
pub struct Play<G> {
    game: G,
    last: Action,
}

impl<G: Game> Play<G> {
    /// The first episode.
    pub fn start(draws: &mut impl Draws) -> Self {
        Self {
            game: G::start(draws),
            last: Action::default(),
        }
    }

    /// The next episode. What was done last is not forgotten: its first action may stick to it.
    #[inline]
    pub fn restart(&mut self, draws: &mut impl Draws) {
        self.game = G::start(draws);
    }

    /// The game as it stands.
    #[inline]
    pub fn game(&self) -> &G {
        &self.game
    }

    /// One step. With the task's probability it is what was done before that is done again.
    #[inline]
    pub fn step(&mut self, action: Action, task: &MinAtarTask, draws: &mut impl Draws) -> Outcome {
        if draws.unit() >= task.sticky_probability {
            self.last = action;
        }
        self.game.step(self.last, task.ramps, draws)
    }
}

/// The process behind the lanes of a game.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MinAtar<G>(PhantomData<fn() -> G>);

impl<G> Default for MinAtar<G> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<G: Game> Process for MinAtar<G> {
    type Task = MinAtarTask;
    type Model = MinAtarTask;
    type State = Play<G>;
    type ObservationSpace = G::Boards;
    type ActionSpace = Discrete<6>;

    const NAME: &'static str = G::NAME;

    fn observation_space(&self) -> G::Boards {
        G::Boards::default()
    }

    fn action_space(&self) -> Discrete<6> {
        Discrete
    }

    fn model(&self, task: &MinAtarTask) -> Result<MinAtarTask, Error> {
        let p = task.sticky_probability;
        let allowed = (0.0..=1.0).contains(&p);
        check_range("sticky_probability", "in [0, 1]", p, allowed)?;
        Ok(*task)
    }

    fn start(&self, _: &MinAtarTask, rng: &mut Rng) -> Play<G> {
        Play::start(rng)
    }

    fn restart(&self, _: &MinAtarTask, play: &mut Play<G>, rng: &mut Rng) {
        play.restart(rng);
    }

    #[inline]
    fn observe(&self, _: &MinAtarTask, play: &Play<G>) -> Element<G::Boards> {
        play.game.board()
    }

    #[inline]
    fn advance(
        &self,
        task: &MinAtarTask,
        play: &mut Play<G>,
        action: &usize,
        rng: &mut Rng,
    ) -> Outcome {
        play.step(Action::of(*action), task, rng)
    }
}

impl<G: Game> Draw for MinAtar<G>
where
    Element<G::Boards>: AsRef<[Cells]>,
{
    /// Each channel in a color of its own, later ones above earlier ones.
    fn draw(&self, _: &MinAtarTask, play: &Play<G>, _: Option<&usize>) -> Picture {
        let size = SIZE as usize;
        let mut board = Board::new(size, size);
        for (channel, cells) in (0..).zip(play.game.board().as_ref()) {
            for row in 0..SIZE {
                for column in (0..SIZE).filter(|column| cells.contains(Cell::new(row, *column))) {
                    let place = [column as usize, size - 1 - row as usize];
                    board = board.fill(place, Color::Kind(channel));
                }
            }
        }
        board.picture()
    }
}
