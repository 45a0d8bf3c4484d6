//! Meta-optimizers.
mod error;
pub use error::Error;
