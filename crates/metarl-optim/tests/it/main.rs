//! Meta-gradients against JAX, PyTorch, loops over `f64` and numbers known by hand.

mod closed_form;
mod conjugate_gradient;
mod device;
mod difference;
mod error;
mod fisher;
mod golden_maml;
mod meta_gradient;
mod policy;
mod proximal;
mod quadratic;
mod reference;
mod trust_region;
mod vector;
