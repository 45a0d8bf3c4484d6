//! CartPole with randomizable physics.

mod distribution;
mod environment;
mod physics;

pub use distribution::CartPoles;
pub use environment::{CartPole, CartPoleProcess};
pub use physics::CartPoleTask;
