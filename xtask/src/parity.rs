//! Environments against the packages they reproduce.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use xshell::{Shell, cmd};

use crate::python::virtual_environment;
use crate::setup::BOX2D;

const REPORT: &str = "docs/parity.md";

const HEAD: &str = "\
# Parity with reference packages

Written by `cargo xtask parity`, which fetches the packages named in
[`xtask/parity/requirements.txt`](../xtask/parity/requirements.txt) from PyPI, plays their environments, and
replays the episodes here. Differences are of observations and rewards; ends of episodes must agree.

Classic control is played under random actions, and differences are relative to their size where that is above 1.
The double-precision reference starts from the same `reset(seed=…)` and must give the same bits. One
single-precision step from the reference's state must stay within 1e-5 of the reference's; over a whole episode
single precision drifts away, as it must where motion is chaotic, and a step that crosses the border of an
episode by less than rounding may end it in one precision alone: at most two of the steps may.

The walker is played in a fresh environment for every episode, by the heuristic that comes with Gymnasium and
under random actions. In Box2D its course, observations and rewards must be the same bits from the same
`reset(seed=…)`, over whole episodes. It is compared where `cargo xtask setup box2d` has fetched Box2D's sources.

| environment | what is compared | steps | largest difference | allowed | |
|---|---|---|---|---|---|
";

/// A script that plays a package's environments, and the example that replays the episodes.
struct Part {
    script: &'static str,
    example: &'static str,
    /// Features the example needs.
    features: &'static str,
    /// What has to be there, and what fetches it.
    needs: Option<[&'static str; 2]>,
}

const PARTS: [Part; 2] = [
    Part {
        script: "xtask/parity/classic_control.py",
        example: "parity",
        features: "",
        needs: None,
    },
    Part {
        script: "xtask/parity/bipedal_walker.py",
        example: "walker_parity",
        features: "box2d",
        needs: Some([BOX2D, "cargo xtask setup box2d"]),
    },
];

pub(crate) fn parity(sh: &Shell, json: bool) -> Result<()> {
    let python = virtual_environment(sh, "target/parity/venv", "xtask/parity/requirements.txt")?;
    let mut comparisons = Vec::new();
    let mut skipped = String::new();
    for part in PARTS {
        if let Some([path, command]) = part.needs.filter(|[path, _]| !sh.path_exists(path)) {
            let script = part.script;
            let line = format!("Skipped: {script}, since {path} is missing; `{command}` makes it.");
            println!("{line}");
            writeln!(skipped, "\n{line}")?;
            continue;
        }
        comparisons.extend(part.compare(sh, &python)?);
    }

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
    report.push_str(&skipped);
    fs::write(sh.current_dir().join(REPORT), report).context(REPORT)?;
    if json {
        println!("{}", Value::from(comparisons.clone()));
    }
    let n_failed = comparisons.iter().filter(|c| c["passed"] != true).count();
    ensure!(n_failed == 0, "{n_failed} comparisons failed");
    Ok(())
}

impl Part {
    /// Plays the package's environments, one JSON line an episode, and replays them.
    fn compare(&self, sh: &Shell, python: &Path) -> Result<Vec<Value>> {
        let Self {
            script,
            example,
            features,
            ..
        } = self;
        let episodes = cmd!(sh, "{python} {script}").read()?;
        let example = ["--example", example, "--features", features];
        let run = ["run", "--quiet", "--release", "--package", "metarl-envs"];
        let printed = cmd!(sh, "cargo {run...} {example...}")
            .stdin(episodes)
            .read()?;
        let comparisons = printed.lines().map(serde_json::from_str);
        Ok(comparisons.collect::<Result<_, _>>()?)
    }
}
