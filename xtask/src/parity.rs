//! Environments against the packages they reproduce.

use std::fmt::Write as _;
use std::fs;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use xshell::{Shell, cmd};

use crate::python::virtual_environment;
use crate::setup::MUJOCO;

/// Environments of one feature, and the page with what was measured.
struct Part {
    report: &'static str,
    head: &'static str,
    /// Below `xtask/parity`, for their packages and to play them.
    requirements: &'static str,
    script: &'static str,
    /// What replays the episodes.
    example: &'static [&'static str],
}

const CLASSIC_CONTROL: Part = Part {
    report: "docs/parity.md",
    head: HEAD,
    requirements: "requirements.txt",
    script: "classic_control.py",
    example: &["--example", "parity"],
};

const WALKING_ROBOTS: Part = Part {
    report: "docs/parity-mujoco.md",
    head: MUJOCO_HEAD,
    requirements: "walking_robots.txt",
    script: "walking_robots.py",
    example: &["--features", "mujoco", "--example", "mujoco_parity"],
};

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

const MUJOCO_HEAD: &str = "\
# Parity of walking robots

Written by `cargo xtask parity` where `cargo xtask setup mujoco` has been run. It fetches the packages named in
[`xtask/parity/walking_robots.txt`](../xtask/parity/walking_robots.txt) from PyPI, plays Gymnasium's robots under
random actions, three times 200 steps of each, and replays them here from the same positions and velocities.
Both sides use MuJoCo 3.17.0; the models here lack what cannot move anything. The literature's tasks are compared
with their rewards and models written a second time, in Python, on top of Gymnasium's.

Both sides compute in double precision, from the same actions: ones that single precision can tell, which
Gymnasium is handed as doubles, because of single-precision ones it adds up the control cost in single
precision. Differences are of observations and rewards, relative to their size where that is above 1; what is
not 0 is another order of summing contact forces. Ends must agree; an episode goes on behind them.

| environment | what is compared | steps | largest difference | allowed | |
|---|---|---|---|---|---|
";

pub(crate) fn parity(sh: &Shell, json: bool) -> Result<()> {
    let mut comparisons = compare(sh, &CLASSIC_CONTROL)?;
    if sh.path_exists(MUJOCO) {
        comparisons.extend(compare(sh, &WALKING_ROBOTS)?);
    } else {
        println!(
            "skipped: walking robots, because {MUJOCO} is not there; `cargo xtask setup mujoco` fetches it"
        );
    }
    if json {
        println!("{}", Value::from(comparisons.clone()));
    }
    let n_failed = comparisons.iter().filter(|c| c["passed"] != true).count();
    ensure!(n_failed == 0, "{n_failed} comparisons failed");
    Ok(())
}

/// Plays and replays the environments of a part, and writes its page.
fn compare(sh: &Shell, part: &Part) -> Result<Vec<Value>> {
    let episodes = play(sh, part)?;
    let example = part.example;
    let printed = cmd!(
        sh,
        "cargo run --quiet --release --package metarl-envs {example...}"
    )
    .stdin(episodes)
    .read()?;
    let comparisons = printed
        .lines()
        .map(serde_json::from_str)
        .collect::<Result<Vec<Value>, _>>()?;

    ensure!(!comparisons.is_empty(), "nothing was compared");

    let mut report = part.head.to_owned();
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
    fs::write(sh.current_dir().join(part.report), report).context(part.report)?;
    Ok(comparisons)
}

/// Episodes of the reference packages, one JSON line each.
fn play(sh: &Shell, part: &Part) -> Result<String> {
    let Part {
        requirements,
        script,
        ..
    } = part;
    let venv = format!("target/parity/{}", script.trim_end_matches(".py"));
    let requirements = format!("xtask/parity/{requirements}");
    let python = virtual_environment(sh, &venv, &requirements)?;
    Ok(cmd!(sh, "{python} xtask/parity/{script}").read()?)
}
