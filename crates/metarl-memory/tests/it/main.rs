//! Tests of the crate as its users see it.

mod dictionary;
mod neighbors;
mod recency;
mod reference;
