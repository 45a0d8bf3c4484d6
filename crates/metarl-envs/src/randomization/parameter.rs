//! What can be randomized.

use std::fmt::Debug;

use serde::Serialize;

/// One parameter of a task. All of them are above 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Parameter {
    /// What it is called.
    pub name: &'static str,
    /// The usual value.
    pub default: f64,
    /// Smallest and largest regular value.
    pub regular: [f64; 2],
    /// `[a, b, c, d]` of the extreme values `[a, b] ∪ [c, d]`, next to the regular ones.
    pub extreme: [f64; 4],
}

/// A task that is nothing but its parameters.
pub trait Parameterized: Clone + Debug + Serialize + Send + Sync {
    /// First part of the names of its distributions.
    const NAME: &'static str;
    /// Its parameters.
    const PARAMETERS: &'static [Parameter];

    /// The task with parameters in the order of [`PARAMETERS`](Parameterized::PARAMETERS), which
    /// `value` is asked for one after the other.
    fn with(value: impl FnMut(&Parameter) -> f64) -> Self;
}
