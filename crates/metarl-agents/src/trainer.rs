//! What all training has in common.

use metarl_autodiff::Layout;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Error;

/// An agent in training: it iterates, and everything it goes on from is a value.
pub trait Trainer {
    /// What one iteration did.
    type Iteration;
    /// Everything training goes on from.
    type State: TrainingState;

    /// One round of experience and one round of learning.
    ///
    /// # Errors
    ///
    /// Whatever an environment returns, and [`Error::NonFinite`] when training diverges; the state
    /// is then as it was before the iteration.
    fn iterate(&mut self) -> Result<Self::Iteration, Error>;

    /// Names and shapes of the parameters.
    fn layout(&self) -> &Layout;

    /// What training goes on from.
    fn state(&self) -> &Self::State;

    /// Goes on from a state that was kept: the next iteration gives the same bits as it would have
    /// given there.
    ///
    /// # Errors
    ///
    /// When the state belongs to a network of another size.
    fn restore(&mut self, state: Self::State) -> Result<(), Error>;
}

/// The state of a [`Trainer`].
pub trait TrainingState: Serialize + DeserializeOwned {
    /// Iterations done.
    fn iteration(&self) -> u64;

    /// What is learned, in the order of the layout.
    fn parameters(&self) -> &[f32];
}

/// Checks that a state fits a network.
pub(crate) fn check_size(state: &impl TrainingState, layout: &Layout) -> Result<(), Error> {
    check_count(layout.n_parameters(), state.parameters().len())
}

/// Checks a number of stored parameters.
pub(crate) fn check_count(expected: usize, got: usize) -> Result<(), Error> {
    if got == expected {
        Ok(())
    } else {
        Err(Error::Differentiation(
            metarl_autodiff::Error::ParameterCount {
                name: "the stored state",
                expected,
                got,
            },
        ))
    }
}

/// Training that diverged is an error.
pub(crate) fn check_finite(iteration: u64, what: &'static str, value: f64) -> Result<(), Error> {
    if value.is_finite() {
        Ok(())
    } else {
        Err(Error::NonFinite {
            iteration,
            what,
            value,
        })
    }
}

/// Checks every parameter.
pub(crate) fn check_parameters(iteration: u64, parameters: &[f32]) -> Result<(), Error> {
    let mut parameters = parameters.iter().copied().map(f64::from);
    parameters.try_for_each(|value| check_finite(iteration, "a parameter", value))
}
