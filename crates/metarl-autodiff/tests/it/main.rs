//! Values, gradients and curvature against plain `f64` loops.

mod attention;
mod categorical;
mod convolution;
mod dense;
mod derivative;
mod device;
mod file;
mod gaussian;
mod layer;
mod layer_norm;
mod layout;
#[cfg(not(any(feature = "cuda", feature = "dfdx-kernels")))]
mod memory;
mod optimizer;
mod primitive;
mod recurrence;
mod reference;
mod serialization;
mod support;
