//! Output folders that are taken, or cannot be written.

use std::fs;
use std::path::PathBuf;

use crate::program::{content, metarl, refuses, trained, workplace};

#[test]
fn a_folder_with_other_things_in_it_is_left_alone() {
    let folder = workplace();
    let thesis = folder.path().join("thesis");
    fs::create_dir(&thesis).expect("a writable folder");
    fs::write(thesis.join("chapter-1"), "It was").expect("a writable folder");
    let before = content(folder.path());

    for command in ["train", "reproduce"] {
        let output = metarl(folder.path(), &[command, "tiny.toml", "--out", "thesis"]);
        refuses(&output, &["thesis", "not empty"]);
    }
    let resumed = ["train", "tiny.toml", "--out", "thesis", "--resume"];
    refuses(&metarl(folder.path(), &resumed), &["thesis", "no run"]);

    assert_eq!(content(folder.path()), before);
}

#[test]
fn a_run_is_left_alone_without_resume() {
    let folder = trained();
    let before = content(folder.path());

    let output = metarl(folder.path(), &["train", "tiny.toml", "--out", "run"]);

    refuses(&output, &["run", "--resume"]);
    assert_eq!(content(folder.path()), before);
}

#[test]
fn a_run_of_another_experiment_is_left_alone() {
    let folder = trained();
    let before = content(folder.path());
    let resumed = ["train", "tiny.toml", "--out", "run", "--resume"];

    let other_rate = [&resumed[..], &["--set", "system.learning_rate=0.5"]].concat();
    let output = metarl(folder.path(), &other_rate);
    refuses(&output, &["run", "learning_rate", "0.001", "0.5"]);
    let other_seed = [&resumed[..], &["--seed", "9"]].concat();
    refuses(
        &metarl(folder.path(), &other_seed),
        &["run", "seed", "0", "9"],
    );

    assert_eq!(content(folder.path()), before);
}

#[test]
fn a_folder_that_is_not_there_has_no_run() {
    let folder = workplace();
    refuses(
        &metarl(folder.path(), &["evaluate", "nowhere"]),
        &["nowhere", "no run"],
    );
}

#[test]
fn a_run_that_has_saved_nothing_cannot_be_judged() {
    let folder = trained();
    fs::remove_file(folder.path().join("run/checkpoint.safetensors")).expect("it was saved");
    refuses(
        &metarl(folder.path(), &["evaluate", "run"]),
        &["run", "no checkpoint"],
    );
}

#[cfg(unix)]
#[test]
fn a_folder_without_permission_is_named() {
    use std::os::unix::fs::PermissionsExt;

    let folder = workplace();
    let locked = folder.path().join("locked");
    fs::create_dir(&locked).expect("a writable folder");
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o500)).expect("one's own folder");
    // Nothing is locked for root, but not even root can make folders in /proc.
    let denied = match fs::create_dir(locked.join("probe")) {
        Err(_) => locked.join("run"),
        Ok(()) => PathBuf::from("/proc/metarl-run"),
    };
    let denied = denied.to_str().expect("text");

    let output = metarl(folder.path(), &["train", "tiny.toml", "--out", denied]);

    refuses(&output, &["cannot write", denied]);
}
