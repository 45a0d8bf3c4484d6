//! Libraries that features need and cargo cannot fetch.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use xshell::{Shell, cmd};

use crate::python;

/// The library of the feature `mujoco`, where `metarl-envs` looks for it.
pub(crate) const MUJOCO: &str = "third_party/mujoco/lib/libmujoco.so.3.17.0";
const VERSION: &str = "3.17.0";

/// Fetches MuJoCo's wheel from the package index, held to its hash, and unpacks the library and its licenses.
pub(crate) fn mujoco(sh: &Shell) -> Result<()> {
    ensure!(
        cfg!(all(target_os = "linux", target_arch = "x86_64")),
        "only the library for Linux x86-64 is fetched; install MuJoCo {VERSION} and set MUJOCO_LIBRARY to its file"
    );
    let scratch = sh.current_dir().join("target/setup/mujoco");
    sh.remove_path(&scratch)?;
    let python = python::interpreter(sh, "target/setup/venv")?;
    let wheel = "--no-deps --only-binary=:all: --python-version 3.11 --implementation cp --abi cp311 --platform manylinux_2_28_x86_64";
    let wheel = wheel.split(' ');
    let hashed = [
        "--require-hashes",
        "--requirement",
        "xtask/setup/mujoco.txt",
    ];
    cmd!(
        sh,
        "{python} -m pip download --quiet {wheel...} {hashed...} --dest {scratch}"
    )
    .run()
    .context("MuJoCo could not be fetched from PyPI")?;
    let file = sh.read_dir(&scratch)?;
    let file = file.first().context("pip downloaded nothing")?;
    cmd!(sh, "{python} -m zipfile --extract {file} {scratch}").run()?;

    let root = sh.current_dir();
    let library = root.join(MUJOCO);
    let folder = root.join("third_party/mujoco");
    let licenses = scratch.join(format!("mujoco-{VERSION}.dist-info/licenses"));
    sh.remove_path(&folder)?;
    put(
        &scratch.join(format!("mujoco/libmujoco.so.{VERSION}")),
        &library,
    )?;
    for license in ["LICENSE", "LICENSES_THIRD_PARTY.md"] {
        put(&licenses.join(license), &folder.join(license))?;
    }
    sh.remove_path(&scratch)?;

    let ask = "import ctypes, sys; f = ctypes.CDLL(sys.argv[1]).mj_versionString; f.restype = ctypes.c_char_p; print(f().decode())";
    let found = cmd!(sh, "{python} -c {ask} {library}").quiet().read()?;
    ensure!(
        found == VERSION,
        "the library says it is {found}, not {VERSION}"
    );
    println!(
        "MuJoCo {VERSION} lies in third_party/mujoco; the feature `mujoco` of metarl-envs finds it there"
    );
    Ok(())
}

/// Moves a file to a folder that is made if need be.
fn put(from: &Path, to: &Path) -> Result<()> {
    let folder = to.parent().context("a file lies in a folder")?;
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    fs::rename(from, to).with_context(|| format!("{} to {}", from.display(), to.display()))
}
