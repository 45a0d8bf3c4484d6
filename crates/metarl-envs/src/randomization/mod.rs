//! Domain randomization: tasks whose parameters are drawn.
//!
//! Over every task that says what its parameters are ([`Parameterized`]): in published families
//! ([`Randomized`]), uniformly or normally around the usual values ([`UniformRandomization`],
//! [`GaussianRandomization`]), or in ranges that widen as an agent copes with them
//! ([`AutomaticRandomization`]).

mod automatic;
mod family;
mod gaussian;
mod parameter;
mod uniform;

pub use automatic::{AutomaticConfig, AutomaticRandomization, Boundary, RangeChange};
pub use family::{PhysicsRange, Randomized};
pub use gaussian::GaussianRandomization;
pub use parameter::{Parameter, Parameterized};
pub use uniform::UniformRandomization;
