//! What each command runs.

use std::time::Instant;

use anyhow::{Result, ensure};
use xshell::{Shell, cmd};

use crate::workspace::{MUJOCO, Package, Workspace, packages};
use crate::{gpu, tidy};

/// Crates whose integration tests hold derivatives against finite differences.
const DIFFERENTIATED: [&str; 3] = ["metarl-autodiff", "metarl-losses", "metarl-optim"];

/// Features in pure Rust that are off by default; the others need what is not on every machine.
const FEATURES: [&str; 2] = ["--features", "metarl/terrain"];

type Stage = (&'static str, fn(&Shell) -> Result<()>);

const CI: [Stage; 6] = [
    ("tidy", tidy),
    ("check", check),
    ("doc", doc),
    ("features", features),
    ("gpu check", gpu::check),
    ("test", test),
];

pub(crate) fn test(sh: &Shell) -> Result<()> {
    Ok(cmd!(sh, "cargo test --workspace {FEATURES...}").run()?)
}

pub(crate) fn check(sh: &Shell) -> Result<()> {
    cmd!(sh, "cargo fmt --all --check").run()?;
    cmd!(
        sh,
        "cargo clippy --workspace --all-targets {FEATURES...} -- --deny warnings"
    )
    .run()?;
    Ok(())
}

pub(crate) fn tidy(sh: &Shell) -> Result<()> {
    let violations = tidy::violations(&Workspace::load(sh)?);
    for violation in &violations {
        eprintln!("{violation}");
    }
    ensure!(
        violations.is_empty(),
        "{} violations of the workspace's rules",
        violations.len()
    );
    Ok(())
}

pub(crate) fn gradcheck(sh: &Shell) -> Result<()> {
    let packages = DIFFERENTIATED.iter().flat_map(|name| ["--package", name]);
    cmd!(sh, "cargo test {packages...} --test it").run()?;
    // Every `f32` there is, which takes minutes without optimization.
    let activations = ["--package", "metarl-autodiff", "--lib", "activation"];
    Ok(cmd!(sh, "cargo test --release {activations...}").run()?)
}

pub(crate) fn features(sh: &Shell) -> Result<()> {
    let packages = packages(sh)?;
    let published = || packages.iter().filter(|package| package.is_crate());
    for Package { name, .. } in published() {
        cmd!(sh, "cargo check --package {name}").run()?;
    }
    // Their library is opened at run time, so they compile where it is missing.
    for Package { name, .. } in published().filter(|package| package.offers(&MUJOCO)) {
        cmd!(
            sh,
            "cargo check --package {name} --features mujoco --all-targets"
        )
        .run()?;
    }
    Ok(())
}

pub(crate) fn bench(sh: &Shell, filter: Option<&str>) -> Result<()> {
    let packages = packages(sh)?;
    let benches: Vec<(&str, &str)> = packages
        .iter()
        .flat_map(|package| package.targets.iter().map(move |target| (package, target)))
        .filter(|(_, target)| target.kind == "bench")
        .map(|(package, target)| (package.name.as_str(), target.name.as_str()))
        .collect();
    ensure!(!benches.is_empty(), "no crate has a benchmark");
    for (package, bench) in benches {
        let run = ["bench", "--package", package, "--bench", bench, "--"];
        cmd!(sh, "cargo {run...} {filter...}").run()?;
    }
    Ok(())
}

pub(crate) fn doc(sh: &Shell) -> Result<()> {
    let _flags = sh.push_env("RUSTDOCFLAGS", "--deny warnings");
    Ok(cmd!(sh, "cargo doc --workspace --no-deps {FEATURES...}").run()?)
}

pub(crate) fn ci(sh: &Shell) -> Result<()> {
    for (name, stage) in CI {
        let start = Instant::now();
        println!("── {name}");
        stage(sh)?;
        println!("── {name} passed in {:.0} s", start.elapsed().as_secs_f64());
    }
    Ok(())
}
