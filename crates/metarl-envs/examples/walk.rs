//! A gait that nobody learned, on level ground, as a page to look at: `target/walk.html`, and with the
//! feature `box2d` the same in Box2D, `target/walk-box2d.html`.
//!
//! ```text
//! cargo run --release -p metarl-envs --features terrain --example walk
//! ```
#![expect(clippy::print_stdout, reason = "a program for a person at a terminal")]

use std::fs;

use metarl_core::{Error, Process, Purpose, Seed};
use metarl_envs::draw::{Draw, Frame, Replay};
use metarl_envs::walker::{Engine, Gait, RapierEngine, WalkerProcess, WalkerTask};

/// Every so many steps there is a frame.
const STRIDE: usize = 5;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    fs::create_dir_all("target")?;
    save("target/walk.html", &walk::<RapierEngine>()?)?;
    #[cfg(feature = "box2d")]
    save(
        "walk-box2d.html",
        &walk::<metarl_envs::walker::Box2dEngine>()?,
    )?;
    Ok(())
}

fn save(path: &str, replay: &Replay) -> std::io::Result<()> {
    let last = replay.frames.last().map_or("", |frame| &frame.caption);
    println!("{path}: {last}");
    fs::write(path, replay.html())
}

fn walk<E: Engine>() -> Result<Replay, Error> {
    let process = WalkerProcess::<E>::default();
    let model = process.model(&WalkerTask::default())?;
    let mut rng = Seed::new(0).stream(Purpose::Environment, 0, 0, 0);
    let mut walker = process.start(&model, &mut rng);
    let (mut gait, mut total, mut frames) = (Gait::default(), 0.0, Vec::new());
    for step in 1..=2000 {
        let action = gait.act(walker.observation());
        let outcome = process.advance(&model, &mut walker, &action, &mut rng);
        total += outcome.reward;
        if step % STRIDE == 0 || outcome.terminated {
            let caption = format!("step {step}, return {total:.1}");
            let picture = process.draw(&model, &walker, Some(&action));
            frames.push(Frame { picture, caption });
        }
        if outcome.terminated {
            break;
        }
    }
    let title = format!("{}: a gait that nobody learned", WalkerProcess::<E>::NAME);
    Ok(Replay { title, frames })
}
