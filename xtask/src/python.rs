//! Packages of the Python world, fetched for comparisons.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use xshell::{Shell, cmd};

/// Builds of torch for the CPU, which are small; those that pip finds by itself do without a GPU too.
const PYTORCH_INDEX: &str = "https://download.pytorch.org/whl/cpu/";

/// Ends with an error where an address does not answer soon.
const PROBE: &str = "import sys, urllib.request; urllib.request.urlopen(sys.argv[1], timeout=5)";

/// A Python that has the packages of a requirements file.
pub(crate) fn virtual_environment(sh: &Shell, folder: &str, requirements: &str) -> Result<PathBuf> {
    let python = interpreter(sh, folder)?;
    let install = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--requirement",
        requirements,
    ];
    let offline = cmd!(sh, "{python} {install...} --no-index").quiet();
    if offline.ignore_stderr().run().is_ok() {
        return Ok(python);
    }
    let index = if sh.read_file(requirements)?.contains("\ntorch==") && answers(sh, &python) {
        &["--extra-index-url", PYTORCH_INDEX][..]
    } else {
        &[]
    };
    cmd!(sh, "{python} {install...} {index...}")
        .run()
        .context("the packages could not be fetched from PyPI")?;
    Ok(python)
}

/// Whether that index is within reach. Asked once, for pip would ask five times for each package.
fn answers(sh: &Shell, python: &Path) -> bool {
    let probe = cmd!(sh, "{python} -c {PROBE} {PYTORCH_INDEX}").quiet();
    probe.ignore_stderr().run().is_ok()
}

/// A Python of its own; the virtual environment is made if it is not there.
pub(crate) fn interpreter(sh: &Shell, folder: &str) -> Result<PathBuf> {
    let python = program(&sh.current_dir(), folder);
    if !python.exists() {
        let venv = sh.current_dir().join(folder);
        cmd!(sh, "python3 -m venv {venv}").run().context(
            "Python 3 with its module venv is needed; on Debian: apt-get install python3-venv",
        )?;
    }
    Ok(python)
}

/// The Python of a virtual environment below the root of the repository.
pub(crate) fn program(root: &Path, folder: &str) -> PathBuf {
    root.join(folder).join("bin/python")
}
