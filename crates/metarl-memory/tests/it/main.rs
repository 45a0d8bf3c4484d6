//! Tests of the crate as its users see it.

mod agreement;
mod footprint;
mod neighbors;
