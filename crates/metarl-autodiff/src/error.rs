//! What can go wrong with parameters and networks.

/// Errors of parameter vectors, files and hyper-parameters.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A flat vector does not have as many numbers as the network has parameters.
    #[error("{name} has {got} numbers, the network has {expected} parameters")]
    ParameterCount {
        /// Which vector.
        name: &'static str,
        /// Parameters of the network.
        expected: usize,
        /// Numbers found.
        got: usize,
    },
    /// Two per-step inputs of a loss disagree on the number of steps.
    #[error("{name} has {got} steps, {reference} has {expected}")]
    StepMismatch {
        /// Which input disagrees.
        name: &'static str,
        /// The input it is compared with.
        reference: &'static str,
        /// Steps of that input.
        expected: usize,
        /// Steps found.
        got: usize,
    },
    /// A file lacks a tensor the network has, or holds it with another shape or element type.
    #[error("tensor `{name}`: the network needs {expected}, the file has {got}")]
    TensorMismatch {
        /// Name of the tensor.
        name: String,
        /// Element type and shape the network needs.
        expected: String,
        /// What the file has.
        got: String,
    },
    /// A byte string is not a safetensors file.
    #[error("not a safetensors file: {0}")]
    NotSafetensors(String),
    /// There is no NVIDIA GPU, or it cannot be used.
    #[error("no NVIDIA GPU can be used: {0}")]
    Gpu(String),
    /// A hyper-parameter is outside its range.
    #[error("{name} must be {allowed}, got {got}")]
    OutOfRange {
        /// The parameter.
        name: &'static str,
        /// The allowed range.
        allowed: &'static str,
        /// The value found.
        got: f64,
    },
}
