//! Matching networks in an experiment.

use metarl_agents::{Matching, MatchingConfig, MatchingIteration};
use metarl_autodiff::Kernels;
use metarl_core::{FewShotTask, Purpose, Returns, Seed, TaskDistribution};
use metarl_envs::draw::Recorder;
use metarl_envs::few_shot::{ClusterTasks, FewShot, nearest_centroid};
use serde::Serialize;

use super::digits::Digits;
use super::learner::Trained;
use super::{Curve, Iteration, Learner, Measurement, Reference};
use crate::Error;
use crate::experiment::{EvaluationConfig, Section};

/// Matching networks on one of their distributions of tasks.
///
/// | key | default | range | meaning |
/// |---|---|---|---|
/// | `environment` | | | [`MatchingEnvironment`] |
/// | all others | | | [`MatchingConfig`] |
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MatchingSystem {
    /// Hyper-parameters.
    #[serde(flatten)]
    pub config: MatchingConfig,
    /// What is classified.
    pub environment: MatchingEnvironment,
}

/// Few-shot tasks that matching networks can be trained on from a file.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum MatchingEnvironment {
    /// [`ClusterTasks`]; no class is ever drawn twice. Its keys are those of [`FewShot`].
    Clusters(FewShot),
    /// Handwritten digits, some of which are held out.
    Digits(Digits),
}

impl MatchingEnvironment {
    fn from_section(mut section: Section<'_>) -> Result<Self, Error> {
        let kind: String = section.take("kind")?;
        match kind.as_str() {
            "clusters" => {
                let shape: FewShot = section.rest()?;
                section.checked(shape.check().map_err(Into::into))?;
                Ok(Self::Clusters(shape))
            }
            "digits" => Ok(Self::Digits(Digits::from_section(section)?)),
            _ => {
                let allowed = "must be clusters or digits";
                Err(section.error("kind", &format!("{allowed}, got {kind}")))
            }
        }
    }

    fn shape(&self) -> FewShot {
        match self {
            Self::Clusters(shape) => *shape,
            Self::Digits(digits) => digits.shape(),
        }
    }
}

impl MatchingSystem {
    /// Share of queries that are classified right.
    const ACCURACY: &str = "accuracy";
    /// How much that is more than what the nearest centroid gets right in the same task.
    const ADVANTAGE: &str = "above_nearest_centroid";

    pub(super) fn from_section(mut section: Section<'_>) -> Result<Self, Error> {
        let environment = MatchingEnvironment::from_section(section.section("environment")?)?;
        let config: MatchingConfig = section.rest()?;
        section.checked(config.validate())?;
        Ok(Self {
            config,
            environment,
        })
    }

    pub(super) fn learner<D: Kernels<f32>>(
        &self,
        seed: Seed,
        device: D,
    ) -> Result<Box<dyn Learner>, Error> {
        match &self.environment {
            MatchingEnvironment::Clusters(shape) => {
                let tasks = ClusterTasks::new(*shape)?;
                self.on(tasks.clone(), tasks.clone(), tasks, seed, device)
            }
            MatchingEnvironment::Digits(digits) => {
                let data = digits.read()?;
                let held_out = digits.held_out(&data)?;
                let told = digits.with_copies(held_out.clone())?;
                self.on(digits.training(&data)?, told, held_out, seed, device)
            }
        }
    }

    /// Judged on `held_out`, of which the network is told as much as `told` has.
    fn on<T, N, H, D>(
        &self,
        training: T,
        told: N,
        held_out: H,
        seed: Seed,
        device: D,
    ) -> Result<Box<dyn Learner>, Error>
    where
        D: Kernels<f32>,
        T: TaskDistribution<Task = FewShotTask> + 'static,
        N: TaskDistribution<Task = FewShotTask> + 'static,
        H: TaskDistribution<Task = FewShotTask> + 'static,
    {
        let trainer = Matching::new(self.config.clone(), training, seed, device)?;
        let judge = move |trainer: &Matching<T, D>, n_tasks, seed| {
            let accuracy = trainer.evaluate(&told, n_tasks, seed)?;
            let centroid = each_task(&held_out, n_tasks, seed, nearest_centroid)?;
            let pairs = accuracy.iter().zip(&centroid);
            let advantage: Vec<f64> = pairs.map(|(learned, known)| learned - known).collect();
            let measurement = |metric: &str, sample: &[f64]| Measurement {
                metric: metric.to_owned(),
                returns: Returns::of(sample),
            };
            Ok(vec![
                measurement(Self::ACCURACY, &accuracy),
                measurement(Self::ADVANTAGE, &advantage),
            ])
        };
        let player = |_: &Matching<T, D>, _: Seed, _: &Recorder| {
            let message = "few-shot classification has no steps to look at".to_owned();
            Err(metarl_core::Error::Environment(message).into())
        };
        Ok(Box::new(Trained {
            trainer,
            judge,
            player,
        }))
    }

