//! A process that measures once for each line it is given.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, ensure};

use super::Cores;

pub(super) struct Worker {
    process: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Worker {
    /// Starts it on its cores, where the system has a way to say so, and waits until it is ready.
    pub(super) fn start(
        root: &Path,
        program: &Path,
        arguments: Vec<String>,
        cores: Cores,
    ) -> Result<Self> {
        let can_pin = || Command::new("taskset").arg("--version").output().is_ok();
        let pinned = cores == Cores::One && can_pin();
        let mut command = if pinned {
            let mut command = Command::new("taskset");
            command.args(["--cpu-list", "0"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        let mut process = command
            .args(arguments)
            .current_dir(root)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| program.display().to_string())?;
        let questions = process.stdin.take().context("it has no input")?;
        let answers = BufReader::new(process.stdout.take().context("it has no output")?);
        let mut worker = Self {
            process,
            questions,
            answers,
        };
        worker.line()?;
        Ok(worker)
    }

    /// The rate of one round.
    pub(super) fn round(&mut self) -> Result<f64> {
        writeln!(self.questions)?;
        let line = self.line()?;
        line.trim()
            .parse()
            .with_context(|| format!("it said {line:?}"))
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        ensure!(
            !line.is_empty(),
            "the worker stopped; what it said is above"
        );
        Ok(line)
    }
}

impl Drop for Worker {
    /// Nothing depends on how it ends.
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
