//! Environments against the packages they reproduce.

use std::fmt::Write as _;
use std::fs;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use xshell::{Shell, cmd};

use crate::python::virtual_environment;

const REPORT: &str = "docs/parity.md";

/// Scripts below `xtask/parity` that play a package's environments, and the example of `metarl-envs`
/// that replays what they print.
const PAIRS: [(&str, &str); 2] = [
    ("classic_control.py", "parity"),
    ("min_atar.py", "min_atar_parity"),
];

const HEAD: &str = "\
# Parity with reference packages

Written by `cargo xtask parity`, which fetches the packages named in
[`xtask/parity/requirements.txt`](../xtask/parity/requirements.txt) from PyPI, plays their environments, and
replays the episodes here. Differences are of observations and rewards, relative to their size where that is
above 1; ends of episodes must agree.

Gymnasium's classic control is played under random actions. The double-precision reference starts from the same `reset(seed=…)` and must give the same bits. One
single-precision step from the reference's state must stay within 1e-5 of the reference's; over a whole episode
single precision drifts away, as it must where motion is chaotic, and a step that crosses the border of an
episode by less than rounding may end it in one precision alone: at most two of the steps may.

MinAtar's games are replayed with the numbers that the package drew, so that every cell, reward and end must be
the same. One player acts at random; the other looks into copies of the game, and so lives to see new walls and
waves, divers brought to the surface, and games that have become hard. Mean returns of random actions are each
side's own, from its own random numbers.

| environment | what is compared | steps | largest difference | allowed | |
|---|---|---|---|---|---|
";

pub(crate) fn parity(sh: &Shell, json: bool) -> Result<()> {
    let python = virtual_environment(sh, "target/parity/venv", "xtask/parity/requirements.txt")?;
    let mut comparisons = Vec::new();
    for (script, example) in PAIRS {
        let episodes = cmd!(sh, "{python} xtask/parity/{script}").read()?;
        let example = ["--package", "metarl-envs", "--example", example];
        let printed = cmd!(sh, "cargo run --quiet --release {example...}")
            .stdin(episodes)
            .read()?;
        ensure!(!printed.is_empty(), "{script}: nothing was compared");
        for line in printed.lines() {
            comparisons.push(serde_json::from_str::<Value>(line)?);
        }
    }

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
