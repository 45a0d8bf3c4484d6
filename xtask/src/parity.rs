//! Environments against the packages they reproduce.

use std::fmt::Write as _;
use std::fs;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use xshell::{Shell, cmd};

use crate::python::virtual_environment;
use crate::setup::{BOX2D, MUJOCO};

/// Environments that are compared together, and the page with what was measured.
struct Part {
    report: &'static str,
    head: &'static str,
    /// Packages, in a file below `xtask/parity`.
    requirements: &'static str,
    /// Scripts below `xtask/parity` that play a package's environments, and what replays the episodes.
    pairs: &'static [(&'static str, &'static [&'static str])],
    /// What has to be there, and what fetches it.
    needs: Option<[&'static str; 2]>,
}

const PARTS: [Part; 3] = [
    Part {
        report: "docs/parity.md",
        head: HEAD,
        requirements: "requirements.txt",
        pairs: &[
            ("classic_control.py", &["--example", "parity"]),
            ("min_atar.py", &["--example", "min_atar_parity"]),
        ],
        needs: None,
    },
    Part {
        report: "docs/parity-walker.md",
        head: WALKER_HEAD,
        requirements: "walker.txt",
        pairs: &[(
            "bipedal_walker.py",
            &["--features", "box2d", "--example", "walker_parity"],
        )],
        needs: Some([BOX2D, "cargo xtask setup box2d"]),
    },
    Part {
        report: "docs/parity-mujoco.md",
        head: MUJOCO_HEAD,
        requirements: "walking_robots.txt",
        pairs: &[(
            "walking_robots.py",
            &["--features", "mujoco", "--example", "mujoco_parity"],
        )],
        needs: Some([MUJOCO, "cargo xtask setup mujoco"]),
    },
];

const HEAD: &str = "\
# Parity with reference packages

Written by `cargo xtask parity`, which fetches the packages named in
[`xtask/parity/requirements.txt`](../xtask/parity/requirements.txt) from PyPI, plays their environments, and
replays the episodes here. Differences are of observations and rewards, relative to their size where that is
above 1; ends of episodes must agree. The walker and the robots of MuJoCo have pages of their own
([walker](parity-walker.md), [robots](parity-mujoco.md)).

Gymnasium's classic control is played under random actions. The double-precision reference starts from the same
`reset(seed=…)` and must give the same bits. One single-precision step from the reference's state must stay
within 1e-5 of the reference's; over a whole episode single precision drifts away, as it must where motion is
chaotic, and a step that crosses the border of an episode by less than rounding may end it in one precision
alone: at most two of the steps may.

MinAtar's games are replayed with the numbers that the package drew, so that every cell, reward and end must be
the same. One player acts at random; the other looks into copies of the game, and so lives to see new walls and
waves, divers brought to the surface, and games that have become hard. Mean returns of random actions are each
side's own, from its own random numbers.

| environment | what is compared | steps | largest difference | allowed | |
|---|---|---|---|---|---|
";

const WALKER_HEAD: &str = "\
# Parity of the walker

Written by `cargo xtask parity` where `cargo xtask setup box2d` has been run. It fetches the packages named in
[`xtask/parity/walker.txt`](../xtask/parity/walker.txt) from PyPI, plays Gymnasium's walkers in a fresh
environment for every episode, by the heuristic that comes with Gymnasium and under random actions, and replays
them here. In Box2D the course, observations and rewards must be the same bits from the same `reset(seed=…)`,
over whole episodes.

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
    let mut comparisons = Vec::new();
    for part in &PARTS {
        match part.needs {
            Some([path, command]) if !sh.path_exists(path) => {
                let report = part.report;
                println!(
                    "skipped: {report} is as it was, since {path} is missing; `{command}` fetches it"
                );
            }
            _ => comparisons.extend(compare(sh, part)?),
        }
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
    let venv = format!(
        "target/parity/{}",
        part.requirements.trim_end_matches(".txt")
    );
    let requirements = format!("xtask/parity/{}", part.requirements);
    let python = virtual_environment(sh, &venv, &requirements)?;
    let mut comparisons: Vec<Value> = Vec::new();
    for (script, example) in part.pairs {
        let episodes = cmd!(sh, "{python} xtask/parity/{script}").read()?;
        let run = ["run", "--quiet", "--release", "--package", "metarl-envs"];
        let example = *example;
        let printed = cmd!(sh, "cargo {run...} {example...}")
            .stdin(episodes)
            .read()?;
        ensure!(!printed.is_empty(), "{script}: nothing was compared");
        for line in printed.lines() {
            comparisons.push(serde_json::from_str(line)?);
        }
    }

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
