//! Classes to be told apart from few examples.

use std::sync::Arc;

use metarl_core::{FewShotTask, Returns, Split, TaskDistribution};
use metarl_envs::few_shot::{
    ClassTasks, ClusterTasks, DistortedCopies, DistortedImages, Distortion, FewShot, LabelledData,
    nearest_centroid,
};
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

/// Images of 4 × 4 pixels, one a label, whose middle pixels name it.
fn images(labels: u32) -> Arc<LabelledData> {
    let image = |label: u32| {
        let pixel = |idx: usize| {
            let middle = [5, 6, 9, 10].contains(&idx);
            (if middle { label + 1 } else { 0 }).to_string()
        };
        let pixels: Vec<String> = (0..16).map(pixel).collect();
        format!("{label},{}\n", pixels.join(","))
    };
    let text: String = (0..labels).map(image).collect();
    Arc::new(LabelledData::from_csv(&text).unwrap())
}

const STILL: Distortion = Distortion {
    shift: 0.0,
    turn: 0.0,
    shear: 0.0,
    scale: 0.0,
};

#[test]
fn without_distortion_examples_of_a_class_are_one_image_and_classes_are_many() {
    let tasks = DistortedImages::new("squares", images(7), SHAPE, STILL).unwrap();
    assert_eq!(tasks.name(), "few-shot/squares-distorted-5-way-1-shot@1");
    for index in 0..20 {
        let task = tasks.frozen(Split::Train, index);
        task.check().unwrap();
        assert_eq!(task.accuracy(&nearest_centroid(&task)).unwrap(), 1.0);
        let support: Vec<&[f32]> = task.support.chunks(16).collect();
        for (query, label) in task.query.chunks(16).zip(&task.query_label) {
            assert_eq!(query, support[*label]);
        }
        let mut middles: Vec<f32> = support.iter().map(|image| image[5]).collect();
        middles.sort_by(f32::total_cmp);
        middles.dedup();
        assert_eq!(middles.len(), 5);
    }
}

/// Of the square in the middle, as bright as 1, nothing is lost when it moves by less than a pixel; a
/// square that is wider is brighter in all.
#[test]
fn each_bound_distorts_in_its_own_way() {
    let queries = |distortion| {
        let shape = FewShot {
            n_ways: 2,
            n_shots: 1,
            n_queries: 200,
        };
        let tasks = DistortedImages::new("squares", images(2), shape, distortion).unwrap();
        let task = tasks.frozen(Split::Train, 0);
        let bright = task.support[5].max(task.support[6]).max(task.support[9]);
        assert!(bright > 0.0);
        let rows = task.query.chunks(16).zip(task.query_label.clone());
        let of_first = rows.filter(|(_, label)| *label == 0);
        of_first
            .map(|(image, _)| image.to_vec())
            .collect::<Vec<_>>()
    };
    let sums = |images: &[Vec<f32>]| -> Vec<f32> {
        images.iter().map(|image| image.iter().sum()).collect()
    };
    let spread = |x: &[f32]| {
        let most = x.iter().copied().fold(f32::MIN, f32::max);
        most - x.iter().copied().fold(f32::MAX, f32::min)
    };
    let moved = queries(Distortion {
        shift: 0.9,
        ..STILL
    });
    assert!(spread(&sums(&moved)) < 1e-4, "a move keeps the sum");
    let height = |image: &Vec<f32>| {
        let rows = image.chunks(4).enumerate();
        let weighed: f32 = rows
            .map(|(row, x)| row as f32 * x.iter().sum::<f32>())
            .sum();
        weighed / image.iter().sum::<f32>()
    };
    let heights: Vec<f32> = moved.iter().map(height).collect();
    assert!(
        (1.6..1.81).contains(&spread(&heights)),
        "{}",
        spread(&heights)
    );
    for distortion in [
        Distortion { turn: 0.5, ..STILL },
        Distortion {
            shear: 0.5,
            ..STILL
        },
        Distortion {
            scale: 0.3,
            ..STILL
        },
    ] {
        let images = queries(distortion);
        let heights: Vec<f32> = images.iter().map(height).collect();
        assert!(spread(&heights) < 1e-4, "the middle stays");
        assert!(images.iter().any(|image| *image != images[0]));
    }
}

