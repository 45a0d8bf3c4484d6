//! MinAtar: the package's episodes, the rules, the contract.

use metarl_core::{
    Discrete, Element, Environment, Lanes, Outcome, Purpose, Rng, Seed, Space, Split, StepBatch,
    TaskDistribution,
};
use metarl_envs::min_atar::{
    Action, AsterixGame, Boards, BreakoutGame, Cell, Cells, Draw, Draws, FreewayGame, Game,
    MinAtar, MinAtarTask, MinAtarTasks, Play, Replay, SIZE, SeaquestGame, SpaceInvadersGame,
};
use metarl_testkit::conformance::{self, Violation, check_distribution};
use proptest::prelude::*;
use serde::Deserialize;

const OBEYS: MinAtarTask = MinAtarTask {
    sticky_probability: 0.0,
    ramps: true,
};

fn stream(episode: u64) -> Rng {
    Seed::new(7).stream(Purpose::Environment, 0, 0, episode)
}

/// The first episode of `cargo xtask parity`'s player that looks ahead, in MinAtar 1.0.15: every number
/// drawn, every action, rewards where there were any, a board now and then.
#[derive(Deserialize)]
struct Episode {
    game: String,
    draws: Vec<Draw>,
    actions: String,
    rewards: Vec<(usize, f32)>,
    terminated: bool,
    boards: Vec<(usize, Vec<String>)>,
}

fn replays<G: Game>()
where
    Element<G::Boards>: AsRef<[Cells]>,
{
    let lines = include_str!("data/min_atar.jsonl").lines();
    let mut episodes = lines.map(|line| serde_json::from_str(line).unwrap());
    let episode = episodes.find(|episode: &Episode| episode.game == G::NAME);
    let episode = episode.unwrap();
    let n_steps = episode.actions.len();
    assert!(n_steps > 200 && episode.boards.len() > 5);

    let mut draws = Replay::new(episode.draws);
    let mut play = Play::<G>::start(&mut draws);
    let (mut rewards, mut boards) = (Vec::new(), episode.boards.iter());
    let mut next = boards.next();
    for (t, action) in episode.actions.bytes().enumerate() {
        let action = Action::of(usize::from(action - b'0'));
        let Outcome { reward, terminated } = play.step(action, &MinAtarTask::default(), &mut draws);
        if reward != 0.0 {
            rewards.push((t, reward));
        }
        assert_eq!(
            terminated,
            episode.terminated && t + 1 == n_steps,
            "step {t}"
        );
        if let Some((at, want)) = next.filter(|(at, _)| *at == t) {
            let board = play.game().board();
            let got = board
                .as_ref()
                .iter()
                .map(|cells| format!("{:x}", cells.bits()));
            assert_eq!(got.collect::<Vec<_>>(), *want, "step {at}");
            next = boards.next();
        }
    }
    assert!(next.is_none());
    assert_eq!(rewards, episode.rewards);
    draws.finish().unwrap();
}

#[test]
fn breakout_is_the_packages() {
    replays::<BreakoutGame>();
}

#[test]
fn asterix_is_the_packages() {
    replays::<AsterixGame>();
}

#[test]
fn freeway_is_the_packages() {
    replays::<FreewayGame>();
}

#[test]
fn seaquest_is_the_packages() {
    replays::<SeaquestGame>();
}

#[test]
fn space_invaders_is_the_packages() {
    replays::<SpaceInvadersGame>();
}

#[test]
fn a_replay_tells_what_was_not_asked_for() {
    let refused = |replay: Replay| replay.finish().unwrap_err().to_string();
    let left = Replay::new([Draw::Unit(0.5)]);
    assert_eq!(
        refused(left),
        "environment: Unit(0.5) was drawn and never asked for"
    );
    let mut other = Replay::new([Draw::Below(8, 3)]);
    assert_eq!(other.below(7), 0);
    assert_eq!(
        refused(other),
        "environment: a number below 7 was asked for where Some(Below(8, 3)) was drawn"
    );
    let mut short = Replay::new([]);
    assert_eq!(short.unit(), 0.0);
    assert_eq!(
        refused(short),
        "environment: a unit was asked for where None was drawn"
    );
    let mut exact = Replay::new([Draw::Unit(0.25), Draw::Below(8, 3)]);
    assert_eq!((exact.unit(), exact.below(8)), (0.25, 3));
    exact.finish().unwrap();
}

