//! BipedalWalker on terrain that can be drawn, mutated and grown: the environment of POET.
//!
//! A [`WalkerTask`] says what courses are drawn from: a [`TerrainEncoding`] that POET mutates, a [`Cppn`]
//! that Enhanced POET grows, or Gymnasium's obstacles. [`WalkerProcess`] has the rules, and an [`Engine`]
//! moves the body:
//!
//! | | feature | steps a second, one core | |
//! |---|---|---|---|
//! | `BipedalWalker` | `terrain` | 63 000 to 76 000 | rapier2d, pure Rust |
//! | `Box2dWalker` | `box2d` | 27 000 to 30 000 | Box2D 2.3.0, C++: Gymnasium's bits |
//! | Gymnasium 1.4.0 | | 5 100 to 7 100 | Box2D 2.3.0 from Python |
//!
//! # Examples
//!
//! A course that mutates, and a [`Gait`] that walks without having learned to:
//!
//! ```
//! use metarl_core::{Purpose, Seed};
//! use metarl_envs::walker::{TerrainEncoding, TerrainFeature, WalkerTask};
//!
//! let mut rng = Seed::new(1).stream(Purpose::Task, 0, 0, 0);
//! let level = TerrainEncoding::default();
//! let child = level.mutate(&[TerrainFeature::Stump], &mut rng);
//! assert_eq!(child.stump_height, Some([0.0, 0.4]));
//! let course = WalkerTask::Encoding(child).terrain(&mut rng);
//! assert!(!course.blocks().is_empty());
//!
//! # #[cfg(feature = "terrain")] {
//! use metarl_core::Process;
//! use metarl_envs::walker::{Gait, RapierEngine, WalkerProcess};
//!
//! let process = WalkerProcess::<RapierEngine>::default();
//! let mut walker = process.start(&WalkerTask::default(), &mut rng);
//! let mut gait = Gait::default();
//! for _ in 0..500 {
//!     let action = gait.act(walker.observation());
//!     assert!(!walker.step(&action).terminated);
//! }
//! assert!(walker.progress() > 0.2);
//! # }
//! ```

mod body;
#[cfg(feature = "box2d")]
mod box2d;
mod course;
mod cppn;
mod encoding;
mod engine;
mod episode;
mod gait;
#[cfg(any(feature = "terrain", feature = "box2d"))]
mod matter;
mod process;
#[cfg(feature = "terrain")]
mod rapier;
mod shape;
mod task;
mod terrain;

#[cfg(feature = "box2d")]
pub use box2d::{Box2dEngine, Box2dWalker};
pub use cppn::{Activation, Cppn, CppnConnection, CppnNode};
pub use encoding::{Stairs, TerrainEncoding, TerrainFeature};
pub use engine::{Engine, HullMotion, JointMotion, Motor, Pose};
pub use episode::{Walker, WalkerStep};
pub use gait::{Gait, GaitStyle};
pub use process::{WalkerProcess, WalkerState};
#[cfg(feature = "terrain")]
pub use rapier::{BipedalWalker, RapierEngine};
pub use shape::Shape;
pub use task::{BipedalWalkers, WalkerTask};
pub use terrain::{Block, Terrain};

pub(crate) use course::of_gymnasium_seed;
