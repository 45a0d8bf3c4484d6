//! What a person sees while it runs, on stderr.

use std::io::{IsTerminal, stderr};
use std::ops::ControlFlow;
use std::process::exit;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use indicatif::{HumanDuration, ProgressBar, ProgressStyle};
use metarl::experiment::Experiment;
use metarl::system::Iteration;
use metarl::train::Watch;

use super::INTERRUPTED;

const BETWEEN_LINES: Duration = Duration::from_secs(30);

/// A bar on a terminal, elsewhere a line every half a minute. Ctrl-C ends the program: at once, or in
/// training after the iteration that runs, whose agent is saved first. A second one does not wait.
pub(super) struct Progress {
    training: Arc<AtomicBool>,
    stop: Arc<AtomicBool>,
    bar: Option<ProgressBar>,
    pace: Option<Pace>,
}

/// Where this sitting began, and when something was last said.
struct Pace {
    start: Instant,
    from: u64,
    last_line: Instant,
}

impl Progress {
    pub(super) fn new() -> Result<Self> {
        let training = Arc::new(AtomicBool::new(false));
        let stop = Arc::new(AtomicBool::new(false));
        let (waits, seen) = (training.clone(), stop.clone());
        ctrlc::set_handler(move || {
            let again = seen.swap(true, Ordering::Relaxed);
            if again || !waits.load(Ordering::Relaxed) {
                exit(i32::from(INTERRUPTED));
            }
        })
        .context("cannot listen for Ctrl-C")?;
        let bar = stderr().is_terminal().then(ProgressBar::new_spinner);
        Ok(Self {
            training,
            stop,
            bar,
            pace: None,
        })
    }

    /// Only a terminal is told.
    pub(super) fn say(&self, what: &str) {
        if let Some(bar) = &self.bar {
            bar.set_style(ProgressStyle::default_spinner());
            bar.set_message(what.to_owned());
            bar.enable_steady_tick(Duration::from_millis(100));
        }
    }

    pub(super) fn done(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Watch for Progress {
    fn begin(&mut self, experiment: &Experiment, iteration: u64) {
        self.training.store(true, Ordering::Relaxed);
        let now = Instant::now();
        self.pace = Some(Pace {
            start: now,
            from: iteration,
            last_line: now,
        });
        if let Some(bar) = &self.bar {
            let template = "seed {prefix} {wide_bar} {pos}/{len} {msg}";
            let style = ProgressStyle::with_template(template);
            bar.disable_steady_tick();
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.set_prefix(experiment.seed.to_string());
            bar.set_length(experiment.system.n_iterations());
            bar.set_position(iteration);
        }
    }

    fn iteration(&mut self, experiment: &Experiment, done: &Iteration) -> ControlFlow<()> {
        if let Some(pace) = &mut self.pace {
            let n = experiment.system.n_iterations();
            let here = done.iteration.saturating_sub(pace.from).max(1) as f64;
            let elapsed = pace.start.elapsed();
            let left = elapsed.mul_f64(n.saturating_sub(done.iteration) as f64 / here);
            let steps = done.env_steps as f64 / done.iteration.max(1) as f64 * here;
            let rate = steps / elapsed.as_secs_f64().max(1e-9);
            let shown = done.measured.get(experiment.system.curve().key);
            let shown = shown.copied().unwrap_or(f64::NAN);
            let text = format!(
                "{} {shown:.2}, {rate:.0} {} a second, {} left",
                experiment.system.curve().key,
                experiment.system.counted(),
                HumanDuration(left)
            );
            if let Some(bar) = &self.bar {
                bar.set_position(done.iteration);
                bar.set_message(text);
            } else if pace.last_line.elapsed() >= BETWEEN_LINES {
                pace.last_line = Instant::now();
                eprintln!(
                    "seed {}, iteration {}/{n}: {text}",
                    experiment.seed, done.iteration
                );
            }
        }
        if self.stopped() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }

    /// Nothing is kept half-done between iterations of training: files are replaced whole.
    fn phase(&mut self, what: &str) {
        self.training.store(false, Ordering::Relaxed);
        self.say(what);
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}
