//! Tests of the crate as its users see it.

mod kd_tree;
mod neighbors;
