//! Conformance suites, strategies and gradient checks for metarl's crates and for yours.
