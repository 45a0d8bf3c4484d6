//! Calling the program.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// Six iterations of a tiny agent.
pub(crate) const TINY: &str = r#"
name = "tiny"
title = "two arms, ten pulls"
minutes_per_seed = 0.1
checkpoint_every = 2

[system]
kind = "rl2"
n_episodes = 10
environment = { kind = "bernoulli-bandit", arms = 2 }
hidden = 8
n_lanes = 64
lanes_per_shard = 16
n_iterations = 6

[evaluation]
n_tasks = 200

[[targets]]
metric = "total_reward"
bar = 1.0
reference = "one in ten"
"#;

pub(crate) fn metarl(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments)
        .output()
        .expect("the program starts")
}

pub(crate) fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_metarl"));
    command.current_dir(folder).args(arguments);
    command
}

/// A temporary folder with the tiny experiment in `tiny.toml`.
pub(crate) fn workplace() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("tiny.toml"), TINY).expect("a writable folder");
    folder
}

/// The same with the tiny experiment trained in `run`.
pub(crate) fn trained() -> tempfile::TempDir {
    let folder = workplace();
    succeeds(&metarl(
        folder.path(),
        &["train", "tiny.toml", "--out", "run"],
    ));
    folder
}

#[track_caller]
pub(crate) fn succeeds(output: &Output) -> String {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    String::from_utf8(output.stdout.clone()).expect("text")
}

/// The program refused with one line that has all of `parts`.
#[track_caller]
pub(crate) fn refuses(output: &Output, parts: &[&str]) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(stderr.starts_with("error: "), "{stderr}");
    for part in parts {
        assert!(stderr.contains(part), "'{part}' is not in: {stderr}");
    }
    let n_reasons = stderr.matches("(os error").count();
    assert!(
        n_reasons <= 1,
        "the system's reason more than once: {stderr}"
    );
}

/// Every file under a folder with its content.
pub(crate) fn content(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files.extend(content(&path));
        } else {
            let bytes = fs::read(&path).expect("a file");
            files.push((path.display().to_string(), bytes));
        }
    }
    files.sort();
    files
}
