//! A disk that is full: one line with the path, and what was saved is still there.
#![cfg(target_os = "linux")]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Output};

use metarl::experiment::Experiment;
use metarl::run::Run;
use metarl::system::Iteration;
use metarl::train::{Watch, train};

use crate::program::{TINY, content, metarl, refuses, succeeds, workplace};

const RESUME: [&str; 5] = ["train", "tiny.toml", "--out", "run", "--resume"];

/// A run that stopped after three of six iterations.
fn half_trained() -> tempfile::TempDir {
    struct Stop;
    impl Watch for Stop {
        fn iteration(&mut self, _: &Experiment, done: &Iteration) -> std::ops::ControlFlow<()> {
            if done.iteration == 3 {
                std::ops::ControlFlow::Break(())
            } else {
                std::ops::ControlFlow::Continue(())
            }
        }
    }
    let folder = workplace();
    let tiny = Experiment::parse("tiny", TINY, &[]).expect("it is checked");
    let run = Run::create(&folder.path().join("run"), &tiny).expect("a new folder");
    train(&run, &mut Stop).expect("it trains");
    folder
}

/// Runs the program where no file may grow beyond a number of KiB, as on a disk that is full.
fn with_small_files(folder: &Path, kib: u32, arguments: &[&str]) -> Output {
    let program = env!("CARGO_BIN_EXE_metarl");
    let script = format!("trap '' XFSZ; ulimit -f {kib}; exec {program} \"$@\"");
    Command::new("bash")
        .current_dir(folder)
        .args(["-c", &script, "metarl"])
        .args(arguments)
        .output()
        .expect("bash starts")
}

#[test]
fn no_space_for_a_checkpoint() {
    let folder = half_trained();
    let run = folder.path().join("run");
    let saved = fs::read(run.join("checkpoint.safetensors")).expect("it was saved");
    // Whatever is written here finds no space left.
    symlink("/dev/full", run.join("checkpoint.safetensors.partial")).expect("a writable folder");

    let output = metarl(folder.path(), &RESUME);

    refuses(&output, &["run/checkpoint.safetensors", "No space left"]);
    let kept = fs::read(run.join("checkpoint.safetensors")).expect("it is still there");
    assert_eq!(kept, saved);
    succeeds(&metarl(folder.path(), &RESUME));
}

#[test]
fn files_that_cannot_grow() {
    let folder = half_trained();
    let run = folder.path().join("run");
    let saved = fs::read(run.join("checkpoint.safetensors")).expect("it was saved");
    let limit = 4;
    assert!(saved.len() > 1024 * limit as usize);

    let output = with_small_files(folder.path(), limit, &RESUME);

    refuses(&output, &["run/checkpoint.safetensors", "File too large"]);
    let kept = fs::read(run.join("checkpoint.safetensors")).expect("it is still there");
    assert_eq!(kept, saved);
    assert!(!run.join("checkpoint.safetensors.partial").exists());
    succeeds(&metarl(folder.path(), &RESUME));
}

#[test]
fn no_space_for_metrics() {
    let folder = half_trained();
    let run = folder.path().join("run");
    let metrics = fs::read_to_string(run.join("metrics.jsonl")).expect("it was written");
    let kib = u32::try_from(metrics.len() / 1024).expect("a small file");

    let output = with_small_files(folder.path(), kib, &RESUME);

    refuses(&output, &["run/", "File too large"]);
    succeeds(&metarl(folder.path(), &RESUME));
}

#[test]
fn no_space_for_anything() {
    let folder = workplace();
    let arguments = ["train", "tiny.toml", "--out", "run"];

    let output = with_small_files(folder.path(), 0, &arguments);

    refuses(&output, &["run/config.toml", "File too large"]);
    assert_eq!(content(&folder.path().join("run")), []);
    succeeds(&metarl(folder.path(), &arguments));
}

#[test]
fn no_space_for_an_evaluation() {
    let folder = half_trained();
    let before = content(folder.path());

    let output = with_small_files(folder.path(), 0, &["evaluate", "run"]);

    refuses(&output, &["run/evaluation.json", "File too large"]);
    assert_eq!(content(folder.path()), before);
}
