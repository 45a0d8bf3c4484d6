//! Plays MinAtar's games again with the numbers that the package drew, read from the standard input;
//! run by `cargo xtask parity`. Prints one JSON object a comparison.
#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a tool for the repository, whose input is its own"
)]

use std::collections::BTreeMap;
use std::io::{BufRead, stdin};

use metarl_core::{Discrete, Element, Purpose, Seed, Space};
use metarl_envs::min_atar::{
    Action, AsterixGame, BreakoutGame, Cells, Draw, FreewayGame, Game, MinAtarTask, Play, Replay,
    SeaquestGame, SpaceInvadersGame,
};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    Episode(Episode),
    Returns { game: String, returns: Vec<f64> },
}

#[derive(Deserialize)]
struct Episode {
    game: String,
    player: String,
    ramps: bool,
    draws: Vec<Draw>,
    first: Vec<String>,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
struct Step {
    action: usize,
    board: Vec<String>,
    reward: f64,
    terminated: bool,
}

/// What the package did in one game.
#[derive(Default)]
struct Record {
    /// By player, and by whether the game ramps, in the order in which they were played.
    episodes: BTreeMap<(String, bool), Vec<Episode>>,
    returns: Vec<f64>,
}

#[derive(Serialize)]
struct Comparison {
    environment: String,
    reference: String,
    steps: usize,
    max_difference: f64,
    tolerance: f64,
    passed: bool,
}

fn main() {
    let mut games: BTreeMap<String, Record> = BTreeMap::new();
    for line in stdin().lock().lines() {
        match serde_json::from_str(&line.expect("UTF-8")).expect("an episode or returns") {
            Line::Episode(episode) => {
                let of = games.entry(episode.game.clone()).or_default();
                let key = (episode.player.clone(), episode.ramps);
                of.episodes.entry(key).or_default().push(episode);
            }
            Line::Returns { game, returns } => games.entry(game).or_default().returns = returns,
        }
    }
    for (name, record) in games {
        match name.as_str() {
            "breakout" => compare::<BreakoutGame>(&record),
            "asterix" => compare::<AsterixGame>(&record),
            "freeway" => compare::<FreewayGame>(&record),
            "seaquest" => compare::<SeaquestGame>(&record),
            "space_invaders" => compare::<SpaceInvadersGame>(&record),
            other => panic!("no game is {other}"),
        }
    }
}

fn compare<G: Game>(record: &Record)
where
    Element<G::Boards>: AsRef<[Cells]>,
{
    let report = |reference: String, steps, max_difference, tolerance| {
        let comparison = Comparison {
            environment: format!("MinAtar, {}", G::NAME),
            reference,
            steps,
            max_difference,
            tolerance,
            passed: max_difference <= tolerance,
        };
        let line = serde_json::to_string(&comparison).expect("plain data");
        println!("{line}");
    };
    for ((player, ramps), episodes) in &record.episodes {
        let player = player.replace('_', " ");
        let ramps_or_not = if *ramps { "" } else { ", no ramp" };
        let steps = episodes.iter().map(|episode| episode.steps.len()).sum();
        report(
            format!("boards, rewards, ends of a player that {player}{ramps_or_not}"),
            steps,
            replay::<G>(episodes, *ramps),
            0.0,
        );
    }
    let n_episodes = record.returns.len();
    let (ours, steps) = random_returns::<G>(n_episodes);
    let [mean, variance] = moments(&ours);
    let [other_mean, other_variance] = moments(&record.returns);
    let error = ((variance + other_variance) / n_episodes as f64).sqrt();
    report(
        format!(
            "mean return of {n_episodes} random episodes, {mean:.3} and {other_mean:.3}, in standard errors"
        ),
        steps,
        (mean - other_mean).abs() / error,
        3.0,
    );
}

/// Largest difference of cells and rewards; an end, or a number drawn, that differs is infinite.
fn replay<G: Game>(episodes: &[Episode], ramps: bool) -> f64
where
    Element<G::Boards>: AsRef<[Cells]>,
{
    let task = MinAtarTask {
        ramps,
        ..MinAtarTask::default()
    };
    let differs = |play: &Play<G>, want: &[String]| {
        let bits = |hex: &String| u128::from_str_radix(hex, 16).expect("hexadecimal");
        let board = play.game().board();
        let same = board.as_ref().iter().map(|cells| cells.bits());
        if same.eq(want.iter().map(bits)) {
            0.0
        } else {
            1.0
        }
    };
    let mut going: Option<Play<G>> = None;
    let mut worst = 0.0_f64;
    for episode in episodes {
        let mut draws = Replay::new(episode.draws.iter().copied());
        let mut play = match going.take() {
            None => Play::start(&mut draws),
            Some(mut play) => {
                play.restart(&mut draws);
                play
            }
        };
        worst = worst.max(differs(&play, &episode.first));
        for want in &episode.steps {
            let got = play.step(Action::of(want.action), &task, &mut draws);
            worst = worst.max(differs(&play, &want.board));
            worst = worst.max((f64::from(got.reward) - want.reward).abs());
            if got.terminated != want.terminated {
                worst = f64::INFINITY;
            }
        }
        if draws.finish().is_err() {
            worst = f64::INFINITY;
        }
        going = Some(play);
    }
    worst
}

/// Returns of random actions, and how many steps they took.
fn random_returns<G: Game>(n_episodes: usize) -> (Vec<f64>, usize) {
    let stream = |purpose| Seed::new(7).stream(purpose, 0, 0, 0);
    let mut draws = stream(Purpose::Environment);
    let mut actions = stream(Purpose::Policy);
    let task = MinAtarTask::default();
    let mut play = Play::<G>::start(&mut draws);
    let mut n_steps = 0;
    let returns = (0..n_episodes).map(|_| {
        play.restart(&mut draws);
        let mut earned = 0.0;
        loop {
            let action = Action::of(Discrete::<6>.sample(&mut actions));
            let outcome = play.step(action, &task, &mut draws);
            n_steps += 1;
            earned += f64::from(outcome.reward);
            if outcome.terminated {
                return earned;
            }
        }
    });
    (returns.collect(), n_steps)
}

/// Mean and variance.
fn moments(numbers: &[f64]) -> [f64; 2] {
    let n = numbers.len() as f64;
    let mean = numbers.iter().sum::<f64>() / n;
    let squares = numbers.iter().map(|x| (x - mean).powi(2)).sum::<f64>();
    [mean, squares / (n - 1.0)]
}
