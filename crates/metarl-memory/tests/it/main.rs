//! Tests of the crate as its users see it.

mod dictionary;
mod episodic_store;
mod episodic_table;
mod neighbors;
mod replay;
mod projection;
mod recency;
mod reference;
mod snapshot;
