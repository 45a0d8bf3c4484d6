//! Integration tests.
mod conformance;
mod distribution;
mod gradient;
mod strategy;
mod walk;