/// The same unit and the same choice, always; counts how often it was asked.
struct Always {
    unit: f64,
    choice: u8,
    n_choices: u32,
}

impl Always {
    fn of(unit: f64, choice: u8) -> Self {
        Self {
            unit,
            choice,
            n_choices: 0,
        }
    }
}

impl Draws for Always {
    fn unit(&mut self) -> f64 {
        self.unit
    }

    fn below(&mut self, n: u8) -> u8 {
        self.n_choices += 1;
        self.choice.min(n - 1)
    }
}

/// How many steps a game lasts, at most 10 000, when the same is done always.
fn lifetime<G: Game>(mut game: G, action: Action, draws: &mut impl Draws) -> Option<u32> {
    (1..=10_000).find(|_| game.step(action, true, draws).terminated)
}

/// Everything that comes is a treasure from the left, into the first row that is free.
#[test]
fn asterix_ramps_until_something_comes_and_moves_at_every_step() {
    let n_spawns = |ramps: bool, n_steps: usize| {
        let mut luck = Always::of(0.2, 0);
        let mut game = AsterixGame::start(&mut luck);
        for _ in 0..n_steps {
            assert!(!game.step(Action::Nothing, ramps, &mut luck).terminated);
        }
        luck.n_choices
    };
    assert_eq!([n_spawns(true, 10), n_spawns(true, 11)], [0, 1]);
    assert_eq!(n_spawns(false, 1011), 101, "every tenth step");
    // At the end seven rows hold a treasure for ten steps each, the player's row for five.
    assert_eq!(n_spawns(true, 1220) - n_spawns(true, 1120), 90);
}

#[test]
fn who_goes_up_in_freeway_arrives_and_after_2501_steps_it_is_over() {
    let mut draws = stream(0);
    let game = FreewayGame::start(&mut draws);
    assert_eq!(
        lifetime(game, Action::Nothing, &mut draws),
        Some(2501),
        "one more than the paper says"
    );
    let mut game = FreewayGame::start(&mut draws);
    let (mut n_arrived, mut row) = (0, 9);
    for t in 0..2501 {
        let outcome = game.step(Action::Up, true, &mut draws);
        let chicken = game.board()[0];
        let now = (0..SIZE).find(|row| chicken.contains(Cell::new(*row, 4)));
        let now = now.unwrap();
        assert!(now == 9 || now == row || now == row - 1, "step {t}");
        assert!(outcome.reward == 0.0 || now == 9, "step {t}");
        n_arrived += u32::from(outcome.reward == 1.0);
        row = now;
    }
    assert!((5..60).contains(&n_arrived), "{n_arrived}");
}

/// Enemies and divers keep to the last row, far from who stays above.
#[test]
fn a_submarine_runs_out_of_oxygen_and_must_not_come_up_alone() {
    let mut far = Always::of(0.9, 7);
    let mut game = SeaquestGame::start(&mut far);
    assert!(!game.step(Action::Down, true, &mut far).terminated);
    assert_eq!(game.board()[7].len(), 9, "199 of 200");
    assert_eq!(lifetime(game.clone(), Action::Nothing, &mut far), Some(200));
    assert_eq!(lifetime(game, Action::Up, &mut far), Some(1));
    let floats = SeaquestGame::start(&mut far);
    assert_eq!(lifetime(floats, Action::Nothing, &mut far), None);
}

/// The first bomb appears in row 3 with step 11, above the cannon, and falls a row a step.
#[test]
fn a_cannon_that_stands_still_is_hit_at_step_17() {
    let mut none = Replay::default();
    let game = SpaceInvadersGame::start(&mut none);
    assert_eq!(lifetime(game, Action::Nothing, &mut none), Some(17));
    none.finish().unwrap();
}

