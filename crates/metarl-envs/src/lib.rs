//! Batched environments and task distributions for meta-reinforcement learning, with the classical
//! baselines and exact optima that an agent is judged against.

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
mod wrapper;
mod xland;

pub mod baseline;
pub mod reference;

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
pub use xland::*;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
