//! The bridge to Gymnasium, which needs a Python that has it.

use std::env;
use std::path::PathBuf;

use anyhow::{Context, Result};
use xshell::{Shell, cmd};

use crate::python::virtual_environment;

const FEATURE: [&str; 4] = ["--package", "metarl-envs", "--features", "gymnasium"];

pub(crate) fn bridge(sh: &Shell, measure: bool) -> Result<()> {
    let folder = "target/bridge/venv";
    let python = virtual_environment(sh, folder, "xtask/bridge/requirements.txt")?;
    // Which Python to build for, whose packages to use, where its library is, and that no test may
    // be skipped.
    let _build = sh.push_env("PYO3_PYTHON", &python);
    let _packages = sh.push_env("VIRTUAL_ENV", sh.current_dir().join(folder));
    let _library = sh.push_env(LIBRARY_PATH, library_path(sh, &python)?);
    let _required = sh.push_env("METARL_BRIDGE", "1");
    if measure {
        let example = ["--release", "--example", "gymnasium_overhead"];
        return Ok(cmd!(sh, "cargo run --quiet {FEATURE...} {example...}").run()?);
    }
    cmd!(
        sh,
        "cargo clippy {FEATURE...} --all-targets -- --deny warnings"
    )
    .run()?;
    cmd!(sh, "cargo test {FEATURE...} --test it -- gymnasium::").run()?;
    Ok(cmd!(sh, "cargo test {FEATURE...} --doc -- gymnasium").run()?)
}

const LIBRARY_PATH: &str = if cfg!(target_os = "macos") {
    "DYLD_LIBRARY_PATH"
} else {
    "LD_LIBRARY_PATH"
};

/// Where the loader finds libpython: the folder of this Python's, and those it looked in before.
fn library_path(sh: &Shell, python: &PathBuf) -> Result<std::ffi::OsString> {
    let script = "import sysconfig; print(sysconfig.get_config_var('LIBDIR'))";
    let folder = cmd!(sh, "{python} -c {script}").quiet().read()?;
    let before = env::var_os(LIBRARY_PATH).unwrap_or_default();
    let folders = [PathBuf::from(folder)];
    let folders = folders.into_iter().chain(env::split_paths(&before));
    env::join_paths(folders).context(LIBRARY_PATH)
}
