//! Tests of the crate as its users see it.

mod agreement;
mod dictionary;
mod episodic_store;
mod episodic_table;
mod footprint;
mod neighbors;
mod projection;
mod recency;
mod reference;
mod replay;
mod snapshot;
#[cfg(feature = "dfdx")]
mod tensor;
