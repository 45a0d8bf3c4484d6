//! Batched environments and task distributions for meta-reinforcement learning, with the classical
//! baselines and exact optima that an agent is judged against.
//!
//! | feature | what it adds | what it needs |
//! |---|---|---|
//! | `mujoco` | the module `mujoco`: walking robots, as in Gymnasium | to run: MuJoCo 3.17.0, which `cargo xtask setup mujoco` fetches |

// Before the modules that make processes of other processes, with its macro.
#[macro_use]
mod wrapper;

mod bandit;
mod barcode;
mod bit_flipping;
mod catch;
mod chain;
mod classic;
mod grid;
mod navigation;
mod randomization;
mod tabular;
mod two_step;

pub mod baseline;
pub mod draw;
pub mod few_shot;
#[cfg(feature = "gymnasium")]
pub mod gymnasium;
pub mod min_atar;
#[cfg(feature = "mujoco")]
pub mod mujoco;
pub mod reference;
pub mod walker;
pub mod xland;

pub use bandit::*;
pub use barcode::*;
pub use bit_flipping::*;
pub use catch::*;
pub use chain::*;
pub use classic::*;
pub use grid::*;
pub use navigation::*;
pub use randomization::*;
pub use tabular::*;
pub use two_step::*;
pub use wrapper::*;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

#[cfg(all(doctest, feature = "gymnasium"))]
#[doc = include_str!("../../../docs/gymnasium.md")]
struct GymnasiumPage;
