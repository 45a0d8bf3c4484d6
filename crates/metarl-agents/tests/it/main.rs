//! RL², MAML-RL and matching networks against plain `f64` loops, and what their users rely on.
#![expect(
    clippy::unwrap_used,
    reason = "a helper that fails is a test that fails"
)]

mod device;
mod maml;
mod matching;
mod rl2;
mod support;
mod value_based;
