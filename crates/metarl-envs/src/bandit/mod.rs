//! Multi-armed bandits.

mod bernoulli;
mod environment;
mod gaussian;
mod restless;
mod task;

pub use bernoulli::{BernoulliBandits, BernoulliTask, DependentBandits};
pub use environment::{Bandit, BernoulliBandit, GaussianBandit, RestlessBandit};
pub use gaussian::{ElevenArmedBandits, GaussianBandits, GaussianTask};
pub use restless::{RestlessBandits, RestlessTask};
pub use task::{BanditTask, PerArm};
