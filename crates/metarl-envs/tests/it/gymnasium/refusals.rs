//! What goes wrong, in one line each.

use std::process::Command;

use metarl_core::{Environment, Error, StepBatch};
use metarl_envs::gymnasium::{GymnasiumError, GymnasiumTask, Recipe, activate};
use serde_json::json;

use super::{CartPole, Counter, assign, counter, gymnasium, stream};

fn made(name: &str) -> GymnasiumError {
    CartPole::new(&Recipe::new(name), 1).unwrap_err()
}

#[test]
fn a_package_that_is_missing_is_named_with_what_installs_it() {
    if !gymnasium() {
        return;
    }
    let error = made("no_such_package:Maze-v0");
    let line = error.to_string();
    let GymnasiumError::MissingModule { module, command } = error else {
        panic!("{line}")
    };
    assert_eq!(module, "no_such_package");
    assert!(
        command.ends_with("-m pip install no_such_package"),
        "{command}"
    );
    let interpreter = command.split(' ').next().unwrap();
    assert!(std::path::Path::new(interpreter).exists(), "{command}");
}

#[test]
fn an_environment_nobody_registered_is_named() {
    if !gymnasium() {
        return;
    }
    for name in ["NoSuchThing-v0", "CartPole-v77", "Nowhere/Thing-v0"] {
        let error = made(name);
        let is_named = matches!(&error, GymnasiumError::UnknownEnvironment { environment, .. } if environment == name);
        assert!(is_named, "{error:?}");
        assert!(
            error.to_string().contains(&format!("\"package:{name}\"")),
            "{error}"
        );
    }
}

#[test]
fn arguments_that_make_does_not_know_are_an_error() {
    if !gymnasium() {
        return;
    }
    let mut lanes = CartPole::new(&Recipe::new("CartPole-v1"), 2).unwrap();
    lanes
        .assign(0, &GymnasiumTask::default(), stream(0))
        .unwrap();
    let task = GymnasiumTask::default().with("gravity", -1.6);
    lanes.assign(1, &task, stream(1)).unwrap();
    let line = lanes.reset(&mut [[0.0; 4]; 2]).unwrap_err().to_string();
    assert!(
        line.starts_with("environment: CartPole-v1, lane 1: TypeError"),
        "{line}"
    );
    assert!(line.contains("'gravity'"), "{line}");
}

#[test]
fn an_exception_names_environment_lane_and_step() {
    if !gymnasium() {
        return;
    }
    let mut lanes = Counter::new(&counter(), 2).unwrap();
    assign(&mut lanes, &GymnasiumTask::default());
    let breaks = GymnasiumTask::default()
        .with("terminates", 4)
        .with("fails", 3);
    lanes.assign(1, &breaks, stream(1)).unwrap();
    let mut step = StepBatch::new(2, [0.0; 6]);
    lanes.reset(&mut step.observation).unwrap();
    for _ in 0..3 {
        lanes.step(&[0, 0], &mut step).unwrap();
    }
    let error = lanes.step(&[0, 0], &mut step).unwrap_err();
    let line = "bridge_environments:Counter-v0, lane 1, step 3: RuntimeError: the motor is on fire";
    assert_eq!(error, Error::Environment(line.to_owned()));

    // Lanes that may have moved are not stepped before a reset.
    let error = lanes.step(&[0, 0], &mut step).unwrap_err().to_string();
    assert!(
        error.ends_with("must be reset, at first and after an error"),
        "{error}"
    );
    lanes.reset(&mut step.observation).unwrap();
    lanes.step(&[0, 0], &mut step).unwrap();
}

#[test]
fn an_observation_of_another_size_is_an_error() {
    if !gymnasium() {
        return;
    }
    let mut lanes = Counter::new(&counter(), 1).unwrap();
    assign(&mut lanes, &GymnasiumTask::default().with("lies", 2));
    let mut step = StepBatch::new(1, [0.0; 6]);
    lanes.reset(&mut step.observation).unwrap();
    lanes.step(&[0], &mut step).unwrap();
    let line = lanes.step(&[0], &mut step).unwrap_err().to_string();
    assert!(
        line.contains("lane 0, step 1: Python returned [["),
        "{line}"
    );
    assert!(line.contains("of 6 numbers"), "{line}");
}

