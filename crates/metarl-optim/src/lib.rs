//! Meta-optimizers: how to learn from what learning did.
//!
//! The crate's one decision: **an optimizer sees a flat vector and asks for products.** It knows no
//! network and no tensor, only [`Differentiable`](metarl_autodiff::Differentiable): a value, a
//! gradient, and `H v`. Exact MAML over any number of inner steps is then a recursion of a few
//! lines ([`Adaptation`]), TRPO on its meta-parameters a conjugate gradient over Hessian-vector
//! products ([`TrustRegion`]), and both can be tested on functions whose derivatives are known by
//! hand.

mod conjugate_gradient;
mod error;
mod maml;
mod proximal;
mod trust_region;
pub mod vector;

pub use conjugate_gradient::conjugate_gradient;
pub use error::Error;
pub use maml::{Adaptation, MamlTask, MetaGradient};
pub use proximal::Proximal;
pub use trust_region::{Measured, TrustRegion, TrustRegionStep};
