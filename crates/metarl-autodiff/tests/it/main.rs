//! Values, gradients and curvature against plain `f64` loops.

mod categorical;
mod dense;
mod derivative;
mod file;
mod gaussian;
mod layout;
mod memory;
mod optimizer;
mod primitive;
mod recurrence;
mod reference;
mod serialization;
mod support;
