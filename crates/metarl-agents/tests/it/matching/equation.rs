//! Loss, gradient and predictions against the reference.

use metarl_agents::{ContextConfig, EmbeddingConfig, MatchingConfig, Trainer};
use metarl_autodiff::Differentiable;
use metarl_core::{FewShotTask, Purpose, Seed, TaskDistribution};
use metarl_testkit::gradient::{assert_close, central_difference, directional_derivative};
use proptest::prelude::*;

use super::case::{Case, case, is_smooth};
use super::reference::Reference;
use super::{agent, clusters, tiny};
use crate::support::widen;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn the_loss_and_its_gradient_are_those_of_the_reference(
        case in case(prop::option::of(1..4_usize)),
    ) {
        prop_assume!(is_smooth(&case));
        let (value, gradient) = case.loss().gradient(&case.parameters).unwrap();
        let reference = |x: &[f64]| case.reference().loss(&case.task, x);
        let expected = reference(&case.parameters);
        // It divides by zero where an embedding is.
        prop_assume!(!expected.is_nan());
        assert_close(&[value], &[expected], 1e-12);
        assert_close(&gradient, &central_difference(reference, &case.parameters), 1e-5);
        let product = case.loss().hessian_vector_product(&case.parameters, &case.direction);
        let along: f64 = product.unwrap().iter().zip(&case.direction).map(|(h, d)| h * d).sum();
        let slope = |x: &[f64]| {
            let gradient = case.loss().gradient(x).unwrap().1;
            gradient.iter().zip(&case.direction).map(|(g, d)| g * d).sum()
        };
        let curvature = directional_derivative(slope, &case.parameters, &case.direction);
        assert_close(&[along], &[curvature], 1e-3);
    }

    #[test]
    fn without_context_the_order_of_the_support_does_not_matter(
        case in case(Just(None)),
        by in any::<prop::sample::Index>(),
    ) {
        let n = case.task.support_label.len();
        let by = by.index(n);
        let mut turned = case.clone();
        turned.task.support_label.rotate_left(by);
        turned.task.support.rotate_left(by * case.task.n_features);
        let (value, gradient) = case.loss().gradient(&case.parameters).unwrap();
        let (other, other_gradient) = turned.loss().gradient(&case.parameters).unwrap();
        assert_close(&[other], &[value], 1e-12);
        assert_close(&other_gradient, &gradient, 1e-9);
    }

    #[test]
    fn without_context_the_names_of_classes_do_not_matter(case in case(Just(None))) {
        let mut renamed = case.clone();
        let last = case.task.n_ways - 1;
        renamed.task.support_label.iter_mut().for_each(|label| *label = last - *label);
        renamed.task.query_label.iter_mut().for_each(|label| *label = last - *label);
        let value = case.loss().value(&case.parameters).unwrap();
        assert_close(&[renamed.loss().value(&case.parameters).unwrap()], &[value], 1e-12);
    }
}

/// Two directions at a right angle; the embedding changes nothing. A query in the first direction
/// has similarities 1 and 0.
#[test]
fn a_probability_is_known_by_hand() {
    let case = Case {
        config: EmbeddingConfig::Perceptron { hidden: vec![] },
        width: 2,
        processing_steps: None,
        inverse_temperature: 1.0,
        task: FewShotTask {
            n_ways: 2,
            n_features: 2,
            support: vec![2.0, 0.0, 0.0, 3.0],
            support_label: vec![0, 1],
            query: vec![5.0, 0.0],
            query_label: vec![0],
        },
        parameters: vec![1.0, 0.0, 0.0, 1.0, 0.0, 0.0],
        direction: vec![0.0; 6],
    };
    let e = std::f64::consts::E;
    let expected = -(e / (e + 1.0)).ln();
    let got = case.loss().value(&case.parameters).unwrap();
    // An epsilon of 1e-8 lies in the squared lengths.
    assert_close(&[got], &[expected], 1e-8);
}

#[test]
fn predictions_and_measurements_are_those_of_the_reference() {
    // Wide enough that no two classes are as probable as each other.
    let alone = MatchingConfig {
        embedding: EmbeddingConfig::Perceptron { hidden: vec![32] },
        width: 16,
        inverse_temperature: 3.0,
        ..tiny()
    };
    let in_context = MatchingConfig {
        embedding: EmbeddingConfig::Perceptron { hidden: vec![] },
        width: 5,
        context: ContextConfig::Full {
            processing_steps: 2,
        },
        ..alone.clone()
    };
    are_those_of_the_reference(alone, None);
    are_those_of_the_reference(in_context, Some(2));
}

fn are_those_of_the_reference(config: MatchingConfig, processing_steps: Option<usize>) {
    let mut agent = agent(config.clone(), 7);
    let parameters = widen(&agent.state().parameters);
    let reference = Reference {
        config: &config.embedding,
        width: config.width,
        processing_steps,
        inverse_temperature: config.inverse_temperature,
    };
    let predicted = |task: &FewShotTask| -> Vec<usize> {
        let rows = reference.probability(task, &parameters);
        let most = |row: &Vec<f64>| (0..5).max_by(|a, b| row[*a].total_cmp(&row[*b])).unwrap();
        rows.iter().map(most).collect()
    };
    let drawn = |seed: u64, purpose, idx| {
        clusters(1).sample(&mut Seed::new(seed).stream(purpose, idx, 0, 0))
    };
    let judged: Vec<FewShotTask> = (0..20)
        .map(|idx| drawn(3, Purpose::EvaluationTask, idx))
        .collect();
    let accuracy = agent.evaluate(&clusters(1), 20, Seed::new(3)).unwrap();
    for (task, accuracy) in judged.iter().zip(accuracy) {
        assert_eq!(agent.classify(task).unwrap(), predicted(task));
        assert_eq!(task.accuracy(&predicted(task)).unwrap(), accuracy);
    }

    let trained: Vec<FewShotTask> = (0..3).map(|idx| drawn(7, Purpose::Task, idx)).collect();
    let losses = trained
        .iter()
        .map(|task| reference.loss(task, &parameters) / 3.0);
    let right = trained
        .iter()
        .map(|task| task.accuracy(&predicted(task)).unwrap() / 3.0);
    let done = agent.iterate().unwrap();
    let (loss, accuracy) = (losses.sum::<f64>(), right.sum::<f64>());
    assert_close(&[done.loss, done.accuracy], &[loss, accuracy], 1e-6);
    assert_eq!((done.iteration, done.n_examples), (1, 3 * 5 * 6));
    // The first step of Adam goes against the sign of the mean gradient, by the learning rate.
    let mean = |x: &[f64]| {
        trained
            .iter()
            .map(|task| reference.loss(task, x))
            .sum::<f64>()
    };
    let gradient = central_difference(mean, &parameters);
    let moved = parameters.iter().zip(widen(&agent.state().parameters));
    for (gradient, (before, after)) in gradient.iter().zip(moved) {
        let step = if gradient.abs() < 1e-4 {
            continue;
        } else {
            0.001 * gradient.signum()
        };
        assert!((before - after - step).abs() < 2e-6, "{gradient}");
    }
}
