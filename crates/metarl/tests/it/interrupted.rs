//! A run that goes on ends in the same bits as one that was never interrupted.

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use metarl::experiment::Experiment;
use metarl::run::Run;
use metarl::system::Iteration;
use metarl::train::{Watch, train};
use serde_json::Value;

use crate::program::{TINY, command, metarl, succeeds, workplace};

pub(crate) struct StopAfter(pub(crate) u64);

impl Watch for StopAfter {
    fn iteration(&mut self, _: &Experiment, done: &Iteration) -> ControlFlow<()> {
        if done.iteration >= self.0 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}

/// Parameters as bits, the rest of the state, and all that was measured but the time it took.
pub(crate) fn end(folder: &Path) -> (Vec<u32>, Value, Vec<Iteration>) {
    let run = Run::open(folder).expect("a run");
    let saved = run
        .saved()
        .expect("a good checkpoint")
        .expect("it was saved");
    let bits = saved
        .learner
        .parameters()
        .iter()
        .map(|x| x.to_bits())
        .collect();
    let state = saved.learner.state().expect("JSON");
    let mut metrics = run.metrics().expect("whole lines");
    metrics.iter_mut().for_each(|done| done.seconds = 0.0);
    (bits, state, metrics)
}

#[test]
fn three_iterations_and_three_more_are_six() {
    let folder = workplace();
    let tiny = Experiment::parse("tiny", TINY, &[]).expect("it is checked");
    let whole = Run::create(&folder.path().join("whole"), &tiny).expect("a new folder");
    assert!(train(&whole, &mut ()).expect("it trains").finished);
    let parts = Run::create(&folder.path().join("parts"), &tiny).expect("a new folder");

    let first = train(&parts, &mut StopAfter(3)).expect("it trains");
    assert_eq!((first.iteration, first.finished), (3, false));
    assert_ne!(end(parts.path()).0, end(whole.path()).0);
    let second = train(&parts, &mut ()).expect("it goes on");

    assert_eq!((second.iteration, second.finished), (6, true));
    assert!(second.seconds > first.seconds);
    assert_eq!(end(parts.path()), end(whole.path()));
}

#[test]
fn iterations_after_the_checkpoint_are_done_again() {
    let folder = workplace();
    let tiny = Experiment::parse("tiny", TINY, &[]).expect("it is checked");
    let whole = Run::create(&folder.path().join("whole"), &tiny).expect("a new folder");
    train(&whole, &mut ()).expect("it trains");
    let parts = Run::create(&folder.path().join("parts"), &tiny).expect("a new folder");
    train(&parts, &mut StopAfter(3)).expect("it trains");
    // As if it had been killed in the middle of the fifth line.
    let metrics = parts.file("metrics.jsonl");
    let mut text = fs::read_to_string(&metrics).expect("it was written");
    text += &text
        .lines()
        .last()
        .expect("a line")
        .replace("\"iteration\":3", "\"iteration\":4");
    text += "\n{\"iteration\":5,\"env_st";
    fs::write(&metrics, text).expect("a writable folder");

    train(&parts, &mut ()).expect("it goes on");

    assert_eq!(end(parts.path()), end(whole.path()));
}

#[test]
fn a_folder_is_trained_in_by_one_process() {
    struct Intruder(std::path::PathBuf);
    impl Watch for Intruder {
        fn iteration(&mut self, _: &Experiment, _: &Iteration) -> ControlFlow<()> {
            let run = Run::open(&self.0).expect("a run");
            let refused = train(&run, &mut ()).expect_err("it is in use");
            assert!(refused.to_string().contains("in use"), "{refused}");
            ControlFlow::Break(())
        }
    }
    let folder = workplace();
    let tiny = Experiment::parse("tiny", TINY, &[]).expect("it is checked");
    let path = folder.path().join("run");
    let run = Run::create(&path, &tiny).expect("a new folder");
    train(&run, &mut Intruder(path)).expect("it trains");
}

#[test]
fn threads_do_not_change_the_result() {
    let folder = workplace();
    for threads in ["1", "2"] {
        let arguments = ["train", "tiny.toml", "--out", threads, "--threads", threads];
        succeeds(&metarl(folder.path(), &arguments));
        succeeds(&metarl(
            folder.path(),
            &["evaluate", threads, "--threads", threads],
        ));
    }
    let path = |name: &str| folder.path().join(name);
    assert_eq!(end(&path("1")), end(&path("2")));
    let judged = |name| -> Value {
        let json = fs::read(path(name).join("evaluation.json")).expect("it was written");
        serde_json::from_slice::<Value>(&json).expect("JSON")["measurements"].clone()
    };
    assert_eq!(judged("1"), judged("2"));
}

/// Long enough to be caught in the middle.
const LONG: [&str; 4] = [
    "--set",
    "system.n_iterations=150",
    "--set",
    "checkpoint_every=1",
];

#[cfg(unix)]
fn send(child: &Child, signal: &str) {
    let killed = Command::new("kill")
        .args([signal, &child.id().to_string()])
        .status();
    assert!(killed.expect("a shell command").success());
}

/// Starts a long run in `caught`, sends it a signal as soon as it has saved something, and gives its
/// exit code and what it printed.
#[cfg(unix)]
fn interrupt(folder: &Path, signal: &str) -> (Option<i32>, String) {
    let arguments = [&["train", "tiny.toml", "--out", "caught"], &LONG[..]].concat();
    let child: Child = command(folder, &arguments)
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let saved = folder.join("caught/checkpoint.safetensors");
    while !saved.exists() {
        sleep(Duration::from_millis(2));
    }
    send(&child, signal);
    let output = child.wait_with_output().expect("it ends");
    (
        output.status.code(),
        String::from_utf8_lossy(&output.stdout).into_owned(),
    )
}

#[cfg(unix)]
#[test]
fn ctrl_c_saves_and_says_how_to_go_on() {
    let folder = workplace();
    let whole = [&["train", "tiny.toml", "--out", "whole"], &LONG[..]].concat();
    succeeds(&metarl(folder.path(), &whole));

    let (code, said) = interrupt(folder.path(), "-INT");

    assert_eq!(code, Some(130));
    let advice = "metarl train caught/config.toml --out caught --resume";
    assert!(said.contains(advice), "{said}");
    let curve = folder.path().join("caught/curve.svg");
    assert!(curve.exists(), "what was learned so far can be looked at");
    let resumed: Vec<&str> = advice.split(' ').skip(1).collect();
    succeeds(&metarl(folder.path(), &resumed));
    assert_eq!(
        end(&folder.path().join("caught")),
        end(&folder.path().join("whole"))
    );
}

/// There is nothing to save in an evaluation, so nobody has to wait for its end.
#[cfg(unix)]
#[test]
fn ctrl_c_ends_an_evaluation_at_once() {
    let folder = workplace();
    succeeds(&metarl(
        folder.path(),
        &["train", "tiny.toml", "--out", "run"],
    ));
    let many = ["evaluate", "run", "--tasks", "5000000"];
    let child: Child = command(folder.path(), &many)
        .spawn()
        .expect("the program starts");
    sleep(Duration::from_secs(1));

    send(&child, "-INT");

    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(130), "it was waited for");
}

#[cfg(unix)]
#[test]
fn nothing_is_lost_when_it_is_killed() {
    let folder = workplace();
    let whole = [&["train", "tiny.toml", "--out", "whole"], &LONG[..]].concat();
    succeeds(&metarl(folder.path(), &whole));

    let (code, _) = interrupt(folder.path(), "-KILL");

    assert_eq!(code, None);
    let resumed = ["train", "caught/config.toml", "--out", "caught", "--resume"];
    succeeds(&metarl(folder.path(), &resumed));
    assert_eq!(
        end(&folder.path().join("caught")),
        end(&folder.path().join("whole"))
    );
}
