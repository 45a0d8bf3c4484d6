//! Meta-optimizers: how to learn from what learning did.
//!
//! The crate's one decision: **an optimizer sees a flat vector and asks for products.** It knows no
//! network and no tensor, only [`Differentiable`](metarl_autodiff::Differentiable): a value, a
//! gradient, and `H v`. Exact MAML over any number of inner steps is then a recursion of a few
//! lines ([`Adaptation`]), TRPO on its meta-parameters a conjugate gradient over Hessian-vector
//! products ([`TrustRegion`]), and both can be tested on functions whose derivatives are known by
//! hand.
//!
//! | type | paper |
//! |---|---|
//! | [`Adaptation`], [`MamlTask`] | MAML and first-order MAML, [arXiv:1703.03400](https://arxiv.org/abs/1703.03400) |
//! | [`TrustRegion`], [`conjugate_gradient`] | TRPO, [arXiv:1502.05477](https://arxiv.org/abs/1502.05477) |
//! | [`Proximal`] | PPO, [arXiv:1707.06347](https://arxiv.org/abs/1707.06347) |
//!
//! # Examples
//!
//! One inner step on `½ c θ²` with step size α goes to `(1 − α c) θ`, and a change of θ shrinks by
//! the same factor, which first-order MAML leaves out:
//!
//! ```
//! use metarl_autodiff::{Buffer, Differentiable, Error};
//! use metarl_optim::{MamlTask, MetaGradient};
//!
//! /// ½ c θ²
//! struct Bowl(f64);
//!
//! impl Differentiable<f64> for Bowl {
//!     fn n_parameters(&self) -> usize {
//!         1
//!     }
//!     fn value(&self, x: &[f64]) -> Result<f64, Error> {
//!         Ok(0.5 * self.0 * x[0] * x[0])
//!     }
//!     fn gradient(&self, x: &[f64]) -> Result<(f64, Buffer<f64>), Error> {
//!         Ok((self.value(x)?, vec![self.0 * x[0]].into()))
//!     }
//!     fn hessian_vector_product(&self, _: &[f64], v: &[f64]) -> Result<Buffer<f64>, Error> {
//!         Ok(vec![self.0 * v[0]].into())
//!     }
//! }
//!
//! // α = ¼ and c = 2: from 8 to 4, where the slope of ½ θ² is 4.
//! let task = MamlTask { support: vec![Bowl(2.0)], query: Bowl(1.0), inner_lr: 0.25 };
//! let first = task.gradient(&[8.0], MetaGradient::FirstOrder)?;
//! assert_eq!(first, (8.0, vec![4.0].into()));
//! let exact = task.gradient(&[8.0], MetaGradient::SecondOrder)?;
//! assert_eq!(exact, (8.0, vec![2.0].into()));
//! # Ok::<(), metarl_optim::Error>(())
//! ```
//!
//! # What it leaves out
//!
//! What the losses are, and how many tasks there are: the agents' crate says that. First-order
//! steps are [`metarl_autodiff`]'s: [`Sgd`](metarl_autodiff::Sgd),
//! [`RmsProp`](metarl_autodiff::RmsProp), [`Adam`](metarl_autodiff::Adam).

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

mod conjugate_gradient;
mod error;
mod maml;
mod proximal;
mod trust_region;
pub mod vector;

pub use conjugate_gradient::conjugate_gradient;
pub use error::Error;
pub use maml::{Adaptation, AdaptationJacobian, MamlTask, MetaGradient};
pub use proximal::Proximal;
pub use trust_region::{Measured, TrustRegion, TrustRegionStep};
