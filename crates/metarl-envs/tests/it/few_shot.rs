//! Classes to be told apart from few examples.

use std::sync::Arc;

use metarl_core::{FewShotTask, Returns, Split, TaskDistribution};
use metarl_envs::few_shot::{ClassTasks, ClusterTasks, FewShot, LabelledData, nearest_centroid};
use proptest::prelude::*;

const SHAPE: FewShot = FewShot {
    n_ways: 5,
    n_shots: 1,
    n_queries: 5,
};

fn accuracy(tasks: impl Iterator<Item = FewShotTask>) -> Returns {
    let each = tasks.map(|task| task.accuracy(&nearest_centroid(&task)).unwrap());
    Returns::of(&each.collect::<Vec<_>>())
}

#[test]
fn clusters_are_told_apart_by_their_signal_and_hardly_without() {
    let tasks = ClusterTasks::new(SHAPE).unwrap();
    let drawn = || (0..400).map(|idx| tasks.frozen(Split::Test, idx));
    let seen = accuracy(drawn());
    let known = accuracy(drawn().map(|task| tasks.signal(&task)));
    // Chance is 0.2.
    assert!(0.2 < seen.mean && seen.mean < 0.45, "{seen:?}");
    assert!(0.85 < known.mean, "{known:?}");
}

#[test]
fn the_rotation_keeps_lengths_and_the_numbers_of_a_task_are_fixed() {
    let tasks = ClusterTasks::new(SHAPE).unwrap();
    let task = tasks.frozen(Split::Train, 0);
    task.check().unwrap();
    // The signal is a part of the example, so never longer than it.
    let squares = |x: &[f32]| x.iter().map(|x| x * x).sum::<f32>();
    let signal = tasks.signal(&task);
    let pairs = task
        .query
        .chunks_exact(16)
        .zip(signal.query.chunks_exact(4));
    for (whole, part) in pairs {
        assert!(squares(part) < squares(whole) * 1.0001);
    }
    assert_eq!(tasks.name(), "few-shot/clusters-5-way-1-shot@1");
    assert_eq!(task.support[..3], STABLE);
}

const STABLE: [f32; 3] = [0.280_012_04, 2.896_463_2, -0.420_847_45];

#[test]
fn the_nearest_centroid_is_that_of_the_means() {
    let task = FewShotTask {
        n_ways: 2,
        n_features: 2,
        support: vec![0.0, 0.0, 2.0, 0.0, 5.0, 0.0],
        support_label: vec![1, 1, 0],
        query: vec![2.9, 0.0, 3.1, 0.0, 3.0, 9.0],
        query_label: vec![1, 0, 0],
    };
    assert_eq!(nearest_centroid(&task), [1, 0, 0]);
    assert_eq!(task.accuracy(&[1, 0, 1]).unwrap(), 2.0 / 3.0);
}

/// Ten examples of each label, of one feature that names label and example.
fn numbered(labels: u32) -> LabelledData {
    let line = |label: u32, example: u32| format!("{label},{}\n", label * 100 + example);
    let lines = (0..labels).flat_map(|label| (0..10).map(move |example| line(label, example)));
    LabelledData::from_csv(&lines.collect::<String>()).unwrap()
}

proptest! {
    #[test]
    fn no_example_is_told_and_asked_and_no_class_is_foreign(index in 0..1000_u64) {
        let labels = vec![1, 4, 5, 7, 8, 9];
        let tasks = ClassTasks::new("numbers", Arc::new(numbered(10)), labels.clone(), SHAPE).unwrap();
        let task = tasks.frozen(Split::Train, index);
        prop_assert!(task.check().is_ok());
        let mut seen: Vec<f32> = [task.support.clone(), task.query.clone()].concat();
        let of = |example: f32| (example / 100.0) as u32;
        prop_assert!(seen.iter().all(|example| labels.contains(&of(*example))));
        let support: Vec<u32> = task.support.iter().map(|x| of(*x)).collect();
        for (example, label) in task.query.iter().zip(&task.query_label) {
            prop_assert_eq!(of(*example), support[*label]);
        }
        seen.sort_by(f32::total_cmp);
        seen.dedup();
        prop_assert_eq!(seen.len(), 30);
    }
}

#[test]
fn turned_images_are_classes_of_their_own() {
    let data = LabelledData::from_csv("0,1,2,3,4\n2,5,6,7,8\n").unwrap();
    let turned = data.with_turned_images().unwrap();
    assert_eq!(
        turned.labels().collect::<Vec<_>>(),
        [0, 2, 3, 5, 6, 8, 9, 11]
    );
    let json = serde_json::to_value(&turned).unwrap();
    assert_eq!(
        json["examples"]["3"],
        serde_json::json!([2.0, 4.0, 1.0, 3.0])
    );
    assert_eq!(
        json["examples"]["6"],
        serde_json::json!([4.0, 3.0, 2.0, 1.0])
    );
    assert_eq!(
        json["examples"]["9"],
        serde_json::json!([3.0, 1.0, 4.0, 2.0])
    );
}

#[test]
fn what_is_refused_says_what_is_allowed() {
    let csv = |text: &str| LabelledData::from_csv(text).unwrap_err().to_string();
    assert_eq!(
        [csv("a,1"), csv("1,x"), csv("1"), csv("1,NaN")],
        [
            "environment: line 1 has the label 'a', which is not a whole number",
            "environment: line 1 has 'x' where a number should be",
            "environment: line 1 has no features",
            "environment: line 1 has 'NaN' where a number should be",
        ]
    );
    let data = Arc::new(numbered(3));
    let refusal = |labels: &[u32], shape| {
        ClassTasks::new("numbers", data.clone(), labels.to_vec(), shape)
            .unwrap_err()
            .to_string()
    };
    let greedy = FewShot {
        n_ways: 2,
        n_shots: 9,
        n_queries: 2,
    };
    assert_eq!(
        [
            refusal(&[0, 1, 2], SHAPE),
            refusal(&[0, 1], greedy),
            refusal(&[0, 9], FewShot { n_ways: 2, ..SHAPE })
        ],
        [
            "labels must be at least n_ways, got 3",
            "examples must be at least n_shots + n_queries, got 10 of label 0",
            "examples must be at least n_shots + n_queries, got 0 of label 9",
        ]
    );
    assert!(numbered(2).with_turned_images().is_ok());
    assert!(
        LabelledData::from_csv("0,1,2")
            .unwrap()
            .with_turned_images()
            .is_err()
    );
}
