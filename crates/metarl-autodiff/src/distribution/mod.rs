//! What a policy draws its actions from.

mod categorical;
mod gaussian;

pub use categorical::{Categorical, sample_categorical};
pub use gaussian::{DiagonalGaussian, sample_gaussian};
