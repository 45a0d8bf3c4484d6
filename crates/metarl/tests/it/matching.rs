//! Matching networks in runs, and data that are fetched.

use std::fs;
use std::path::Path;

use metarl::experiment::Experiment;
use metarl::run::Run;
use metarl::train::train;
use serde_json::Value;

use crate::interrupted::{StopAfter, end};
use crate::program::{metarl, refuses, succeeds, workplace};

/// Six iterations of a tiny network.
const TINY: &str = r#"
name = "clusters"
title = "two clusters"
minutes_per_seed = 0.1
checkpoint_every = 2

[system]
kind = "matching"
environment = { kind = "clusters", n_ways = 2, n_shots = 1 }
embedding = { perceptron = { hidden = [] } }
width = 3
meta_batch_size = 4
n_iterations = 6

[evaluation]
n_tasks = 50
"#;

#[test]
fn a_run_that_goes_on_ends_in_the_same_bits() {
    let folder = workplace();
    let tiny = Experiment::parse("clusters", TINY, &[]).expect("it is checked");
    let whole = Run::create(&folder.path().join("whole"), &tiny).expect("a new folder");
    train(&whole, &mut ()).expect("it trains");
    let parts = Run::create(&folder.path().join("parts"), &tiny).expect("a new folder");
    train(&parts, &mut StopAfter(3)).expect("it trains");
    assert_ne!(end(parts.path()).0, end(whole.path()).0);
    train(&parts, &mut ()).expect("it goes on");
    assert_eq!(end(parts.path()), end(whole.path()));
}

#[test]
fn it_is_judged_beside_chance_and_the_nearest_centroid_on_the_same_tasks() {
    let folder = workplace();
    fs::write(folder.path().join("clusters.toml"), TINY).expect("a writable folder");
    let out = succeeds(&metarl(
        folder.path(),
        &["reproduce", "clusters.toml", "--seeds", "2"],
    ));
    for row in ["LEARNED", "knows the signal", "nearest centroid", "chance"] {
        assert!(out.contains(row), "{row} is not in:\n{out}");
    }
    let report = folder.path().join("runs/clusters/report.json");
    let report: Value = serde_json::from_slice(&fs::read(report).expect("a report")).expect("JSON");
    let references = report["references"].as_array().expect("a list");
    let reference = |name: &str| {
        let found = references.iter().find(|row| row["name"] == name);
        found.expect(name)["mean"].as_f64().expect("a number")
    };
    assert_eq!(reference("chance"), 0.5);
    for seed in report["evaluations"].as_array().expect("a list") {
        let mean = |idx: usize| {
            seed["measurements"][idx]["mean"]
                .as_f64()
                .expect("a number")
        };
        let difference = mean(0) - reference("nearest centroid");
        assert!(
            (mean(1) - difference).abs() < 1e-12,
            "the tasks are the same"
        );
    }
    let svg = folder.path().join("runs/clusters/curve.svg");
    let svg = fs::read_to_string(svg).expect("a curve");
    assert!(svg.contains("examples (thousands)"));
}

const DISTORTED: &str =
    r#"{ kind = "digits", n_ways = 3, training = { kind = "distorted-images" } }"#;

