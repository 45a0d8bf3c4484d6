//! Judging a trained agent on held-out tasks.

use std::fs;

use metarl_core::Seed;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::experiment::EvaluationConfig;
use crate::run::{Run, Saved, replace_json};
use crate::system::Measurement;

/// How good the agent of a run is: `evaluation.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// The experiment.
    pub name: String,
    /// The seed it was trained with.
    pub seed: u64,
    /// Iterations it was trained for.
    pub iteration: u64,
    /// Seconds it was trained for.
    pub training_seconds: f64,
    /// On which tasks it was judged.
    pub tasks: EvaluationConfig,
    /// One a metric.
    pub measurements: Vec<Measurement>,
}

impl Evaluation {
    const FILE: &str = "evaluation.json";

    /// The measurement of that name.
    #[must_use]
    pub fn measurement(&self, metric: &str) -> Option<&Measurement> {
        self.measurements
            .iter()
            .find(|found| found.metric == metric)
    }

    /// The one in the folder of a run, if it is of the finished agent on the experiment's tasks.
    pub(crate) fn of_finished(run: &Run) -> Option<Self> {
        let experiment = run.experiment();
        let json = fs::read(run.file(Self::FILE)).ok()?;
        let found: Self = serde_json::from_slice(&json).ok()?;
        let finished = found.iteration >= experiment.system.n_iterations();
        (finished && found.tasks == experiment.evaluation).then_some(found)
    }
}

/// Evaluates what the run has saved and writes `evaluation.json`. `n_tasks` overrides the
/// experiment's number of tasks.
///
/// # Errors
///
/// [`Error::NoCheckpoint`], [`Error::Damaged`], [`Error::OutOfRange`] for fewer than two tasks,
/// [`Error::Write`] and whatever the environment returns.
pub fn evaluate(run: &Run, n_tasks: Option<usize>) -> Result<Evaluation, Error> {
    let experiment = run.experiment();
    let tasks = EvaluationConfig {
        n_tasks: n_tasks.unwrap_or(experiment.evaluation.n_tasks),
        ..experiment.evaluation
    };
    if tasks.n_tasks < 2 {
        return Err(Error::OutOfRange {
            name: "the number of tasks",
            allowed: "at least 2",
            got: tasks.n_tasks.to_string(),
        });
    }
    let Saved { learner, seconds } = run.saved()?.ok_or_else(|| Error::NoCheckpoint {
        path: run.path().to_owned(),
    })?;
    let evaluation = Evaluation {
        name: experiment.name.clone(),
        seed: experiment.seed,
        iteration: learner.iteration(),
        training_seconds: seconds,
        tasks,
        measurements: learner.evaluate(tasks.n_tasks, Seed::new(tasks.seed))?,
    };
    replace_json(&run.file(Evaluation::FILE), &evaluation)?;
    Ok(evaluation)
}
