//! Watching an agent at work.

use std::fs;
use std::path::Path;

use metarl_core::Seed;
use metarl_envs::draw::{Recorder, Replay};

use crate::Error;
use crate::gallery::{Gallery, unversioned};
use crate::run::{Run, Saved, replace};

/// Who plays.
#[derive(Debug, Clone, Copy)]
pub enum Player<'a> {
    /// Actions drawn uniformly, for a number of episodes.
    Random {
        /// Episodes.
        n_episodes: usize,
    },
    /// The agent of a run: a trial for RL², an episode after each number of updates for MAML.
    Run(&'a Run),
}

/// Plays on the held-out task of a seed; `environment` is the name of a task distribution, with or without
/// its variant, of a run its own.
///
/// # Errors
///
/// [`Error::UnknownEnvironment`], [`Error::OtherEnvironment`] when the run plays something else,
/// [`Error::NoCheckpoint`], [`Error::Damaged`] and whatever the environment returns.
pub fn play(environment: &str, player: Player<'_>, seed: u64) -> Result<Replay, Error> {
    let recorder = Recorder::new();
    let who = match player {
        Player::Random { n_episodes } => {
            Gallery::default().play(environment, Seed::new(seed), n_episodes, &recorder)?;
            "random actions".to_owned()
        }
        Player::Run(run) => {
            let experiment = run.experiment();
            let plays = unversioned(&experiment.system.tasks());
            let wanted = unversioned(environment);
            let family = plays.split('/').next();
            if wanted != plays && Some(wanted.as_str()) != family {
                return Err(Error::OtherEnvironment {
                    path: run.path().to_owned(),
                    found: plays,
                    wanted: environment.to_owned(),
                });
            }
            let Saved { learner, .. } = run.saved()?.ok_or_else(|| Error::NoCheckpoint {
                path: run.path().to_owned(),
            })?;
            learner.play(Seed::new(seed), &recorder)?;
            format!(
                "{} after {} iterations",
                experiment.name,
                learner.iteration()
            )
        }
    };
    Ok(Replay {
        title: format!("{environment}, {who}, seed {seed}"),
        frames: recorder.take(),
    })
}

/// Writes a replay: a page with controls for `.html`, one animated picture for `.svg`, and for anything
/// else a folder of pictures, one a frame.
///
/// # Errors
///
/// [`Error::Write`].
pub fn save(replay: &Replay, path: &Path) -> Result<(), Error> {
    let extension = path.extension().and_then(|extension| extension.to_str());
    match extension {
        Some("html") => replace(path, replay.html().as_bytes()),
        Some("svg") => replace(path, replay.svg().as_bytes()),
        _ => {
            fs::create_dir_all(path).map_err(Error::write(path))?;
            for (idx, frame) in replay.frames.iter().enumerate() {
                let file = path.join(format!("{idx:04}.svg"));
                replace(&file, frame.picture.svg().as_bytes())?;
            }
            Ok(())
        }
    }
}
