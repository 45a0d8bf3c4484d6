//! Losses against plain `f64` loops, and the laws between them.

mod clip_range;
mod device;
mod equation;
mod law;
mod mismatch;
mod reference;
mod support;
