//! Barcode bandits: a row for each exposure, and epochs that are whole.

use std::fs;

use crate::program::{metarl, refuses, succeeds, workplace};

/// Some seconds of training on epochs of a hundred trials.
const TINY_BARCODE: &str = r#"
name = "tiny-barcode"
title = "the fewest epochs"
minutes_per_seed = 0.01
n_seeds = 2

[system]
kind = "rl2"
core = "episodic-lstm"
n_episodes = 1
n_trials = 100
environment = { kind = "barcode-bandit" }
hidden = 4
n_lanes = 4
lanes_per_shard = 2
n_minibatches = 2
n_iterations = 1

[evaluation]
n_tasks = 4

[[targets]]
metric = "exposure_3"
bar = 0.1
reference = "anything at all"
"#;

#[test]
fn a_reproduction_shows_every_exposure() {
    let folder = workplace();
    fs::write(folder.path().join("barcode.toml"), TINY_BARCODE).expect("a writable folder");

    let out = succeeds(&metarl(folder.path(), &["reproduce", "barcode.toml"]));

    let rows = |line: &&str| {
        let first = line.split('|').nth(1).map(str::trim);
        first.is_some_and(|cell| cell.parse::<u32>().is_ok())
    };
    assert_eq!(out.lines().filter(rows).count(), 10, "{out}");
    for column in [
        "exposure",
        "LEARNED",
        "perfect memory",
        "Bayes optimum, no memory",
    ] {
        assert!(out.contains(column), "{column} is not in:\n{out}");
    }
    assert!(out.contains("passed: exposure_3"), "{out}");
    let svg = folder.path().join("runs/tiny-barcode/profile.svg");
    let svg = fs::read_to_string(svg).expect("a profile");
    for label in [
        "exposure",
        "perfect memory 8.",
        "no memory 4.44",
        "random 1.80",
    ] {
        assert!(svg.contains(label), "{label} is not in the profile");
    }
}

#[test]
fn an_epoch_that_is_not_whole_is_refused() {
    let folder = workplace();
    for (line, replacement, key) in [
        ("n_trials = 100", "n_trials = 99", "n_trials"),
        ("n_episodes = 1", "n_episodes = 2", "n_episodes"),
        ("core = \"episodic-lstm\"", "core = \"episodic\"", "core"),
        (
            "metric = \"exposure_3\"",
            "metric = \"exposure_11\"",
            "metric",
        ),
    ] {
        let text = TINY_BARCODE.replace(line, replacement);
        fs::write(folder.path().join("bad.toml"), text).expect("a writable folder");
        let output = metarl(folder.path(), &["train", "bad.toml", "--out", "run"]);
        refuses(&output, &["bad.toml", key]);
        assert!(!folder.path().join("run").exists());
    }
}
