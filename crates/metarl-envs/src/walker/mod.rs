//! BipedalWalker on terrain that can be drawn, mutated and grown: the environment of POET.

mod body;
#[cfg(feature = "box2d")]
mod box2d;
mod course;
mod cppn;
mod encoding;
mod engine;
mod episode;
mod gait;
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
