//! Environments against the packages they reproduce.

use std::fmt::Write as _;
use std::fs;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use xshell::{Shell, cmd};

use crate::python::virtual_environment;

const REPORT: &str = "docs/parity.md";

const HEAD: &str = "\
# Parity with reference packages

Written by `cargo xtask parity`, which fetches the packages named in
[`xtask/parity/requirements.txt`](../xtask/parity/requirements.txt) from PyPI, plays their environments under
random actions, and replays the episodes here. Differences are of observations and rewards, relative to their
size where that is above 1; ends of episodes must agree.

The double-precision reference starts from the same `reset(seed=…)` and must give the same bits. One
single-precision step from the reference's state must stay within 1e-5 of the reference's; over a whole episode
single precision drifts away, as it must where motion is chaotic, and a step that crosses the border of an
episode by less than rounding may end it in one precision alone: at most two of the steps may.

| environment | what is compared | steps | largest difference | allowed | |
|---|---|---|---|---|---|
";

pub(crate) fn parity(sh: &Shell, json: bool) -> Result<()> {
    let episodes = play(sh)?;
    let example = ["--package", "metarl-envs", "--example", "parity"];
    let printed = cmd!(sh, "cargo run --quiet --release {example...}")
        .stdin(episodes)
        .read()?;
    let comparisons = printed
        .lines()
        .map(serde_json::from_str)
        .collect::<Result<Vec<Value>, _>>()?;

    ensure!(!comparisons.is_empty(), "nothing was compared");

    let mut report = HEAD.to_owned();
    for comparison in &comparisons {
        let text = |key: &str| comparison[key].as_str().unwrap_or_default();
        let number = |key: &str| comparison[key].as_f64().unwrap_or(f64::NAN);
        let passed = comparison["passed"] == true;
        let line = format!(
            "| {} | {} | {} | {:.1e} | {:.0e} | {} |",
            text("environment"),
            text("reference"),
            comparison["steps"],
            number("max_difference"),
            number("tolerance"),
            if passed { "passed" } else { "**failed**" },
        );
        println!("{line}");
        writeln!(report, "{line}")?;
    }
    fs::write(sh.current_dir().join(REPORT), report).context(REPORT)?;
    if json {
        println!("{}", Value::from(comparisons.clone()));
    }
    let n_failed = comparisons.iter().filter(|c| c["passed"] != true).count();
    ensure!(n_failed == 0, "{n_failed} comparisons failed");
    Ok(())
}

/// Episodes of the reference packages, one JSON line each.
fn play(sh: &Shell) -> Result<String> {
    let python = virtual_environment(sh, "target/parity/venv", "xtask/parity/requirements.txt")?;
    Ok(cmd!(sh, "{python} xtask/parity/classic_control.py").read()?)
}
