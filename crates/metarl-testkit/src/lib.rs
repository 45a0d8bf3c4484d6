//! Conformance suites, strategies and gradient checks for metarl's crates and for yours.
//!
//! The crate's one decision: **a contract is code that can be run against any implementation, and
//! its failure messages are the contract's text.** Whoever writes an environment runs
//! [`conformance::check`] and reads there what it gets wrong.
//!
//! | module | what it gives |
//! |---|---|
//! | [`conformance`] | [`check`](conformance::check) for environments, [`check_distribution`](conformance::check_distribution) for task distributions |
//! | [`gradient`] | central differences and a comparison that names the element |
//! | [`rounds`] | the protocol in which a worker is measured beside a peer |
//! | [`strategy`] | proptest strategies for rollouts: rewards, values, endings, time × lane |
//!
//! # Examples
//!
//! ```
//! use metarl_testkit::gradient::{assert_close, central_difference};
//!
//! let slope = central_difference(|x| x[0] * x[0] + 3.0 * x[1], &[2.0, 5.0]);
//! assert_close(&slope, &[4.0, 3.0], 1e-9);
//! ```
//!
//! # What it leaves out
//!
//! Everything that is not a test: depend on it under `[dev-dependencies]`.

pub mod conformance;
pub mod gradient;
pub mod rounds;
pub mod strategy;
