//! Where an experiment comes from.

use std::path::Path;

use anyhow::Result;
use metarl::experiment::{Assignment, Experiment};

/// A shipped name, or the path of a file: whatever ends in `.toml` or has a separator.
pub(super) fn experiment(source: &str, assignments: &[Assignment]) -> Result<Experiment> {
    let is_file = source.ends_with(".toml") || source.contains(std::path::is_separator);
    Ok(if is_file {
        Experiment::from_file(Path::new(source), assignments)?
    } else {
        Experiment::named(source, assignments)?
    })
}
