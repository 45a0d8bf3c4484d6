//! Several seeds, one report.

use std::fs;

use serde_json::Value;

use crate::program::{TINY, content, metarl, succeeds, trained, workplace};

#[test]
fn smoke_learns_and_ends_with_a_line_of_json() {
    let folder = workplace();
    let arguments = ["reproduce", "rl2-bandit-smoke", "--seeds", "2", "--json"];

    let out = succeeds(&metarl(folder.path(), &arguments));

    let last = out.lines().last().expect("a line");
    let report: Value = serde_json::from_str(last).expect("JSON");
    assert_eq!(report["name"], "rl2-bandit-smoke");
    assert_eq!(report["metric"], "total_reward");
    assert_eq!(report["passed"], true);
    let number = |key: &str| report[key].as_f64().expect(key);
    assert!(number("measured") >= number("bar"));
    assert!(number("standard_error") > 0.0 && number("seconds") > 0.0);
    assert!(report["reference"].is_string());
    for row in [
        "Bayes optimum",
        "LEARNED",
        "bar",
        "random",
        "Gittins",
        "UCB1",
    ] {
        assert!(out.contains(row), "{row} is not in:\n{out}");
    }
    let curve = folder.path().join("runs/rl2-bandit-smoke/curve.svg");
    let svg = fs::read_to_string(curve).expect("a curve");
    for label in [
        "environment steps",
        "total reward",
        "Bayes optimum 6.02",
        "bar 5.30",
    ] {
        assert!(svg.contains(label), "{label} is not in the curve");
    }
}

#[test]
fn a_missed_bar_is_exit_code_1() {
    let folder = workplace();
    let text = TINY.replace("bar = 1.0", "bar = 9.5");
    fs::write(folder.path().join("high.toml"), text).expect("a writable folder");

    let output = metarl(
        folder.path(),
        &["reproduce", "high.toml", "--seeds", "1", "--json"],
    );

    assert_eq!(output.status.code(), Some(1));
    let out = String::from_utf8_lossy(&output.stdout);
    let report: Value = serde_json::from_str(out.lines().last().expect("a line")).expect("JSON");
    assert_eq!(report["passed"], false);
    assert!(out.contains("missed"), "{out}");
}

#[test]
fn what_is_there_is_not_done_again() {
    let folder = workplace();
    let arguments = ["reproduce", "tiny.toml", "--seeds", "2", "--out", "out"];
    let first = succeeds(&metarl(folder.path(), &arguments));
    let before = content(folder.path());

    let second = succeeds(&metarl(folder.path(), &arguments));

    assert_eq!(first, second);
    assert_eq!(content(folder.path()), before);
}

#[test]
fn the_seeds_of_a_reproduction_are_those_of_single_trainings() {
    let folder = workplace();
    let both = ["reproduce", "tiny.toml", "--seeds", "2", "--out", "out"];
    succeeds(&metarl(folder.path(), &both));
    let alone = ["train", "tiny.toml", "--seed", "1", "--out", "alone"];
    succeeds(&metarl(folder.path(), &alone));

    let tensors = |run: &str| {
        let run = metarl::run::Run::open(&folder.path().join(run)).expect("a run");
        let saved = run
            .saved()
            .expect("a good checkpoint")
            .expect("it was saved");
        saved.learner.parameters().to_vec()
    };
    assert_eq!(tensors("alone"), tensors("out/seed-1"));
    assert_ne!(tensors("out/seed-0"), tensors("out/seed-1"));
}

#[test]
fn evaluating_again_judges_again() {
    let folder = trained();
    let arguments = ["evaluate", "run", "--json"];
    let first = succeeds(&metarl(folder.path(), &arguments));
    let file = folder.path().join("run/evaluation.json");
    let text = fs::read_to_string(&file).expect("it was written");
    fs::write(&file, text.replace("\"mean\":", "\"mean\":1")).expect("a writable folder");

    let second = succeeds(&metarl(folder.path(), &arguments));

    assert_eq!(first, second);
    assert_eq!(fs::read_to_string(&file).expect("it is there"), text);
}
