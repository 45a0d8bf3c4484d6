//! Packages of the Python world, fetched for comparisons.

use std::path::PathBuf;

use anyhow::{Context, Result};
use xshell::{Shell, cmd};

/// A Python that has the packages of a requirements file; the virtual environment is made if it is
/// not there.
pub(crate) fn virtual_environment(sh: &Shell, folder: &str, requirements: &str) -> Result<PathBuf> {
    let python = interpreter(sh, folder)?;
    cmd!(
        sh,
        "{python} -m pip install --quiet --requirement {requirements}"
    )
    .run()
    .context("the packages could not be fetched from PyPI")?;
    Ok(python)
}

/// A Python with pip and no packages in a virtual environment, which is made if it is not there.
pub(crate) fn interpreter(sh: &Shell, folder: &str) -> Result<PathBuf> {
    let venv = sh.current_dir().join(folder);
    let python = venv.join("bin/python");
    if !python.exists() {
        cmd!(sh, "python3 -m venv {venv}").run().context(
            "Python 3 with its module venv is needed; on Debian: apt-get install python3-venv",
        )?;
    }
    Ok(python)
}
