//! Any environment of [Gymnasium](https://gymnasium.farama.org), as one of ours: feature `gymnasium`.
//!
//! Python runs inside this process, and observations are read out of NumPy's memory.
//!
//! | type | what it is |
//! |---|---|
//! | [`Gymnasium`] | one Python environment a lane, each with a task and a seed of its own |
//! | [`GymnasiumVector`] | one Python environment that steps all lanes, with one task |
//! | [`Recipe`] | which environment, made with what, wrapped in what |
//! | [`GymnasiumTask`], [`GymnasiumTasks`] | a task is what `make` or `set_task` is called with |
//! | [`MetaWorld`], [`Atari`] | two families, with their tasks and their sizes |
//!
//! | Python space | as observation | as action |
//! |---|---|---|
//! | `Box` of any shape and type | [`Continuous`], flattened, bounds the widest of all coordinates | [`Continuous`], where all coordinates have the same bounds |
//! | `Discrete`, from any start | [`Discrete`] | [`Discrete`] |
//! | `MultiBinary` | [`Continuous`] | |
//! | `MultiDiscrete` | [`Continuous`] | |
//!
//! [`Continuous`]: metarl_core::Continuous
//! [`Discrete`]: metarl_core::Discrete

mod array;
mod atari;
mod check;
mod error;
mod lanes;
mod meta_world;
mod python;
mod recipe;
mod space;
mod task;
mod thread;
mod vector;

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

pub use atari::Atari;
pub use error::{GymnasiumError, Place};
pub use lanes::Gymnasium;
pub use meta_world::{MetaWorld, MetaWorldLanes};
pub use python::{activate, search};
pub use recipe::Recipe;
pub use space::{GymnasiumSpace, PythonSpace};
pub use task::{GymnasiumTask, GymnasiumTasks, Keywords};
pub use vector::{GymnasiumVector, Vectorization};

/// A name that lasts as long as the program, as errors of actions want it; each name is kept once.
fn interned(name: &str) -> &'static str {
    static NAMES: Mutex<BTreeSet<&str>> = Mutex::new(BTreeSet::new());
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = names.get(name) {
        return known;
    }
    let name: &'static str = Box::leak(name.to_owned().into_boxed_str());
    names.insert(name);
    name
}