/// A quarter of a turn takes the upper edge to a side.
#[test]
fn a_bound_of_many_turns_reaches_every_direction() {
    let mut cells = vec!["0"; 16];
    cells[1] = "1";
    cells[2] = "1";
    let text = format!("0,{}\n1,{}\n", cells.join(","), vec!["0.5"; 16].join(","));
    let data = Arc::new(LabelledData::from_csv(&text).unwrap());
    let shape = FewShot {
        n_ways: 2,
        n_shots: 1,
        n_queries: 300,
    };
    let turned = Distortion { turn: 3.2, ..STILL };
    let tasks = DistortedImages::new("edges", data, shape, turned).unwrap();
    let task = tasks.frozen(Split::Train, 0);
    let edge = |image: &[f32]| {
        let lit = |a: usize, b: usize| image[a] > 0.9 && image[b] > 0.9;
        [lit(1, 2), lit(7, 11), lit(13, 14), lit(4, 8)]
    };
    let dim = |image: &&[f32]| image.iter().sum::<f32>() < 3.0;
    let seen = task.query.chunks(16).filter(dim).map(edge);
    let seen = seen.fold([false; 4], |all, one| {
        std::array::from_fn(|k| all[k] || one[k])
    });
    assert_eq!(seen, [true; 4]);
}

#[test]
fn images_that_cannot_be_distorted_are_refused() {
    let refusal = |data, shape, distortion| {
        let made = DistortedImages::new("squares", data, shape, distortion);
        made.unwrap_err().to_string()
    };
    let leaning = Distortion {
        shear: f32::NAN,
        ..STILL
    };
    let rows = Arc::new(numbered(2));
    let pairs = Arc::new(LabelledData::from_csv("0,1,2\n").unwrap());
    assert_eq!(
        [
            refusal(images(4), SHAPE, STILL),
            refusal(images(5), SHAPE, leaning),
            refusal(pairs, SHAPE, STILL),
            refusal(rows, FewShot { n_ways: 1, ..SHAPE }, STILL),
        ],
        [
            "examples must be at least n_ways, got 4",
            "shear must be at least 0 and finite, got NaN",
            "n_features must be a square, got 2",
            "n_ways must be at least 2, got 1",
        ]
    );
}

#[test]
fn some_labels_alone_and_examples_in_their_order() {
    let data = LabelledData::from_csv("2,5\n0,1\n0,2\n1,3\n").unwrap();
    assert_eq!(data.n_examples(), 4);
    let some = data.only(&[0, 2, 7]);
    assert_eq!(some.labels().collect::<Vec<_>>(), [0, 2]);
    assert_eq!((some.n_examples(), some.n_features()), (3, 1));
}

#[test]
fn copies_stand_beside_their_example_and_change_nothing_else() {
    let tasks = ClusterTasks::new(FewShot {
        n_shots: 2,
        ..SHAPE
    })
    .unwrap();
    let with_copies =
        |n_copies, distortion| DistortedCopies::new(tasks.clone(), n_copies, distortion).unwrap();
    let task = tasks.frozen(Split::Test, 3);
    assert_eq!(with_copies(0, STILL).frozen(Split::Test, 3), task);
    assert_eq!(with_copies(0, STILL).name(), tasks.name());
    let name = "few-shot/clusters-5-way-2-shot-3-copies@1";
    assert_eq!(with_copies(3, STILL).name(), name);

    let distorted = with_copies(3, Distortion::default()).frozen(Split::Test, 3);
    distorted.check().unwrap();
    assert_eq!(distorted.query, task.query);
    assert_eq!(distorted.query_label, task.query_label);
    let blocks = distorted
        .support
        .chunks(4 * 16)
        .zip(distorted.support_label.chunks(4));
    let examples = task.support.chunks(16).zip(&task.support_label);
    assert_eq!(blocks.len(), examples.len());
    for ((block, labels), (example, label)) in blocks.zip(examples) {
        assert_eq!(labels, [*label; 4]);
        assert_eq!(&block[..16], example);
        let copies: Vec<&[f32]> = block[16..].chunks(16).collect();
        assert!(copies.iter().all(|copy| *copy != example));
        assert_ne!(copies[0], copies[1]);
    }
    let still = with_copies(3, STILL).frozen(Split::Test, 3);
    for (block, example) in still.support.chunks(4 * 16).zip(task.support.chunks(16)) {
        assert_eq!(block, example.repeat(4));
    }
}

#[test]
fn copies_that_cannot_be_made_are_refused() {
    let pairs = LabelledData::from_csv(&"0,1,2\n1,2,3\n".repeat(2)).unwrap();
    let shape = FewShot {
        n_ways: 2,
        n_shots: 1,
        n_queries: 1,
    };
    let pairs = ClassTasks::new("pairs", Arc::new(pairs), vec![0, 1], shape).unwrap();
    let refusal = |n_copies, distortion| {
        let made = DistortedCopies::new(pairs.clone(), n_copies, distortion);
        made.unwrap_err().to_string()
    };
    let turned = Distortion {
        turn: -1.0,
        ..STILL
    };
    assert_eq!(
        [refusal(1, STILL), refusal(1025, STILL), refusal(1, turned)],
        [
            "n_features must be a square, got 2",
            "n_copies must be at most 1024, got 1025",
            "turn must be at least 0 and finite, got -1",
        ]
    );
    DistortedCopies::new(pairs, 0, STILL).expect("no copy is made");
}
