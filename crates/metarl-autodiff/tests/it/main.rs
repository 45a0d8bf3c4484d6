//! Values, gradients and curvature against plain `f64` loops.

mod dense;
mod primitive;
mod recurrence;
mod reference;
mod support;
