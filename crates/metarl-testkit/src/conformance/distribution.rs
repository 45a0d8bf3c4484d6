//! The contract of task distributions.

use metarl_core::{Purpose, Seed, Split, TaskDistribution};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::violation::{Clause, Violation, holds};

/// Runs a task distribution through its contract, on `n_tasks` tasks of each split.
///
/// Tasks are compared in their serialized form (JSON), so that floating-point numbers must survive
/// it exactly. A distribution that always draws the same task has the same splits, and may.
///
/// # Errors
///
/// The first clause that does not hold, as a [`Violation`].
///
/// # Examples
///
/// ```
/// # use metarl_core::{Rng, TaskDistribution};
/// # use rand::RngExt;
/// # struct Payouts;
/// # impl TaskDistribution for Payouts {
/// #     type Task = f64;
/// #     fn name(&self) -> String { "payout/uniform@1".into() }
/// #     fn sample(&self, rng: &mut Rng) -> f64 { rng.random() }
/// # }
/// metarl_testkit::conformance::check_distribution(&Payouts, 10)?;
/// # Ok::<(), metarl_testkit::conformance::Violation>(())
/// ```
pub fn check_distribution<D>(distribution: &D, n_tasks: u64) -> Result<(), Violation>
where
    D: TaskDistribution,
    D::Task: DeserializeOwned,
{
    let name = distribution.name();
    holds(Clause::VersionedName, is_versioned(&name), || {
        format!("{name:?}")
    })?;
    let (mut train, mut test) = (Vec::new(), Vec::new());
    for i in 0..n_tasks {
        let draw = || distribution.sample(&mut Seed::new(i).stream(Purpose::Task, 0, 0, 0));
        let (once, again) = (written(&draw())?, written(&draw())?);
        holds(Clause::ReproducibleTask, once == again, || {
            format!("seed {i}: {once} against {again}")
        })?;
        let read: D::Task = serde_json::from_str(&once).map_err(|error| Violation {
            clause: Clause::TaskRoundTrip,
            found: format!("{once}: {error}"),
        })?;
        let rewritten = written(&read)?;
        holds(Clause::TaskRoundTrip, rewritten == once, || {
            format!("{once} came back as {rewritten}")
        })?;
        train.push(written(&distribution.frozen(Split::Train, i))?);
        test.push(written(&distribution.frozen(Split::Test, i))?);
    }
    let varied = train.iter().any(|task| *task != train[0]);
    holds(Clause::DisjointSplits, !varied || train != test, || {
        format!("the first {n_tasks} tasks of both are the same")
    })
}

fn is_versioned(name: &str) -> bool {
    name.split_once('@')
        .is_some_and(|(family, version)| family.contains('/') && version.parse::<u32>().is_ok())
}

fn written(task: &impl Serialize) -> Result<String, Violation> {
    serde_json::to_string(task).map_err(|error| Violation {
        clause: Clause::TaskRoundTrip,
        found: error.to_string(),
    })
}
