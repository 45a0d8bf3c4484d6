//! The list of experiments.

use std::path::Path;

use metarl::experiment::Experiment;
use serde_json::Value;

use crate::program::{metarl, succeeds};

#[test]
fn json_names_every_experiment_with_its_time() {
    let out = succeeds(&metarl(Path::new("."), &["list", "--json"]));

    let list: Vec<Value> = serde_json::from_str(&out).expect("JSON");
    let names: Vec<&str> = list
        .iter()
        .filter_map(|entry| entry["name"].as_str())
        .collect();
    let promised = [
        "rl2-bandit-10x5",
        "rl2-bandit-10x10",
        "rl2-bandit-100x5",
        "rl2-mdp-10",
        "maml-navigation",
    ];
    for name in promised {
        assert!(names.contains(&name), "{name} is not in {names:?}");
    }
    for entry in &list {
        let minutes = entry["minutes_per_seed"].as_f64().expect("a stated time");
        assert!(minutes > 0.0, "{entry}");
    }
}

#[test]
fn every_experiment_is_called_what_its_file_is_called_and_survives_writing() {
    let out = succeeds(&metarl(Path::new("."), &["list", "--json"]));
    let list: Vec<Value> = serde_json::from_str(&out).expect("JSON");
    for entry in list {
        let name = entry["name"].as_str().expect("a name");
        let experiment = Experiment::named(name, &[]).expect("it ships");

        let written = experiment.to_toml().expect("TOML");

        let read = Experiment::parse("written", &written, &[]).expect("what was written");
        assert_eq!(read, experiment);
    }
}