#[test]
fn a_task_that_is_refused_or_changes_the_spaces_is_an_error() {
    if !gymnasium() {
        return;
    }
    let refused = |task: &GymnasiumTask| {
        let mut lanes = Counter::new(&counter(), 1).unwrap();
        lanes.assign(0, task, stream(0)).unwrap();
        lanes.reset(&mut [[0.0; 6]]).unwrap_err().to_string()
    };
    let negative = refused(&GymnasiumTask::default().set(json!({"offset": -1})));
    assert!(
        negative.ends_with("lane 0: ValueError: no task is below zero"),
        "{negative}"
    );
    let other = refused(&GymnasiumTask::default().with("shows", "uint8"));
    assert!(
        other.ends_with("lane 0: has a task with other spaces"),
        "{other}"
    );
}

#[test]
fn lanes_that_were_not_started_are_not_stepped() {
    if !gymnasium() {
        return;
    }
    let mut lanes = CartPole::new(&Recipe::new("CartPole-v1"), 2).unwrap();
    lanes
        .assign(0, &GymnasiumTask::default(), stream(0))
        .unwrap();
    let mut step = StepBatch::new(2, [0.0; 4]);
    let error = lanes.reset(&mut step.observation).unwrap_err().to_string();
    assert_eq!(error, "environment: CartPole-v1, lane 1: has no task");
    let error = lanes.step(&[0, 0], &mut step).unwrap_err().to_string();
    assert!(error.contains("must be reset"), "{error}");

    assign(&mut lanes, &GymnasiumTask::default());
    lanes.reset(&mut step.observation).unwrap();
    lanes.step(&[0, 1], &mut step).unwrap();
    let error = lanes.step(&[0, 2], &mut step).unwrap_err().to_string();
    assert_eq!(
        error,
        "CartPole-v1, lane 1, step 1: action 2 is outside the action space 0 … 1"
    );
}

#[test]
fn a_folder_that_is_no_virtual_environment_is_an_error() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
    let error = activate(folder).unwrap_err();
    assert!(matches!(&error, GymnasiumError::VirtualEnvironment { path, .. } if path == folder));
}

/// What another process with this `VIRTUAL_ENV` says: an interpreter is made once a process.
fn in_process(virtual_environment: &str) -> String {
    let child = "gymnasium::refusals::says_what_is_wrong_with_virtual_env";
    let output = Command::new(std::env::current_exe().unwrap())
        .args([child, "--exact", "--ignored", "--nocapture"])
        .env("VIRTUAL_ENV", virtual_environment)
        .output()
        .unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
#[ignore = "a process of the two tests below"]
fn says_what_is_wrong_with_virtual_env() {
    let error = made("CartPole-v1");
    assert!(!error.to_string().contains('\n'));
    #[expect(clippy::print_stdout, reason = "the tests below read it")]
    {
        println!("{error}");
    }
}

#[test]
fn a_virtual_env_that_is_none_is_named() {
    let said = in_process("/no/such/folder");
    assert!(
        said.contains("/no/such/folder is no virtual environment of Python 3."),
        "{said}"
    );
    assert!(said.contains("-m venv /no/such/folder"), "{said}");
}

#[test]
fn a_virtual_env_without_gymnasium_says_how_to_install_it() {
    // As if the package were missing, also where Python itself has one.
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("venv");
    for minor in 8..20 {
        let packages = folder.join(format!("lib/python3.{minor}/site-packages"));
        std::fs::create_dir_all(&packages).unwrap();
        let missing = "raise ModuleNotFoundError(\"No module named 'numpy'\", name='numpy')\n";
        std::fs::write(packages.join("numpy.py"), missing).unwrap();
    }
    let folder = folder.display();
    let said = in_process(&folder.to_string());
    let line = format!("Python has no module `numpy`: {folder}/bin/python -m pip install numpy");
    assert!(said.contains(&line), "{said}");
}
