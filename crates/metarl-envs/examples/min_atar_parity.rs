//! Plays MinAtar's games again with the numbers that the package drew, read from the standard input;
//! run by `cargo xtask parity`. Prints one JSON object a comparison.
#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a tool for the repository, whose input is its own"
)]

use std::io::{BufRead, stdin};

use metarl_core::{Element, Space};
use metarl_envs::min_atar::{
    Action, AsterixGame, BreakoutGame, Cells, Draw, Game, FreewayGame, MinAtarTask, Play, Replay,
    SeaquestGame, SpaceInvadersGame,
};
use serde::Deserialize;

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
    reward: f32,
    terminated: bool,
}

fn main() {
    let mut episodes: Vec<Episode> = Vec::new();
    for line in stdin().lock().lines() {
        let line = line.expect("UTF-8");
        episodes.push(serde_json::from_str(&line).expect("an episode"));
    }
    let game = episodes[0].game.clone();
    match game.as_str() {
        "breakout" => compare::<BreakoutGame>(&episodes),
        "asterix" => compare::<AsterixGame>(&episodes),
        "freeway" => compare::<FreewayGame>(&episodes),
        "seaquest" => compare::<SeaquestGame>(&episodes),
        "space-invaders" => compare::<SpaceInvadersGame>(&episodes),
        _ => panic!("no game"),
    }
}

fn show(board: &[u128]) {
    for row in 0..10 {
        let mut line = String::new();
        for column in 0..10 {
            let mut cell = String::new();
            for (c, bits) in board.iter().enumerate() {
                if bits >> (row * 10 + column) & 1 == 1 {
                    cell += &c.to_string();
                }
            }
            line += &format!("{:<4}", if cell.is_empty() { "." } else { &cell });
        }
        println!("{line}");
    }
}

fn compare<G: Game>(episodes: &[Episode])
where
    Element<G::Boards>: AsRef<[Cells]>,
{
    let bits = |board: Element<G::Boards>| {
        board.as_ref().iter().map(|c| c.bits()).collect::<Vec<_>>()
    };
    let parse = |b: &[String]| {
        b.iter().map(|s| u128::from_str_radix(s, 16).expect("hex")).collect::<Vec<_>>()
    };
    let mut play: Option<Play<G>> = None;
    let mut n = 0;
    for (i, episode) in episodes.iter().enumerate() {
        let mut draws = Replay::new(episode.draws.iter().copied());
        match &mut play {
            Some(play) => play.restart(&mut draws),
            None => play = Some(Play::start(&mut draws)),
        }
        let play = play.as_mut().expect("started");
        let task = MinAtarTask { ramps: episode.ramps, ..MinAtarTask::default() };
        let mut history = vec![(9, bits(play.game().board()))];
        for (t, step) in episode.steps.iter().enumerate() {
            let got = play.step(Action::of(step.action), &task, &mut draws);
            let board = bits(play.game().board());
            let want = parse(&step.board);
            history.push((step.action, board.clone()));
            if (board != want) || (got.reward, got.terminated) != (step.reward, step.terminated) {
                println!("episode {i} step {t}: {:?} want {} {}  draws {:?}", got, step.reward, step.terminated, draws.clone().finish());
                for (a, b) in &history[history.len().saturating_sub(4)..] {
                    println!("-- {a}");
                    show(b);
                }
                println!("-- want");
                show(&want);
                println!("{:?}", play.game());
                return;
            }
            n += 1;
        }
        if let Err(e) = draws.finish() {
            println!("episode {i}: {e}");
            return;
        }
        let _ = (&episode.player, &episode.first);
    }
    println!("ok {n} steps {} episodes {}", episodes.len(), G::Boards::WIDTH);
}
