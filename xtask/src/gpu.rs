//! CUDA: types without a toolkit, a bundle without a GPU, tests with one.

mod bundle;
mod toolkit;

use std::str::FromStr;

use anyhow::{Context, Result, bail, ensure};
use xshell::{Shell, cmd};

use crate::workspace::{CUDA, packages};

/// Crates whose integration tests compute on the GPU when they are built with feature `cuda`, and which
/// of the tests: all whose name contains this. An agent's others hold it to bits, and on a GPU sums are
/// rounded in an order of their own.
const TESTED: [(&str, &str); 4] = [
    ("metarl-autodiff", ""),
    ("metarl-losses", ""),
    ("metarl-optim", ""),
    ("metarl-agents", "equation"),
];

/// The example that compares and times both devices.
const DEVICES: [&str; 4] = ["--package", "metarl-agents", "--example", "devices"];

/// What to do about CUDA.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Action {
    Check,
    Bundle,
    Test,
}

impl FromStr for Action {
    type Err = anyhow::Error;

    fn from_str(name: &str) -> Result<Self> {
        match name {
            "check" => Ok(Self::Check),
            "bundle" => Ok(Self::Bundle),
            "test" => Ok(Self::Test),
            _ => bail!("expected check, bundle or test, got {name}"),
        }
    }
}

pub(crate) fn gpu(sh: &Shell, action: Action, capability: &str) -> Result<()> {
    match action {
        Action::Check => check(sh),
        Action::Bundle => bundle::bundle(sh, capability),
        Action::Test => test(sh),
    }
}

/// Type-checks everything that offers CUDA, tests and all, and runs the operations' tests with what a
/// GPU runs. No GPU, driver or toolkit is needed.
pub(crate) fn check(sh: &Shell) -> Result<()> {
    let packages = packages(sh)?;
    let offering = packages.iter().filter(|package| package.offers(&CUDA));
    let names: Vec<&str> = offering.map(|package| package.name.as_str()).collect();
    let chosen = names.iter().flat_map(|name| ["--package", name]);
    let features = names
        .iter()
        .flat_map(|name| CUDA.map(|feature| format!("{name}/{feature}")));
    let features = features.collect::<Vec<_>>().join(",");
    cmd!(
        sh,
        "cargo check {chosen...} --all-targets --features {features}"
    )
    .run()?;
    let operations = ["--package", "metarl-autodiff", "--test", "it"];
    Ok(cmd!(
        sh,
        "cargo test {operations...} --features metarl-autodiff/dfdx-kernels"
    )
    .run()?)
}

/// Runs the tests on the GPU of this machine, and compares and times it with the CPU.
fn test(sh: &Shell) -> Result<()> {
    let gpus = cmd!(sh, "nvidia-smi --list-gpus")
        .quiet()
        .ignore_stderr()
        .read()
        .context("no NVIDIA driver: nvidia-smi does not run; `cargo xtask gpu check` needs none")?;
    ensure!(!gpus.is_empty(), "the driver sees no GPU");
    println!("{gpus}");
    cmd!(sh, "nvcc --version")
        .quiet()
        .ignore_stdout()
        .run()
        .context(
            "no CUDA compiler: put nvcc on the PATH and set CUDA_PATH, or run a bundle, which needs \
             neither: `cargo xtask gpu bundle` on any Linux machine",
        )?;
    for (package, names) in TESTED {
        let it = ["--package", package, "--test", "it", "--features"];
        cmd!(sh, "cargo test --release {it...} {package}/cuda -- {names}").run()?;
    }
    let features = ["--features", "metarl-agents/cuda"];
    Ok(cmd!(sh, "cargo run --release {DEVICES...} {features...}").run()?)
}