/// The tiny network on digits that lie in `third_party/digits` of the folder.
fn on_digits(folder: &Path, digits: &str, csv: Option<&str>) -> std::process::Output {
    let text = TINY.replace(r#"{ kind = "clusters", n_ways = 2, n_shots = 1 }"#, digits);
    fs::write(folder.join("digits.toml"), text).expect("a writable folder");
    if let Some(csv) = csv {
        let data = folder.join("third_party/digits");
        fs::create_dir_all(&data).expect("a writable folder");
        fs::write(data.join("digits.csv"), csv).expect("a writable folder");
    }
    metarl(folder, &["reproduce", "digits.toml", "--seeds", "1"])
}

/// Twenty images of each digit, given a pixel of one of them.
fn images_of(pixel: impl Fn(usize, usize, usize) -> f32) -> String {
    let image = |digit: usize, idx: usize| {
        let pixels: Vec<String> = (0..64).map(|k| pixel(digit, idx, k).to_string()).collect();
        format!("{digit},{}\n", pixels.join(","))
    };
    let all = (0..10).flat_map(|digit| (0..20).map(move |idx| (digit, idx)));
    all.map(|(digit, idx)| image(digit, idx)).collect()
}

/// Bright where the digit says.
fn images() -> String {
    images_of(|digit, idx, k| {
        if k % 10 == digit {
            1.0
        } else {
            0.01 * idx as f32
        }
    })
}

/// Hard to tell apart.
fn noisy_images() -> String {
    images_of(|digit, idx, k| {
        let noise = (31 * idx + k * k * (idx + 3) + digit) % 17;
        let sign = if k % 10 == digit { 0.2 } else { 0.0 };
        noise as f32 / 17.0 + sign
    })
}

#[test]
fn digits_are_read_from_where_the_program_is_called() {
    let folder = workplace();
    let out = succeeds(&on_digits(folder.path(), DISTORTED, Some(&images())));
    assert!(out.contains("nearest centroid"), "{out}");
}

/// The network is told more than the classifier it is compared with.
#[test]
fn copies_are_told_to_the_network_alone() {
    let folder = workplace();
    let report = |keys: &str| -> Value {
        let digits = format!(
            r#"{{ kind = "digits", n_ways = 3, n_shots = 2, {keys} training = {{ kind = "turned-digits" }} }}"#
        );
        let runs = folder.path().join("runs");
        if runs.is_dir() {
            fs::remove_dir_all(&runs).expect("a writable folder");
        }
        succeeds(&on_digits(folder.path(), &digits, Some(&noisy_images())));
        let report = runs.join("clusters/report.json");
        serde_json::from_slice(&fs::read(report).expect("a report")).expect("JSON")
    };
    let reference = |report: &Value, name: &str| -> Option<f64> {
        let rows = report["references"].as_array().expect("a list");
        let row = rows.iter().find(|row| row["name"] == name)?;
        row["mean"].as_f64()
    };
    let accuracy = |report: &Value, idx: usize| {
        let measured = &report["evaluations"][0]["measurements"][idx]["mean"];
        measured.as_f64().expect("a number")
    };
    let alone = report("");
    let copies = report("n_copies = 3, distortion = { shift = 2.0 },");
    let centroid = reference(&copies, "nearest centroid").expect("a row");
    assert_eq!(reference(&alone, "nearest centroid"), Some(centroid));
    assert_eq!(reference(&alone, "centroid with copies"), None);
    assert_ne!(reference(&copies, "centroid with copies"), Some(centroid));
    assert_ne!(accuracy(&copies, 0), accuracy(&alone, 0));
    let difference = accuracy(&copies, 0) - centroid;
    assert!((accuracy(&copies, 1) - difference).abs() < 1e-12);
}

#[test]
fn digits_that_are_none_are_refused_in_one_line() {
    let nine = images().replace("\n9,", "\n8,");
    for (csv, part) in [
        ("0,a\n".to_owned(), "line 1"),
        ("0,1\n".to_owned(), "not ten digits"),
        (nine, "not ten digits"),
        (images().replacen("0.01,", "inf,", 1), "line 2"),
        (String::new(), "not ten digits"),
    ] {
        let folder = workplace();
        refuses(
            &on_digits(folder.path(), DISTORTED, Some(&csv)),
            &["digits.csv", part],
        );
    }
}

#[test]
fn bad_tasks_are_refused_by_their_key() {
    let refused = |environment: &str, parts: &[&str]| {
        let text = TINY.replace(
            r#"{ kind = "clusters", n_ways = 2, n_shots = 1 }"#,
            environment,
        );
        let error = Experiment::parse("clusters", &text, &[]).expect_err("it is refused");
        let error = error.to_string();
        for part in parts {
            assert!(error.contains(part), "{part} is not in: {error}");
        }
    };
    refused(
        r#"{ kind = "shapes" }"#,
        &["environment.kind", "clusters or digits"],
    );
    refused(
        r#"{ kind = "clusters", n_ways = 0 }"#,
        &["n_ways", "at least 2"],
    );
    refused(
        r#"{ kind = "clusters", n_shots = 0 }"#,
        &["n_shots", "at least 1"],
    );
    refused(r#"{ kind = "clusters", shots = 1 }"#, &["shots", "n_shots"]);
    let digits = |keys: &str, training: &str| {
        format!(r#"{{ kind = "digits", {keys} training = {{ {training} }} }}"#)
    };
    let images = r#"kind = "distorted-images""#;
    refused(
        &digits("", images),
        &["environment.n_ways", "digits held out", "5"],
    );
    let four = "n_ways = 4, held_out = [6, 7, 8, 8],";
    refused(&digits(four, images), &["held_out", "each once"]);
    refused(
        &digits("n_ways = 3,", r#"kind = "letters""#),
        &["training.kind", "turned-digits"],
    );
    let many = "n_ways = 3, n_copies = 1025,";
    refused(&digits(many, images), &["n_copies", "at most 1024"]);
    let bent = "n_ways = 3, distortion = { shear = -1.0 },";
    refused(&digits(bent, images), &["shear", "at least 0"]);
    let upset = r#"kind = "distorted-images", distortion = { turn = -1.0 }"#;
    refused(&digits("n_ways = 3,", upset), &["turn", "at least 0"]);
    let narrow = r#"kind = "digits", n_ways = 1"#;
    refused(
        &digits("n_ways = 3,", narrow),
        &["training.n_ways", "at least 2"],
    );
}

#[test]
fn there_are_no_steps_to_watch() {
    let folder = workplace();
    fs::write(folder.path().join("clusters.toml"), TINY).expect("a writable folder");
    succeeds(&metarl(
        folder.path(),
        &["train", "clusters.toml", "--out", "run"],
    ));
    let arguments = ["play", "few-shot", "--policy", "run"];
    refuses(&metarl(folder.path(), &arguments), &["no steps to look at"]);
}
