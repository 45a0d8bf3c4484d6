//! Walking robots in the MuJoCo simulator (feature `mujoco`).
//!
//! Dynamics, observations and rewards are those of Gymnasium's `*-v5` environments to within 1e-12
//! (`cargo xtask parity`); tasks are those of the meta-learning literature, on top of them.
//!
//! The simulator is a C library of exactly version 3.17.0. `cargo xtask setup mujoco` fetches it
//! into `third_party/mujoco`, where tests and programs find it; elsewhere, `MUJOCO_LIBRARY` names its
//! file. It is opened when the first model is made: everything compiles without it, and
//! [`assign`](metarl_core::Environment::assign) says how to get it where it is missing.
//!
//! ```no_run
//! use metarl_core::{Environment, Purpose, Seed, Split, StepBatch, TaskDistribution};
//! use metarl_envs::mujoco::{HalfCheetah, HalfCheetahs};
//!
//! let mut cheetahs = HalfCheetah::new(4);
//! for lane in 0..4 {
//!     let task = HalfCheetahs::Velocity.frozen(Split::Train, lane);
//!     let rng = Seed::new(1).stream(Purpose::Environment, lane, 0, 0);
//!     cheetahs.assign(lane as usize, &task, rng)?;
//! }
//! let mut step = StepBatch::new(4, [0.0; 17]);
//! cheetahs.reset(&mut step.observation)?;
//! cheetahs.step(&[[0.1; 6]; 4], &mut step)?;
//! # Ok::<(), metarl_core::Error>(())
//! ```
//!
//! Episodes are cut after 1000 steps, as Gymnasium's are. The papers behind the tasks mostly use 200;
//! [`TimeLimit`](crate::TimeLimit) does that. A simulation whose numbers stop being finite ends its
//! episode: the step is terminated and pays nothing.
//!
//! The models in `src/mujoco/assets` are Gymnasium's, under the MIT license beside them, without what
//! cannot move anything: textures, colors, lights, cameras and comments.
//!
//! # References
//!
//! Todorov et al., *MuJoCo: A physics engine for model-based control*, 2012. Towers et al.,
//! *Gymnasium*, 2024, [arXiv:2407.17032](https://arxiv.org/abs/2407.17032).

mod ant;
mod drawing;
mod dynamics;
mod engine;
mod half_cheetah;
mod humanoid;
mod locomotion;
mod runner;

pub use ant::*;
pub use dynamics::*;
pub use engine::{Model, MujocoError, Simulation};
pub use half_cheetah::*;
pub use humanoid::*;
pub use locomotion::*;
pub use runner::*;
