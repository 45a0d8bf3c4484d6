//! Networks and tasks to hold against the reference.

use dfdx::prelude::Cpu;
use metarl_agents::{Embedding, EmbeddingConfig, FullContext, MatchingLoss, MatchingNetwork};
use metarl_autodiff::{Differentiable, Layout, OnDevice};
use metarl_core::FewShotTask;
use proptest::prelude::*;

use super::reference::Reference;

/// A network, a task for it, a point and a direction.
#[derive(Debug, Clone)]
pub(super) struct Case {
    pub(super) config: EmbeddingConfig,
    pub(super) width: usize,
    /// Of full context; none has examples embedded alone.
    pub(super) processing_steps: Option<usize>,
    pub(super) inverse_temperature: f64,
    pub(super) task: FewShotTask,
    pub(super) parameters: Vec<f64>,
    pub(super) direction: Vec<f64>,
}

impl Case {
    pub(super) fn network(&self) -> MatchingNetwork {
        MatchingNetwork {
            embedding: Embedding::new(&self.config, self.task.n_features, self.width).unwrap(),
            context: full_context(self.width, self.processing_steps),
            inverse_temperature: self.inverse_temperature,
        }
    }

    pub(super) fn loss(&self) -> OnDevice<MatchingLoss<f64>, Cpu> {
        let (device, n_features) = (Cpu::default(), self.task.n_features);
        let loss = MatchingLoss::new(self.network(), n_features, &self.task);
        OnDevice::new(loss.unwrap(), device)
    }

    pub(super) fn reference(&self) -> Reference<'_> {
        Reference {
            config: &self.config,
            width: self.width,
            processing_steps: self.processing_steps,
            inverse_temperature: self.inverse_temperature,
        }
    }
}

/// Every class once in the support, then more of any.
fn labels(n_ways: usize, more: usize) -> impl Strategy<Value = Vec<usize>> {
    let more = prop::collection::vec(0..n_ways, 0..=more);
    let all = more.prop_map(move |more| (0..n_ways).chain(more).collect::<Vec<_>>());
    all.prop_shuffle()
}

fn task(n_features: usize) -> impl Strategy<Value = FewShotTask> {
    (1..4_usize)
        .prop_flat_map(|n_ways| (Just(n_ways), labels(n_ways, 4), labels(n_ways, 2)))
        .prop_flat_map(move |(n_ways, support_label, query_label)| {
            let examples = |n| prop::collection::vec(-1.5..1.5_f32, n * n_features);
            let (support, query) = (examples(support_label.len()), examples(query_label.len()));
            (support, query).prop_map(move |(support, query)| FewShotTask {
                n_ways,
                n_features,
                support,
                support_label: support_label.clone(),
                query,
                query_label: query_label.clone(),
            })
        })
}

fn embedding() -> impl Strategy<Value = (EmbeddingConfig, usize)> {
    let widths = || prop::collection::vec(1..4_usize, 0..3);
    prop_oneof![
        (widths(), 1..4_usize).prop_map(|(hidden, n)| (EmbeddingConfig::Perceptron { hidden }, n)),
        (widths(), 2..5_usize)
            .prop_map(|(filters, side)| (EmbeddingConfig::Convolutional { filters }, side * side)),
    ]
}

fn full_context(width: usize, processing_steps: Option<usize>) -> Option<FullContext> {
    processing_steps.map(|processing_steps| FullContext {
        width,
        processing_steps,
    })
}

/// Networks with full context or without, as `processing_steps` draws.
pub(super) fn case(
    processing_steps: impl Strategy<Value = Option<usize>>,
) -> impl Strategy<Value = Case> {
    (embedding(), 1..4_usize, processing_steps, 0.2..6.0_f64).prop_flat_map(
        |((config, n_features), width, processing_steps, inverse_temperature)| {
            let network = MatchingNetwork {
                embedding: Embedding::new(&config, n_features, width).unwrap(),
                context: full_context(width, processing_steps),
                inverse_temperature,
            };
            let n = Layout::of(&network).n_parameters();
            let numbers = || prop::collection::vec(-1.5..1.5_f64, n);
            (task(n_features), numbers(), numbers()).prop_map(
                move |(task, parameters, direction)| Case {
                    config: config.clone(),
                    width,
                    processing_steps,
                    inverse_temperature,
                    task,
                    parameters,
                    direction,
                },
            )
        },
    )
}

/// Whether central differences can be trusted: no ReLU near its kink, no embedding near zero.
pub(super) fn is_smooth(case: &Case) -> bool {
    let at = |h: f64| {
        let moved = case.parameters.iter().zip(&case.direction);
        let moved: Vec<f64> = moved.map(|(x, d)| x + h * d).collect();
        case.loss().gradient(&moved).unwrap().1
    };
    let (before, after) = (at(-1e-5), at(1e-5));
    let size = before.iter().fold(1.0_f64, |max, x| max.max(x.abs()));
    let jump = before.iter().zip(&after).map(|(a, b)| (a - b).abs());
    size < 10.0 && jump.fold(0.0, f64::max) < 1e-3
}
