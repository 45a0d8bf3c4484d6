//! What building for CUDA needs, on a machine that has neither a GPU nor a toolkit.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::{fs, thread};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use xshell::{Shell, cmd};

use crate::python;

/// Where things lie, here and on the machine with the GPU: some kernels are compiled there when they
/// are first used, and dfdx remembers where the headers were when it was built.
pub(super) const PREFIX: &str = "/tmp/metarl-gpu";

const REQUIREMENTS: &str = "xtask/gpu/requirements.txt";

/// Parts of cudarc that are linked, the library of each, and the name it is asked for by at run time.
const LINKED: [(&str, &str, &str); 4] = [
    ("driver", "cuda", "libcuda.so.1"),
    ("nvrtc", "nvrtc", "libnvrtc.so.13"),
    ("cublas", "cublas", "libcublas.so.13"),
    ("cublaslt", "cublasLt", "libcublasLt.so.13"),
];

/// Brings everything to [`PREFIX`]: the compiler and headers, libraries to link with, and programs that
/// dfdx's build script calls.
pub(super) fn set_up(sh: &Shell, capability: &str) -> Result<()> {
    fetch(sh)?;
    let stubs = format!("{PREFIX}/cuda/lib64/stubs");
    sh.create_dir(&stubs)?;
    let cudarc = source_of(sh, "cudarc")?;
    for (part, library, name) in LINKED {
        let declared = sh.read_file(format!("{cudarc}/src/{part}/sys.rs"))?;
        let source = format!("{stubs}/{library}.c");
        sh.write_file(&source, stub(&declared))?;
        let output = format!("{stubs}/lib{library}.so");
        cmd!(sh, "cc -shared -Wl,-soname,{name} -o {output} {source}")
            .quiet()
            .run()
            .context("a C compiler is needed; on Debian: apt-get install gcc")?;
    }
    // All that dfdx asks of it.
    let answer = format!("#!/bin/sh\nprintf 'compute_cap\\n{capability}\\n'\n");
    program(sh, "nvidia-smi", &answer)?;
    // dfdx starts one for each of its kernels, all at once: as many as there are cores may run. Nobody
    // reads warnings before all are done; they would fill a pipe, and wait for it with the lock held.
    let n_cores = thread::available_parallelism().map_or(1, usize::from);
    let lock = format!("{PREFIX}/nvcc-$(($$ % {n_cores})).lock");
    let in_turn = format!("#!/bin/sh\nexec flock {lock} {PREFIX}/cuda/bin/nvcc -w \"$@\"\n");
    program(sh, "nvcc", &in_turn)
}

/// Fetches the wheels, held to their hashes, unless they are there.
fn fetch(sh: &Shell) -> Result<()> {
    let wanted = sh.read_file(REQUIREMENTS)?;
    let stamp = format!("{PREFIX}/fetched.txt");
    if fs::read_to_string(&stamp).is_ok_and(|fetched| fetched == wanted) {
        return Ok(());
    }
    let python = python::interpreter(sh, "target/gpu/venv")?;
    let wheels = format!("{PREFIX}/pip");
    sh.remove_path(&wheels)?;
    let pip = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-compile",
    ];
    let hashed = ["--only-binary=:all:", "--require-hashes", "--requirement"];
    cmd!(
        sh,
        "{python} {pip...} {hashed...} {REQUIREMENTS} --target {wheels}"
    )
    .run()
    .context("the CUDA compiler could not be fetched from PyPI")?;
    let cuda = format!("{PREFIX}/cuda");
    sh.remove_path(&cuda)?;
    cmd!(sh, "mv {wheels}/nvidia/cu13 {cuda}").run()?;
    sh.remove_path(&wheels)?;
    Ok(sh.write_file(stamp, wanted)?)
}

/// The folder of a package's sources.
fn source_of(sh: &Shell, name: &str) -> Result<String> {
    let metadata = cmd!(
        sh,
        "cargo metadata --locked --format-version 1 --features metarl/cuda"
    )
    .quiet()
    .read()?;
    let metadata: Value = serde_json::from_str(&metadata)?;
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let manifest = packages
        .filter(|package| package["name"] == name)
        .find_map(|package| package["manifest_path"].as_str())
        .with_context(|| format!("the workspace does not use {name}"))?;
    let folder = Path::new(manifest)
        .parent()
        .context("a manifest has a folder")?;
    Ok(folder.display().to_string())
}

/// A library with every function that bindings declare: enough to link with, for a machine that has the
/// real one.
fn stub(bindings: &str) -> String {
    let declared: BTreeSet<&str> = bindings
        .lines()
        .filter_map(|line| line.trim().strip_prefix("pub fn "))
        .filter_map(|rest| rest.split_once('(').map(|(name, _)| name))
        .collect();
    let mut source = String::new();
    for name in declared {
        let _ = writeln!(source, "void {name}(void) {{}}");
    }
    source
}

fn program(sh: &Shell, name: &str, script: &str) -> Result<()> {
    let path = format!("{PREFIX}/bin/{name}");
    sh.write_file(&path, script)?;
    Ok(cmd!(sh, "chmod +x {path}").quiet().run()?)
}

/// `90` of the capability 9.0.
pub(super) fn architecture(capability: &str) -> Result<String> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let parts = capability.split_once('.');
    ensure!(
        parts.is_some_and(|(major, minor)| digits(major) && digits(minor)),
        "a compute capability is written like 9.0, got {capability}; that of a GPU is told by \
         nvidia-smi --query-gpu=compute_cap --format=csv"
    );
    Ok(capability.replace('.', ""))
}

#[cfg(test)]
mod tests {
    use super::{architecture, stub};

    #[test]
    fn a_stub_has_each_declared_function_once() {
        let bindings = "extern \"C\" {\n    pub fn cuInit(flags: u32) -> i32;\n}\n\
                        pub fn cuInit(x: i32);\nfn own() {}\npub fn cuB(\n    x: i32,\n);";
        assert_eq!(stub(bindings), "void cuB(void) {}\nvoid cuInit(void) {}\n");
    }

    #[test]
    fn a_capability_has_two_numbers() {
        assert_eq!(architecture("9.0").ok().as_deref(), Some("90"));
        assert_eq!(architecture("12.0").ok().as_deref(), Some("120"));
        for wrong in ["90", "9.", ".0", "sm_90", "9.0a", ""] {
            assert!(architecture(wrong).is_err(), "{wrong}");
        }
    }
}
