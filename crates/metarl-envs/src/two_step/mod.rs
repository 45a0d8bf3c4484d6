//! The two-step task.

mod bayes;
mod distribution;
mod environment;

pub use bayes::{TwoStepBayes, two_step_optimum};
pub use distribution::{TwoStepTask, TwoStepTasks};
pub use environment::{TwoStep, TwoStepProcess, TwoStepState};
