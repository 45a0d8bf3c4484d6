//! Random tabular Markov decision processes.

mod distribution;
mod environment;
mod task;

pub use distribution::RandomTabular;
pub use environment::{TabularMdp, TabularModel, TabularProcess, TabularState};
pub use task::TabularTask;
