//! Compiles Box2D and the shim, if the feature asks for it.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

fn main() -> Result<(), String> {
    println!("cargo::rerun-if-changed=src/shim");
    println!("cargo::rerun-if-env-changed=METARL_BOX2D");
    if env::var_os("CARGO_FEATURE_COMPILED").is_none() {
        return Ok(());
    }
    let folder = env::var_os("METARL_BOX2D").map_or_else(default_folder, PathBuf::from);
    let sources = sources(&folder.join("Box2D"))?;
    println!("cargo::rerun-if-changed={}", folder.display());
    cc::Build::new()
        .cpp(true)
        .files(sources)
        .file("src/shim/shim.cpp")
        // Its `Python.h` takes the place of Python's, of which Box2D here wants only the errors.
        .include("src/shim")
        .include(&folder)
        .define("NDEBUG", None)
        // The same bits on every build: optimized, and no multiplication contracted with an addition.
        .opt_level(2)
        .flag_if_supported("-ffp-contract=off")
        .warnings(false)
        .try_compile("metarl_box2d")
        .map_err(|error| format!("Box2D does not compile: {error}"))
}

/// Where `cargo xtask setup box2d` puts them.
fn default_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../third_party/box2d")
}

/// All C++ files of a folder, in a fixed order.
fn sources(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let missing = |error| {
        format!(
            "Box2D's sources are not in {} ({error}); fetch them with `cargo xtask setup box2d`",
            folder.display()
        )
    };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(missing)? {
        let path = entry.map_err(missing)?.path();
        if path.is_dir() {
            found.extend(sources(&path)?);
        } else if path.extension().is_some_and(|end| end == "cpp") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
