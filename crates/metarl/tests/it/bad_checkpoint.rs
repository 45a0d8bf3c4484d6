//! Checkpoints that are damaged, or of something else.

use std::fs;

use metarl::experiment::Experiment;
use metarl::run::Run;

use crate::program::{content, metarl, refuses, succeeds, trained};

/// Puts bytes in place of a run's checkpoint: neither evaluation nor training takes them, and
/// neither changes anything.
#[track_caller]
fn is_refused(bytes: impl FnOnce(Vec<u8>) -> Vec<u8>, parts: &[&str]) {
    let folder = trained();
    let file = folder.path().join("run/checkpoint.safetensors");
    let good = fs::read(&file).expect("it was saved");
    fs::write(&file, bytes(good)).expect("a writable folder");
    let before = content(folder.path());

    let parts = [&["run/checkpoint.safetensors"], parts].concat();
    refuses(&metarl(folder.path(), &["evaluate", "run"]), &parts);
    let resumed = ["train", "tiny.toml", "--out", "run", "--resume"];
    refuses(&metarl(folder.path(), &resumed), &parts);

    assert_eq!(content(folder.path()), before);
}

#[test]
fn truncated() {
    is_refused(|good| good[..good.len() - 7].to_vec(), &["safetensors"]);
    is_refused(|good| good[..100].to_vec(), &["safetensors"]);
    is_refused(|_| Vec::new(), &["safetensors"]);
}

#[test]
fn random_bytes() {
    let noise = |n: usize| (0..n as u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8);
    is_refused(|good| noise(good.len()).collect(), &["safetensors"]);
}

#[test]
fn of_another_network() {
    let other = trained();
    let wide = [
        "train",
        "tiny.toml",
        "--out",
        "wide",
        "--set",
        "system.hidden=12",
    ];
    succeeds(&metarl(other.path(), &wide));
    let wide = fs::read(other.path().join("wide/checkpoint.safetensors")).expect("it was saved");
    is_refused(|_| wide, &["memory", "[4, 24]", "[4, 36]"]);
}

#[test]
fn parameters_without_a_training_state() {
    let only_parameters = |_| {
        let tiny = Experiment::parse("tiny", crate::program::TINY, &[]).expect("it is checked");
        let seed = metarl::core::Seed::new(0);
        let learner = tiny
            .system
            .learner(seed, metarl::Device::Cpu)
            .expect("it is checked");
        let parameters = learner.parameters();
        learner
            .layout()
            .to_safetensors(parameters)
            .expect("as many as there are")
    };
    is_refused(only_parameters, &["no training state"]);
}

#[test]
fn a_good_one_is_taken() {
    let folder = trained();
    let run = Run::open(&folder.path().join("run")).expect("a run");
    let saved = run
        .saved()
        .expect("a good checkpoint")
        .expect("it was saved");
    assert_eq!(saved.learner.iteration(), 6);
    succeeds(&metarl(
        folder.path(),
        &["evaluate", "run", "--tasks", "100"],
    ));
}
