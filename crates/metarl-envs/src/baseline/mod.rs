//! Classical algorithms that know the family of a task but not the task, as bars to compare with.

pub mod bandit;
pub mod barcode;
pub mod tabular;
