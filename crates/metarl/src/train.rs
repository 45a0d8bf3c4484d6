//! Training an experiment in a run folder.

use std::ops::ControlFlow;
use std::time::Instant;

use crate::Error;
use crate::experiment::Experiment;
use crate::plot;
use crate::run::Run;
use crate::system::Iteration;

/// Someone who looks on, and may stop it.
pub trait Watch {
    /// Training begins or goes on; `iteration` iterations are done.
    fn begin(&mut self, _experiment: &Experiment, _iteration: u64) {}

    /// Another iteration is done. After a `Break` the agent is saved and training ends.
    fn iteration(&mut self, experiment: &Experiment, done: &Iteration) -> ControlFlow<()>;

    /// Something else begins that takes a while.
    fn phase(&mut self, _what: &str) {}

    /// Whether to stop between phases.
    fn stopped(&self) -> bool {
        false
    }
}

/// Nobody looks on.
impl Watch for () {
    fn iteration(&mut self, _experiment: &Experiment, _done: &Iteration) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// How training ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trained {
    /// Iterations done.
    pub iteration: u64,
    /// Seconds of training, those of earlier sittings included.
    pub seconds: f64,
    /// Whether that is all of them; otherwise the watcher stopped it.
    pub finished: bool,
}

/// Trains a run from where it stands to its end. An interrupted run that goes on ends in the same
/// bits as one that was not interrupted.
///
/// # Errors
///
/// [`Error::Busy`], [`Error::Damaged`], [`Error::Write`] and whatever the agent returns. What was
/// saved before is then still there.
pub fn train(run: &Run, watch: &mut dyn Watch) -> Result<Trained, Error> {
    let experiment = run.experiment();
    let n_iterations = experiment.system.n_iterations();
    // Looked at under the log's lock, so that the state is not another process's last but one.
    let mut log = run.log()?;
    let (mut learner, before) = match run.saved()? {
        Some(saved) => (saved.learner, saved.seconds),
        None => (run.untrained()?, 0.0),
    };
    log.cut(learner.iteration())?;
    watch.begin(experiment, learner.iteration());
    let start = Instant::now();
    let mut trained = Trained {
        iteration: learner.iteration(),
        seconds: before,
        finished: learner.iteration() >= n_iterations,
    };
    while !trained.finished {
        let mut done = learner.iterate()?;
        trained.seconds = before + start.elapsed().as_secs_f64();
        trained.iteration = done.iteration;
        trained.finished = done.iteration >= n_iterations;
        done.seconds = trained.seconds;
        log.append(&done)?;
        let stop = watch.iteration(experiment, &done).is_break();
        let due = done.iteration.is_multiple_of(experiment.checkpoint_every);
        if trained.finished || stop || due {
            run.save(learner.as_ref(), trained.seconds)?;
        }
        if stop {
            break;
        }
    }
    Ok(trained)
}

/// Draws the run's learning curve with its references into `curve.svg`.
///
/// # Errors
///
/// [`Error::Write`], [`Error::Damaged`], [`Error::Plot`] and whatever a baseline returns.
pub fn draw(run: &Run, watch: &mut dyn Watch) -> Result<(), Error> {
    watch.phase("playing the baselines");
    let experiment = run.experiment();
    let references = experiment.system.references(experiment.evaluation)?;
    let curves = [run.metrics()?];
    plot::learning_curve(&run.file("curve.svg"), experiment, &curves, &references)
}

/// Draws the learning curve so far, at once: without the references, which take a while.
///
/// # Errors
///
/// [`Error::Write`], [`Error::Damaged`] and [`Error::Plot`].
pub fn draw_so_far(run: &Run) -> Result<(), Error> {
    let curves = [run.metrics()?];
    plot::learning_curve(&run.file("curve.svg"), run.experiment(), &curves, &[])
}
