//! The simulator: a library that is opened at run time, models and simulations.
#![expect(
    unsafe_code,
    reason = "MuJoCo is a C library; nothing outside this module sees a raw pointer"
)]

mod error;
mod layout;
mod library;
mod model;
mod simulation;

pub use error::MujocoError;
pub use model::Model;
pub use simulation::Simulation;
