//! The sources of the feature `box2d`.

use anyhow::{Context, Result};
use xshell::{Shell, cmd};

use crate::python::interpreter;

/// Where Box2D's sources lie once they are fetched.
pub(crate) const BOX2D: &str = "third_party/box2d";

/// The C++ sources of Box2D 2.3.0, zlib license, as the Python package that Gymnasium uses has them.
pub(crate) fn box2d(sh: &Shell) -> Result<()> {
    let python = interpreter(sh, "target/setup/venv")?;
    let download = "target/setup/box2d";
    sh.remove_path(download)?;
    let pip = ["-m", "pip", "download", "--quiet", "--no-deps"];
    let what = ["--no-binary=:all:", "--require-hashes", "--requirement"];
    cmd!(
        sh,
        "{python} {pip...} {what...} xtask/setup/box2d.txt --dest {download}"
    )
    .run()
    .context("the source package of Box2D could not be fetched from PyPI")?;
    let package = "Box2D-2.3.2";
    cmd!(
        sh,
        "tar --extract --gzip --file {download}/{package}.tar.gz --directory {download}"
    )
    .run()?;
    sh.remove_path(BOX2D)?;
    sh.create_dir(BOX2D)?;
    for part in ["Box2D", "LICENSE"] {
        cmd!(sh, "cp -R {download}/{package}/{part} {BOX2D}").run()?;
    }
    println!("Box2D's sources are in {BOX2D}");
    Ok(())
}
