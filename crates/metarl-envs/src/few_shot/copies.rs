//! More of the support than there is.

use metarl_core::{Error, FewShotTask, Rng, Split, TaskDistribution, check_range};

use super::Distortion;

/// Tasks with distorted copies of each example of the support, told beside it.
///
/// What compares a query with single examples finds one that lies as the query does; a mean of
/// examples is only blurred. Queries, and the examples themselves, are those of the tasks without
/// copies.
///
/// # Examples
///
/// ```
/// use metarl_core::{Purpose, Seed, TaskDistribution};
/// use metarl_envs::few_shot::{ClusterTasks, Distortion, DistortedCopies, FewShot};
///
/// // Sixteen numbers, taken for images of 4 × 4 pixels.
/// let tasks = ClusterTasks::new(FewShot::default())?;
/// let with_copies = DistortedCopies::new(tasks.clone(), 8, Distortion::default())?;
/// let stream = || Seed::new(1).stream(Purpose::EvaluationTask, 0, 0, 0);
/// let (task, more) = (tasks.sample(&mut stream()), with_copies.sample(&mut stream()));
/// assert_eq!(more.support.len(), 9 * task.support.len());
/// assert_eq!(more.query, task.query);
/// # Ok::<(), metarl_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct DistortedCopies<T> {
    tasks: T,
    n_copies: usize,
    distortion: Distortion,
}

impl<T: TaskDistribution<Task = FewShotTask>> DistortedCopies<T> {
    /// `n_copies` of each example of the support; none leaves the tasks as they are.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] for more than 1024 copies, for copies of examples that are not square
    /// images, and those of [`Distortion::check`].
    pub fn new(tasks: T, n_copies: usize, distortion: Distortion) -> Result<Self, Error> {
        distortion.check_copies(n_copies)?;
        let n_features = tasks.frozen(Split::Train, 0).n_features;
        let square = n_copies == 0 || n_features.isqrt().pow(2) == n_features;
        check_range("n_features", "a square", n_features, square)?;
        Ok(Self {
            tasks,
            n_copies,
            distortion,
        })
    }
}

impl<T: TaskDistribution<Task = FewShotTask>> TaskDistribution for DistortedCopies<T> {
    type Task = FewShotTask;

    fn name(&self) -> String {
        let (name, n_copies) = (self.tasks.name(), self.n_copies);
        match name.split_once('@') {
            Some((tasks, version)) if n_copies > 0 => {
                format!("{tasks}-{n_copies}-copies@{version}")
            }
            _ => name,
        }
    }

    fn sample(&self, rng: &mut Rng) -> FewShotTask {
        let mut task = self.tasks.sample(rng);
        let examples = task.support.chunks_exact(task.n_features);
        let (mut support, mut support_label) = (Vec::new(), Vec::new());
        for (example, &label) in examples.zip(&task.support_label) {
            support.extend_from_slice(example);
            for _ in 0..self.n_copies {
                support.extend(self.distortion.of(example, rng));
            }
            support_label.resize(support_label.len() + 1 + self.n_copies, label);
        }
        task.support = support;
        task.support_label = support_label;
        task
    }
}
