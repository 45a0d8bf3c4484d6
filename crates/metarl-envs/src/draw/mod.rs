//! What environments look like: pictures of their states, replays of their episodes.
//!
//! A process that is [`Draw`] gives a [`Picture`] of any of its states. [`Recorded`] is a process
//! around it that leaves a [`Frame`] of every step with a [`Recorder`], whoever decides the steps, and
//! a [`Replay`] of the frames is written as a page with controls or as an animated SVG.
//!
//! # Examples
//!
//! ```
//! use metarl_core::{Environment, Lanes, Purpose, Seed, StepBatch};
//! use metarl_envs::draw::{Recorded, Recorder, Replay};
//! use metarl_envs::{CatchProcess, CatchTask};
//!
//! let recorder = Recorder::new();
//! let process = Recorded { process: CatchProcess, recorder: recorder.clone() };
//! let mut catch = Lanes::of(process, 1);
//! let mut step = StepBatch::new(1, [0.0; 50]);
//! let task = CatchTask { mirrored: false };
//! catch.assign(0, &task, Seed::new(1).stream(Purpose::Environment, 0, 0, 0))?;
//! catch.reset(&mut step.observation)?;
//! for _ in 0..3 {
//!     catch.step(&[0], &mut step)?;
//! }
//! let replay = Replay { title: "Catch".to_owned(), frames: recorder.take() };
//! assert_eq!(replay.frames.len(), 4);
//! assert!(replay.html().contains("<svg"));
//! # Ok::<(), metarl_core::Error>(())
//! ```

mod board;
mod picture;
mod recorder;
mod replay;
mod svg;

pub(crate) use board::Board;
pub use picture::{Color, Picture, Point, Shape};
pub use recorder::{Recorded, Recorder};
pub use replay::{Frame, Replay};

use metarl_core::{Element, Process};

/// A process whose states can be looked at.
pub trait Draw: Process {
    /// The state, and the action that led to it, where one did.
    fn draw(
        &self,
        model: &Self::Model,
        state: &Self::State,
        action: Option<&Element<Self::ActionSpace>>,
    ) -> Picture;
}
