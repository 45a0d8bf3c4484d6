//! Experiments that cannot be: the key, the value and what is allowed, in one line, and no folder.

use std::fs;

use crate::program::{TINY, metarl, refuses, workplace};

/// Trains the tiny experiment with a line of its file replaced.
#[track_caller]
fn file_is_refused(line: &str, replacement: &str, parts: &[&str]) {
    let folder = workplace();
    let text = TINY.replace(line, replacement);
    assert_ne!(text, TINY, "'{line}' is not in the file");
    fs::write(folder.path().join("bad.toml"), text).expect("a writable folder");

    let output = metarl(folder.path(), &["train", "bad.toml", "--out", "run"]);

    refuses(&output, &[&["bad.toml"], parts].concat());
    assert!(!folder.path().join("run").exists());
}

#[track_caller]
fn assignment_is_refused(assignment: &str, parts: &[&str]) {
    let folder = workplace();
    let arguments = ["train", "tiny.toml", "--out", "run", "--set", assignment];

    let output = metarl(folder.path(), &arguments);

    refuses(&output, parts);
    assert!(!folder.path().join("run").exists());
}

#[test]
fn an_unknown_name_gets_the_nearest_and_all() {
    let folder = workplace();
    for command in ["train", "reproduce"] {
        let output = metarl(folder.path(), &[command, "rl2-bandit-10x6"]);
        let expected = [
            "'rl2-bandit-10x6'",
            "did you mean 'rl2-bandit-10x5'?",
            "rl2-mdp-10",
        ];
        refuses(&output, &expected);
    }
    refuses(
        &metarl(folder.path(), &["train", "none.toml"]),
        &["none.toml"],
    );
}

#[test]
fn unknown_keys_are_named() {
    let expected = ["system", "lerning_rate", "learning_rate"];
    file_is_refused("hidden = 8", "lerning_rate = 0.1", &expected);
    file_is_refused(
        "name = \"tiny\"",
        "name = \"tiny\"\nspeed = 3",
        &["speed", "n_seeds"],
    );
    file_is_refused(
        "arms = 2",
        "arms = 2, legs = 2",
        &["system.environment.legs", "arms"],
    );
    file_is_refused(
        "n_tasks = 200",
        "n_task = 200",
        &["evaluation", "n_task", "n_tasks"],
    );
    assignment_is_refused("system.lerning_rate=0.1", &expected);
    assignment_is_refused("sistem.hidden=8", &["sistem", "system"]);
    assignment_is_refused("system.hidden.units=8", &["system.hidden", "units"]);
    assignment_is_refused("system.hidden", &["system.hidden", "key=value"]);
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let folder = workplace();
    let output = metarl(folder.path(), &["train", "nowhere.toml"]);
    refuses(&output, &["cannot read nowhere.toml", "No such file"]);
}

#[test]
fn missing_keys_are_named() {
    file_is_refused("n_episodes = 10", "", &["system.n_episodes", "missing"]);
    file_is_refused("title = \"two arms, ten pulls\"", "", &["title", "missing"]);
}

#[test]
fn wrong_types_are_named() {
    file_is_refused(
        "hidden = 8",
        "hidden = \"wide\"",
        &["system.hidden", "\"wide\"", "whole number"],
    );
    let expected = ["system.hidden", "-8", "a whole number, 0 or more"];
    file_is_refused("hidden = 8", "hidden = -8", &expected);
    file_is_refused(
        "arms = 2",
        "arms = 2.5",
        &["system.environment.arms", "2.5"],
    );
    assignment_is_refused(
        "system.learning_rate=fast",
        &["system.learning_rate", "\"fast\"", "expected a number"],
    );
    assignment_is_refused("system=3", &["system", "`3`"]);
}

#[test]
fn values_out_of_range_are_named_with_the_range() {
    let expected = ["system.discount", "in [0, 1]", "1.5"];
    file_is_refused("hidden = 8", "discount = 1.5", &expected);
    assignment_is_refused("system.discount=1.5", &expected);
    let expected = ["system.discount", "in [0, 1]", "-0.5"];
    assignment_is_refused("system.discount=-.5", &expected);
    let expected = ["system.environment.arms", "2, 5, 10 or 50", "got 3"];
    file_is_refused("arms = 2", "arms = 3", &expected);
    let expected = ["system.learning_rate", "above 0", "NaN"];
    assignment_is_refused("system.learning_rate=nan", &expected);
    assignment_is_refused(
        "system.n_iterations=0",
        &["system.n_iterations", "at least 1"],
    );
    assignment_is_refused("system.n_episodes=0", &["system.n_episodes", "at least 1"]);
    assignment_is_refused(
        "evaluation.n_tasks=1",
        &["evaluation.n_tasks", "at least 2"],
    );
    assignment_is_refused("checkpoint_every=0", &["checkpoint_every", "at least 1"]);
    assignment_is_refused("system.kind=rl3", &["system.kind", "rl2", "rl3"]);
    file_is_refused(
        "metric = \"total_reward\"",
        "metric = \"speed\"",
        &["targets.metric", "total_reward", "speed"],
    );
}

#[test]
fn what_is_not_toml_is_named_with_its_line() {
    file_is_refused("hidden = 8", "hidden == 8", &["line 11"]);
}

#[cfg(not(feature = "cuda"))]
#[test]
fn a_gpu_is_refused_by_a_build_without_cuda() {
    let folder = workplace();
    let arguments = ["train", "tiny.toml", "--device", "cuda"];
    refuses(
        &metarl(folder.path(), &arguments),
        &["device cuda", "--features cuda"],
    );
    assert!(!folder.path().join("runs").exists());
}

#[test]
fn numbers_on_the_command_line_have_ranges() {
    let folder = workplace();
    let refused = |arguments: &[&str], part: &str| {
        refuses(&metarl(folder.path(), arguments), &[part, "at least"]);
    };
    refused(&["train", "tiny.toml", "--threads", "0"], "--threads");
    refused(&["reproduce", "tiny.toml", "--seeds", "0"], "seeds");
    let beyond = ["train", "tiny.toml", "--seed", "18446744073709551615"];
    refuses(
        &metarl(folder.path(), &beyond),
        &["seed", "at most", "18446744073709551615"],
    );
    assert!(!folder.path().join("runs").exists());
}
