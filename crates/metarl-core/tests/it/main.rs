//! Integration tests.
#![expect(
    clippy::unwrap_used,
    reason = "a helper that fails is a test that fails"
)]

mod allocation;
mod counting;
mod evaluation;
mod policy;
mod rollout;
mod seam;
mod seed;
mod serialization;
mod space;
mod task;
mod trial;