#[test]
fn the_aliens_of_a_wave_are_worth_1_each() {
    let mut lanes = Lanes::<MinAtar<SpaceInvadersGame>>::new(1);
    lanes.assign(0, &MinAtarTask::default(), stream(0)).unwrap();
    let mut step = StepBatch::new(1, Boards::<6>.zero());
    lanes.reset(&mut step.observation).unwrap();
    let mut actions = stream(1);
    let (mut n_aliens, mut n_shot) = (24, 0);
    for _ in 0..5000 {
        let action = Discrete::<6>.sample(&mut actions);
        lanes.step(&[action], &mut step).unwrap();
        let left = step.successor[0][1].len();
        assert_eq!(step.reward[0], (n_aliens - left) as f32);
        n_shot += n_aliens - left;
        n_aliens = step.observation[0][1].len();
    }
    assert!(n_shot > 100, "{n_shot}");
}

#[test]
fn actions_stick_with_the_tasks_probability() {
    let paddle = |sticky_probability: f64| {
        let task = MinAtarTask {
            sticky_probability,
            ..OBEYS
        };
        let mut draws = stream(2);
        let mut play = Play::<BreakoutGame>::start(&mut draws);
        let mut n_moved = 0;
        for t in 0..2000 {
            let before = play.game().board()[0];
            let action = if t % 2 == 0 {
                Action::Left
            } else {
                Action::Right
            };
            if play.step(action, &task, &mut draws).terminated {
                play.restart(&mut draws);
            } else {
                n_moved += u32::from(play.game().board()[0] != before);
            }
        }
        n_moved
    };
    assert_eq!(paddle(1.0), 0, "what is done first is nothing");
    let obeyed = paddle(0.0);
    assert!(paddle(0.5) < obeyed);
}

#[test]
fn the_games_keep_the_contract_of_an_environment() -> Result<(), Violation> {
    fn check<G: Game>(n_steps: usize) -> Result<(), Violation> {
        let tasks = [
            MinAtarTask::default(),
            MinAtarTask {
                sticky_probability: 0.4,
                ramps: false,
            },
        ];
        conformance::check(Lanes::<MinAtar<G>>::new, &tasks, Seed::new(1), n_steps)?;
        check_distribution(&MinAtarTasks::<G>::USUAL, 5)?;
        check_distribution(&MinAtarTasks::<G>::STICKY, 20)
    }
    check::<BreakoutGame>(100)?;
    check::<AsterixGame>(300)?;
    check::<FreewayGame>(2510)?;
    check::<SeaquestGame>(300)?;
    check::<SpaceInvadersGame>(300)
}

/// A caller who plays on after the end gets steps that mean nothing, and no panic.
#[test]
fn playing_on_after_the_end_is_harmless() {
    fn plays_on<G: Game>() {
        let mut draws = stream(3);
        let mut game = G::start(&mut draws);
        let mut n_ends = 0;
        for _ in 0..6000 {
            let action = Action::of(Discrete::<6>.sample(&mut draws));
            n_ends += u32::from(game.step(action, true, &mut draws).terminated);
        }
        assert!(n_ends > 1, "{}", G::NAME);
    }
    plays_on::<BreakoutGame>();
    plays_on::<AsterixGame>();
    plays_on::<FreewayGame>();
    plays_on::<SeaquestGame>();
    plays_on::<SpaceInvadersGame>();
}

#[test]
fn what_is_not_allowed_is_named() {
    for p in [-0.1, 1.5, f64::NAN] {
        let task = MinAtarTask {
            sticky_probability: p,
            ramps: true,
        };
        let refused = Lanes::<MinAtar<SeaquestGame>>::new(1).assign(0, &task, stream(0));
        assert_eq!(
            refused.unwrap_err().to_string(),
            format!("sticky_probability must be in [0, 1], got {p}")
        );
    }
}