    pub(super) fn metrics(&self) -> Vec<String> {
        vec![Self::ACCURACY.to_owned(), Self::ADVANTAGE.to_owned()]
    }

    pub(super) fn tasks(&self) -> String {
        match &self.environment {
            MatchingEnvironment::Clusters(FewShot {
                n_ways, n_shots, ..
            }) => format!("few-shot/clusters-{n_ways}-way-{n_shots}-shot@1"),
            MatchingEnvironment::Digits(digits) => digits.name(),
        }
    }

    pub(super) fn curve(&self) -> Curve {
        Curve {
            key: Self::ACCURACY,
            label: "accuracy on classes of training".to_owned(),
            metric: Self::ACCURACY.to_owned(),
        }
    }

    /// Chance, the nearest centroid on the same tasks and, where the signal is known, the nearest
    /// centroid of that.
    pub(super) fn references(&self, judged: EvaluationConfig) -> Result<Vec<Reference>, Error> {
        let EvaluationConfig { n_tasks, seed } = judged;
        let seed = Seed::new(seed);
        let mut rows = Vec::new();
        let mut row = |name: &str, accuracy: Vec<f64>| {
            let accuracy = Returns::of(&accuracy);
            rows.push(Reference::measured(Self::ACCURACY, name, &accuracy));
        };
        match &self.environment {
            MatchingEnvironment::Clusters(shape) => {
                let tasks = ClusterTasks::new(*shape)?;
                let known = |task: &FewShotTask| nearest_centroid(&tasks.signal(task));
                row("knows the signal", each_task(&tasks, n_tasks, seed, known)?);
                let centroid = each_task(&tasks, n_tasks, seed, nearest_centroid)?;
                row("nearest centroid", centroid);
            }
            MatchingEnvironment::Digits(digits) => {
                let tasks = digits.held_out(&digits.read()?)?;
                let centroid = each_task(&tasks, n_tasks, seed, nearest_centroid)?;
                row("nearest centroid", centroid);
                if digits.has_copies() {
                    let told = digits.with_copies(tasks)?;
                    let centroid = each_task(&told, n_tasks, seed, nearest_centroid)?;
                    row("centroid with copies", centroid);
                }
            }
        }
        let chance = 1.0 / self.environment.shape().n_ways as f64;
        rows.push(Reference::exact(Self::ACCURACY, "chance", chance));
        rows.push(Reference::exact(Self::ADVANTAGE, "nearest centroid", 0.0));
        Ok(rows)
    }
}

/// The accuracy of a classifier on each of the tasks that [`Matching::evaluate`] draws.
fn each_task(
    tasks: &impl TaskDistribution<Task = FewShotTask>,
    n_tasks: usize,
    seed: Seed,
    classify: impl Fn(&FewShotTask) -> Vec<usize>,
) -> Result<Vec<f64>, metarl_core::Error> {
    (0..n_tasks as u64)
        .map(|task_idx| {
            let stream = seed.stream(Purpose::EvaluationTask, task_idx, 0, 0);
            let task = tasks.sample(&mut { stream });
            task.accuracy(&classify(&task))
        })
        .collect()
}

impl From<MatchingIteration> for Iteration {
    fn from(done: MatchingIteration) -> Self {
        let measured = [("loss", done.loss), ("accuracy", done.accuracy)];
        Self::new(done.iteration, done.n_examples, &measured)
    }
}
