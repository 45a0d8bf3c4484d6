//! Fully conditional embeddings: what they see, and what they do not.

use metarl_agents::{ContextConfig, MatchingConfig, Trainer};
use metarl_autodiff::{Differentiable, Layout};
use metarl_core::FewShotTask;
use metarl_testkit::gradient::assert_close;
use proptest::prelude::*;

use super::case::{Case, case};
use super::{agent, conditional, tiny};

fn value(case: &Case) -> f64 {
    case.loss().value(&case.parameters).unwrap()
}

/// The task with its support listed class by class.
fn class_by_class(task: &FewShotTask) -> FewShotTask {
    let mut order: Vec<usize> = (0..task.support_label.len()).collect();
    order.sort_by_key(|idx| task.support_label[*idx]);
    let n_features = task.n_features;
    let example = |idx: &usize| task.support[idx * n_features..][..n_features].to_vec();
    FewShotTask {
        support: order.iter().flat_map(example).collect(),
        support_label: order.iter().map(|idx| task.support_label[*idx]).collect(),
        ..task.clone()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn how_classes_are_mixed_in_a_task_does_not_matter(case in case((1..4_usize).prop_map(Some))) {
        let mut sorted = case.clone();
        sorted.task = class_by_class(&case.task);
        prop_assert_eq!(value(&case).to_bits(), value(&sorted).to_bits());
    }

    #[test]
    fn queries_do_not_see_one_another(case in case((1..4_usize).prop_map(Some))) {
        let (task, n) = (&case.task, case.task.query_label.len());
        let queries = task.query.chunks_exact(task.n_features).zip(&task.query_label);
        let alone = queries.map(|(query, label)| {
            let mut one = case.clone();
            one.task.query = query.to_vec();
            one.task.query_label = vec![*label];
            value(&one) / n as f64
        });
        assert_close(&[value(&case)], &[alone.sum()], 1e-12);
    }

    #[test]
    fn cells_that_say_nothing_leave_each_example_alone(case in case((1..4_usize).prop_map(Some))) {
        let mut silent = case.clone();
        let mut alone = case.clone();
        alone.processing_steps = None;
        let n_alone = Layout::of(&alone.network()).n_parameters();
        silent.parameters[n_alone..].fill(0.0);
        alone.parameters.truncate(n_alone);
        assert_close(&[value(&silent)], &[value(&alone)], 1e-12);
    }
}

/// It is read from either end, so that an example knows where it stands.
#[test]
fn the_order_within_a_class_matters() {
    let task = FewShotTask {
        n_ways: 2,
        n_features: 1,
        support: vec![0.5, 1.5, -1.0, -0.2],
        support_label: vec![0, 0, 1, 1],
        query: vec![0.7, -0.4],
        query_label: vec![0, 1],
    };
    let config = MatchingConfig {
        inverse_temperature: 3.0,
        ..conditional()
    };
    let case = Case {
        config: config.embedding,
        width: config.width,
        processing_steps: Some(2),
        inverse_temperature: config.inverse_temperature,
        task,
        parameters: Vec::new(),
        direction: Vec::new(),
    };
    let n = Layout::of(&case.network()).n_parameters();
    let parameters = (0..n).map(|idx| (idx as f64).sin()).collect();
    let case = Case { parameters, ..case };
    let mut swapped = case.clone();
    swapped.task.support.swap(0, 1);
    assert!((value(&case) - value(&swapped)).abs() > 1e-3);
}

/// What was trained before there was a context can still be read.
#[test]
fn without_context_there_are_the_parameters_of_the_embedding_alone() {
    let names = |config: MatchingConfig| -> Vec<String> {
        let layout = agent(config, 1).layout().clone();
        layout
            .leaves()
            .iter()
            .map(|leaf| leaf.name.clone())
            .collect()
    };
    let alone = names(tiny());
    assert!(alone.iter().all(|name| name.starts_with("embedding.")));
    let full = names(conditional());
    assert_eq!(full[..alone.len()], alone);
    let cells = full[alone.len()..].iter();
    let mut cells: Vec<&str> = cells.map(|name| name.rsplit_once('.').unwrap().0).collect();
    cells.dedup();
    assert_eq!(
        cells,
        ["context.forward", "context.backward", "context.attention"]
    );
}

#[test]
fn a_file_says_how_often_a_query_looks_at_the_support() {
    let read = |text: &str| toml::from_str::<MatchingConfig>(text).map(|config| config.context);
    assert_eq!(read("").unwrap(), ContextConfig::None);
    assert_eq!(read("context = 'none'").unwrap(), ContextConfig::None);
    let full = ContextConfig::Full {
        processing_steps: 4,
    };
    assert_eq!(read("context.full.processing_steps = 4").unwrap(), full);
    let written = toml::to_string(&MatchingConfig {
        context: full,
        ..tiny()
    })
    .unwrap();
    assert_eq!(read(&written).unwrap(), full);
    for (file, key) in [
        ("context = 'full'", "struct variant"),
        ("context = { full = {} }", "processing_steps"),
        ("context.full.steps = 4", "steps"),
        ("context = 'half'", "half"),
    ] {
        let refused = read(file).unwrap_err();
        assert!(refused.to_string().contains(key), "{refused}");
    }
}
