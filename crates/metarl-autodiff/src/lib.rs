//! dfdx made twice differentiable: write a loss once, read it as a value, a gradient, a
//! Jacobian-vector or a Hessian-vector product.
//!
//! The crate's one decision: **second derivatives are gradients of directional derivatives.** dfdx
//! records closures over raw buffers, so it has no gradient of a gradient. But exact MAML, TRPO's
//! Fisher products and online meta-gradients all ask for `H v`, never for `H`, and
//! `H v = ∇(∇L · v)` is a forward pass that carries tangents and is itself recorded.
//!
//! # Examples
//!
//! `L(x) = x₀⁴ + x₁⁴` has the gradient `4 x³` and the Hessian `diag(12 x²)`. It is written once,
//! for every [`Algebra`]:
//!
//! ```
//! use dfdx::prelude::{Const, Cpu, Rank0};
//! use metarl_autodiff::{
//!     Algebra, Binder, Differentiable, Error, Initialization, Kernels, Network, Objective, OnDevice,
//!     Scalar,
//! };
//!
//! struct Point;
//!
//! impl Network for Point {
//!     type Bound<A: Algebra> = A::Of<(Const<2>,)>;
//!
//!     fn bind<A: Algebra, B: Binder<A>>(&self, binder: &mut B) -> Self::Bound<A> {
//!         binder.leaf("x", (Const,), Initialization::Constant(0.0))
//!     }
//! }
//!
//! struct Quartic;
//!
//! impl<E: Scalar, D: Kernels<E>> Objective<E, D> for Quartic {
//!     type Network = Point;
//!
//!     fn network(&self) -> &Point {
//!         &Point
//!     }
//!
//!     fn loss<A: Algebra<Elem = E, Device = D>>(
//!         &self,
//!         _: &A,
//!         x: A::Of<(Const<2>,)>,
//!     ) -> Result<A::Of<Rank0>, Error> {
//!         Ok(A::sum(A::square(A::square(x))))
//!     }
//! }
//!
//! let loss = OnDevice::new::<f64>(Quartic, Cpu::default());
//! let x = [1.0, 2.0];
//! let (value, gradient) = loss.gradient(&x)?;
//! assert_eq!(value, 17.0);
//! assert_eq!(gradient, [4.0, 32.0]);
//! assert_eq!(loss.jacobian_vector_product(&x, &[1.0, 1.0])?, (17.0, 36.0));
//! assert_eq!(loss.hessian_vector_product(&x, &[1.0, 1.0])?, [12.0, 48.0]);
//! // Along many directions at one point, what they share is evaluated once.
//! let curvature = loss.linearize(&x);
//! assert_eq!(curvature.product(&[1.0, 0.0])?, [12.0, 0.0]);
//! assert_eq!(curvature.product(&[0.0, 1.0])?, [0.0, 48.0]);
//! # Ok::<(), Error>(())
//! ```
//!
//! # Features
//!
//! | feature | what it adds |
//! |---|---|
//! | `cuda` | everything above on an NVIDIA GPU, by dfdx's operations; needs the CUDA toolkit to build |
//! | `ci-check` | type-checks `cuda` where there is no toolkit; never ship such a build |
//! | `dfdx-kernels` | for tests: the CPU, too, runs what a GPU runs |
//!
//! # What it leaves out
//!
//! Dropout, batch statistics, attention with several heads, whole Hessians, and graphs that outlive
//! an evaluation: parameters are a flat vector, and each evaluation records its own tape.

#![expect(
    clippy::type_complexity,
    reason = "a tensor's type names its shape, element, device and tape"
)]
#![cfg_attr(
    feature = "dfdx-kernels",
    expect(dead_code, reason = "nothing runs the fused kernels")
)]

mod adjoints;
mod algebra;
mod composed;
#[cfg(feature = "cuda")]
mod cuda;
mod differentiate;
mod distribution;
mod error;
mod forward;
mod kernels;
mod linearization;
mod network;
mod optimizer;
mod scalar;
mod sequence;
mod tape;
mod taped;
mod value;
mod windows;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

#[doc(hidden)]
pub use algebra::GaussianTerm;
pub use algebra::{Activation, Algebra, Data, Recurrence, RecurrenceOf, RecurrenceTangentOf};
#[cfg(feature = "cuda")]
pub use cuda::cuda;
pub use differentiate::{Differentiable, Objective, OnDevice, bind, mixed_derivative};
pub use distribution::{Categorical, DiagonalGaussian, sample_categorical, sample_gaussian};
pub use error::Error;
pub use forward::{Dual, Forward, ReverseOverForward};
pub use kernels::Kernels;
pub use kernels::buffer::Buffer;
pub use linearization::{Kept, Linearization};
pub use network::{
    Binder, CausalAttention, CausalAttentionParameters, CausalConv, CausalConvParameters, Conv2d,
    Conv2dParameters, Dense, DenseParameters, EpisodicLstm, EpisodicLstmParameters, Gru,
    GruParameters, Initialization, LayerNorm, LayerNormParameters, Layout, Leaf, Lstm,
    LstmParameters, LstmState, Mlp, MlpParameters, Network,
};
pub use optimizer::{
    Adam, AdamConfig, Optimizer, RmsProp, RmsPropConfig, Sgd, SgdConfig, clip_norm,
};
pub use scalar::Scalar;
pub use tape::{SharedTape, TapeHandle};
pub use taped::{Plain, Reverse, Taped, Variables};
pub use value::Value;
pub use windows::{Image, ImageLayout, Windows};