#[test]
fn value_stability() {
    /// Sums of rewards and of cells over 500 random steps.
    fn sums<G: Game>() -> [f64; 2] {
        let mut lanes = Lanes::<MinAtar<G>>::new(1);
        lanes.assign(0, &MinAtarTask::default(), stream(0)).unwrap();
        let mut step = StepBatch::new(1, G::Boards::default().zero());
        lanes.reset(&mut step.observation).unwrap();
        let mut actions = Seed::new(7).stream(Purpose::Policy, 0, 0, 0);
        let mut numbers = vec![0.0; G::Boards::WIDTH];
        let mut sums = [0.0; 2];
        for _ in 0..500 {
            let action = Discrete::<6>.sample(&mut actions);
            lanes.step(&[action], &mut step).unwrap();
            G::Boards::encode(&step.observation[0], &mut numbers);
            sums[0] += f64::from(step.reward[0]);
            sums[1] += numbers.iter().map(|x| f64::from(*x)).sum::<f64>();
        }
        sums
    }
    let sums = [
        sums::<BreakoutGame>(),
        sums::<AsterixGame>(),
        sums::<FreewayGame>(),
        sums::<SeaquestGame>(),
        sums::<SpaceInvadersGame>(),
    ];
    let want = [
        [26.0, 16_254.0],
        [2.0, 2860.0],
        [0.0, 8500.0],
        [0.0, 6664.0],
        [27.0, 21_918.0],
    ];
    assert_eq!(sums, want);
    let drawn = [0, 1].map(|i| {
        let tasks = MinAtarTasks::<SeaquestGame>::STICKY;
        tasks.frozen(Split::Test, i).sticky_probability
    });
    assert_eq!(drawn, [0.486_551_240_222_883, 0.314_746_665_891_255]);
}

proptest! {
    /// A cell is a bit, and a number of its own.
    #[test]
    fn boards_are_encoded_cell_by_cell(seed in any::<u64>(), row in -2_i8..12, column in -2_i8..12) {
        let mut rng = Seed::new(seed).stream(Purpose::Minibatch, 0, 0, 0);
        let board = Boards::<3>.sample(&mut rng);
        let mut numbers = [0.5; 300];
        Boards::<3>::encode(&board, &mut numbers);
        let cell = Cell::new(row, column);
        let inside = (0..SIZE).contains(&row) && (0..SIZE).contains(&column);
        prop_assert_eq!(Cells::of(cell).is_empty(), !inside);
        for (cells, numbers) in board.iter().zip(numbers.chunks(100)) {
            let at = |i: i8, j: i8| numbers[(10 * i + j) as usize] == 1.0;
            prop_assert_eq!(cells.contains(cell), inside && at(row, column));
            prop_assert_eq!(numbers.iter().sum::<f32>(), cells.len() as f32);
        }
    }

    /// Every brick that goes is worth 1, and the game is over where the ball is below the paddle.
    #[test]
    fn breakout_pays_for_bricks_and_ends_with_the_ball(seed in any::<u64>(), follows in any::<bool>()) {
        let mut draws = Seed::new(seed).stream(Purpose::Environment, 0, 0, 0);
        let mut play = Play::<BreakoutGame>::start(&mut draws);
        for _ in 0..400 {
            let [paddle, ball, _, bricks] = play.game().board();
            let column = |cells: Cells| (cells.bits().trailing_zeros() % 10) as i8;
            let action = if !follows {
                Action::of(Discrete::<6>.sample(&mut draws))
            } else if column(ball) < column(paddle) {
                Action::Left
            } else {
                Action::Right
            };
            let outcome = play.step(action, &OBEYS, &mut draws);
            let [_, ball, _, left] = play.game().board();
            if bricks.is_empty() {
                prop_assert!(left.is_empty() || left.len() == 30);
            } else {
                prop_assert_eq!(bricks.len() - left.len(), outcome.reward as u32);
            }
            prop_assert_eq!(ball.bits() >> 90 != 0, outcome.terminated);
            if outcome.terminated {
                break;
            }
        }
    }

    /// What a player touches is gone or the end: it never stands on an enemy and plays on.
    #[test]
    fn nothing_is_touched_without_consequence(seed in any::<u64>()) {
        let mut draws = Seed::new(seed).stream(Purpose::Environment, 0, 0, 0);
        let mut game = AsterixGame::start(&mut draws);
        for _ in 0..500 {
            let action = Action::of(Discrete::<6>.sample(&mut draws));
            let outcome = game.step(action, true, &mut draws);
            let [player, enemies, _, treasures] = game.board();
            prop_assert!((player & treasures).is_empty());
            prop_assert!((player & enemies).is_empty() || outcome.terminated);
            if outcome.terminated {
                break;
            }
        }
    }
}
