//! What the bridge costs: our loop over Gymnasium's environments against a loop of pure Python over
//! the same, in turn. `cargo xtask bridge --measure` runs it.
#![expect(clippy::print_stdout, reason = "a program for a person at a terminal")]

use std::env;
use std::error::Error;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

use metarl_core::{Continuous, Discrete, Element, Environment, Purpose, Seed, Space, StepBatch};
use metarl_envs::gymnasium::{
    Atari, Gymnasium, GymnasiumError, GymnasiumTask, GymnasiumVector, Recipe, Vectorization,
};

const SECONDS: f64 = 0.1;
const N_ROUNDS: usize = 41;
/// Actions drawn before the clock starts, by both sides.
const N_ACTIONS: usize = 256;

type Pole = Continuous<4>;
type Push = Discrete<2>;

fn main() -> Result<(), Box<dyn Error>> {
    let pole = Recipe::new("CartPole-v1");
    println!(
        "| environment | against | lanes | bridge | pure Python | time of the bridge over that of Python |"
    );
    println!("|---|---|---|---|---|---|");
    for n_lanes in [1, 16] {
        let lanes = Gymnasium::<Pole, Push>::new(&pole, n_lanes)?;
        compare("`make(\"CartPole-v1\")`", ["make", pole.name()], lanes)?;
    }
    // Against the same environment, and against what it is by default: reset one step later.
    for kind in ["same", "make_vec"] {
        for n_lanes in [1, 16, 256, 1024] {
            let vectorization = Vectorization::EntryPoint;
            let lanes = GymnasiumVector::<Pole, Push>::new(&pole, vectorization, n_lanes)?;
            compare("`make_vec(\"CartPole-v1\")`", [kind, pole.name()], lanes)?;
        }
    }
    for n_lanes in [1, 8] {
        let name = "`make_vec(\"ALE/Breakout-v5\")`";
        match Atari::<4>::game("Breakout", n_lanes) {
            Ok(lanes) => compare(name, ["same", "ale_py:ALE/Breakout-v5"], lanes)?,
            Err(GymnasiumError::MissingModule { module, command }) => {
                println!("| {name}: no `{module}`, {command} | | | | | |");
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// One row: rates of both sides, and the median of the ratios of neighbors in time.
fn compare<E>(name: &str, arguments: [&str; 2], environment: E) -> Result<(), Box<dyn Error>>
where
    E: Environment<Task = GymnasiumTask>,
{
    let n_lanes = environment.n_lanes();
    let kind = arguments[0];
    let mut ours = Ours::new(environment)?;
    let mut theirs = Theirs::start(arguments, n_lanes)?;
    ours.rate()?;
    theirs.rate()?;
    let mut rates = Vec::with_capacity(N_ROUNDS);
    for round in 0..N_ROUNDS {
        // Who goes first takes turns.
        rates.push(if round % 2 == 0 {
            let ours = ours.rate()?;
            (ours, theirs.rate()?)
        } else {
            let theirs = theirs.rate()?;
            (ours.rate()?, theirs)
        });
    }
    let ratio = sorted(rates.iter().map(|(ours, theirs)| theirs / ours));
    let median = |numbers: &[f64]| numbers[N_ROUNDS / 2];
    println!(
        "| {name} | {kind} | {n_lanes} | {:.0}/s | {:.0}/s | {:.2} ({:.2} to {:.2}) |",
        median(&sorted(rates.iter().map(|(ours, _)| *ours))),
        median(&sorted(rates.iter().map(|(_, theirs)| *theirs))),
        median(&ratio),
        ratio[0],
        ratio[N_ROUNDS - 1],
    );
    Ok(())
}

fn sorted(numbers: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut numbers: Vec<f64> = numbers.collect();
    numbers.sort_by(f64::total_cmp);
    numbers
}

struct Ours<E: Environment> {
    environment: E,
    actions: Vec<Vec<Element<E::ActionSpace>>>,
    step: StepBatch<Element<E::ObservationSpace>>,
}

impl<E: Environment<Task = GymnasiumTask>> Ours<E> {
    fn new(mut environment: E) -> Result<Self, metarl_core::Error> {
        let n_lanes = environment.n_lanes();
        for lane in 0..n_lanes {
            let rng = Seed::new(1).stream(Purpose::Environment, 0, lane as u64, 0);
            environment.assign(lane, &GymnasiumTask::default(), rng)?;
        }
        let mut step = StepBatch::new(n_lanes, environment.observation_space().zero());
        environment.reset(&mut step.observation)?;
        let mut rng = Seed::new(1).stream(Purpose::Policy, 0, 0, 0);
        let space = environment.action_space();
        let mut draw = || (0..n_lanes).map(|_| space.sample(&mut rng)).collect();
        Ok(Self {
            actions: (0..N_ACTIONS).map(|_| draw()).collect(),
            environment,
            step,
        })
    }

    /// Lane-steps a second of processor time.
    fn rate(&mut self) -> Result<f64, metarl_core::Error> {
        let (start, before, mut n_steps) = (Instant::now(), cpu_seconds(), 0);
        while start.elapsed().as_secs_f64() < SECONDS {
            let action = &self.actions[n_steps % N_ACTIONS];
            self.environment.step(action, &mut self.step)?;
            n_steps += 1;
        }
        let n_steps = n_steps * self.step.n_lanes();
        let seconds = cpu_seconds()
            .zip(before)
            .map(|(after, before)| after - before);
        Ok(n_steps as f64 / seconds.unwrap_or_else(|| start.elapsed().as_secs_f64()))
    }
}

/// Time on a processor, of all threads, where the system tells: what others do on the machine costs
/// neither side then.
fn cpu_seconds() -> Option<f64> {
    let threads = fs::read_dir("/proc/self/task").ok()?;
    let nanoseconds = threads.map(|thread| {
        let line = fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
        line.split(' ').next()?.parse::<f64>().ok()
    });
    Some(nanoseconds.sum::<Option<f64>>()? * 1e-9)
}

/// A process that measures once for each line it is given.
struct Theirs {
    process: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Theirs {
    /// Starts it and waits until it is ready.
    fn start(arguments: [&str; 2], n_lanes: usize) -> Result<Self, Box<dyn Error>> {
        let python =
            env::var_os("VIRTUAL_ENV").map(|folder| PathBuf::from(folder).join("bin/python"));
        let mut process = Command::new(python.unwrap_or_else(|| "python3".into()))
            .arg(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/examples/gymnasium_overhead.py"
            ))
            .args(arguments)
            .args([
                n_lanes.to_string(),
                SECONDS.to_string(),
                N_ACTIONS.to_string(),
            ])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let questions = process.stdin.take().ok_or("it has no input")?;
        let answers = process.stdout.take().ok_or("it has no output")?;
        let answers = BufReader::new(answers);
        Ok(Self {
            process,
            questions,
            answers,
        })
    }

    fn rate(&mut self) -> Result<f64, Box<dyn Error>> {
        writeln!(self.questions)?;
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        Ok(line
            .trim()
            .parse()
            .map_err(|_| format!("it said {line:?}"))?)
    }
}

impl Drop for Theirs {
    /// Nothing depends on how it ends.
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
