//! dfdx made twice differentiable: write a loss once, read it as a value, a gradient, a
//! Jacobian-vector or a Hessian-vector product.
//!
//! The crate's one decision: **second derivatives are gradients of directional derivatives.** dfdx
//! records closures over raw buffers, so it has no gradient of a gradient. But exact MAML, TRPO's
//! Fisher products and online meta-gradients all ask for `H v`, never for `H`, and
//! `H v = ∇(∇L · v)` is a forward pass that carries tangents and is itself recorded.

mod algebra;
mod composed;
mod differentiate;
mod distribution;
mod error;
mod forward;
mod kernels;
mod network;
mod optimizer;
mod scalar;
mod tape;
mod value;

pub use algebra::{Activation, Algebra, Data, Recurrence, RecurrenceOf};
pub use differentiate::{Differentiable, Objective, OnDevice, mixed_derivative};
pub use distribution::{Categorical, DiagonalGaussian, sample_categorical, sample_gaussian};
pub use error::Error;
pub use forward::{Dual, Forward, ReverseOverForward};
pub use kernels::Kernels;
pub use network::{
    Binder, Dense, DenseParameters, Gru, GruParameters, Initialization, Layout, Leaf, Lstm,
    LstmParameters, LstmState, Mlp, MlpParameters, Network,
};
pub use optimizer::{
    Adam, AdamConfig, Optimizer, RmsProp, RmsPropConfig, Sgd, SgdConfig, clip_norm,
};
pub use scalar::Scalar;
pub use tape::{SharedTape, TapeHandle};
pub use value::{Plain, Reverse, Taped, Value, Variables};
