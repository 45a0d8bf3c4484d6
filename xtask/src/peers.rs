//! Ours against what people would use instead, side by side.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use xshell::{Shell, cmd};

mod works;

use works::{Cores, Peer, WORKS, Work};

const REPORT: &str = "docs/benchmarks.md";

const HEAD: &str = "\
# Benchmarks against peers

Written by `cargo xtask bench --peers`, which fetches the packages named in
[`xtask/peers`](../xtask/peers) from PyPI. Both sides run in turn, half a second each or one piece of work where that
takes longer, on one core, iterations on all; a ratio is that of neighbors in time, and the table has the median of
the ratios with the smallest and the largest.

| work | a rate counts |
|---|---|
| an environment | steps, random actions and new episodes included, at the number of lanes where each side is fastest; for MinAtar's games ours also writes every board as the numbers a network reads, where the package hands out booleans |
| `half-cheetah-threads` | steps of one thread while every core steps cheetahs of its own, beside one thread alone |
| a gradient, a Hessian-vector product | evaluations, for the mean square of the outputs of a 2-100-100-2 tanh perceptron |
| an iteration of MAML-TRPO | iterations on 2-D navigation: 20 tasks, 20 episodes of 100 steps, learning included |
| RL² with PPO | pulls of five-armed bandits: 512 trials of 10 pulls, a GRU of 64 units, four gradient steps on all of them; with an LSTM (`rl2-lstm`) beside Stable-Baselines3, which has no GRU |
| GAE, V-trace | entries of a rectangle of 2048 steps of 64 lanes |
| neighbors | look-ups, replacements or moves, of `scan` bytes; `manif-64x100k-k50` is 50 neighbors among 100 000 keys of 64 numbers, see [memory](memory.md) |
| `lru-touch`, `nec-step` | touches of one of 10⁶ slots; look-ups of 50 of 5·10⁵ entries of a [dictionary](dictionary.md), each with a new one written in place of the oldest |

";

/// How a comparison went.
struct Comparison {
    work: &'static Work,
    /// Medians of the rates.
    ours: f64,
    theirs: f64,
    /// Smallest, median and largest ratio of neighbors in time.
    ratio: [f64; 3],
}

impl Comparison {
    fn passed(&self) -> bool {
        self.ratio[1] >= self.work.bar
    }
}

pub(crate) fn peers(sh: &Shell, only: Option<&str>, quick: bool, json: bool) -> Result<()> {
    let works: Vec<&Work> = WORKS
        .iter()
        .filter(|work| only.is_none_or(|only| work.name.starts_with(only)))
        .collect();
    let names = || WORKS.iter().map(|work| work.name).collect::<Vec<_>>();
    ensure!(!works.is_empty(), "no such work; there are {:?}", names());
    let mut ready = Vec::with_capacity(works.len());
    for work in works {
        match work.kit.needs() {
            Some([path, command]) if !sh.path_exists(path) => {
                let name = work.name;
                println!("skipped: {name}, because {path} is missing; `{command}` fetches it");
            }
            _ => ready.push(work),
        }
    }

    let root = sh.current_dir();
    let n_rounds = if quick { 5 } else { 15 };
    let mut report = format!(
        "{HEAD}| work | peer | ours | theirs | ratio | bar | |\n|---|---|---|---|---|---|---|\n"
    );
    let mut comparisons = Vec::new();
    for work in ready {
        let comparison = compare(sh, &root, work, n_rounds)
            .with_context(|| format!("{} against {}", work.name, work.peer))?;
        let row = row(&comparison);
        println!("{row}");
        writeln!(report, "{row}")?;
        comparisons.push(comparison);
    }
    if only.is_none() && !quick {
        fs::write(root.join(REPORT), report).context(REPORT)?;
    }
    if json {
        let list: Vec<Value> = comparisons.iter().map(as_json).collect();
        println!("{}", Value::from(list));
    }
    let n_failed = comparisons.iter().filter(|c| !c.passed()).count();
    ensure!(
        n_failed == 0,
        "{n_failed} of {} miss their bar",
        comparisons.len()
    );
    Ok(())
}

fn row(comparison: &Comparison) -> String {
    let Comparison {
        work,
        ours,
        theirs,
        ratio: [least, median, most],
    } = comparison;
    let verdict = if comparison.passed() {
        "reached"
    } else {
        "**missed**"
    };
    format!(
        "| {} | {} | {} | {} | {median:.1} ({least:.1} to {most:.1}) | {} | {verdict} |",
        work.name,
        work.peer,
        rate(*ours),
        rate(*theirs),
        work.bar,
    )
}

fn rate(x: f64) -> String {
    match x {
        1e9.. => format!("{:.1} G/s", x / 1e9),
        1e6.. => format!("{:.1} M/s", x / 1e6),
        1e3.. => format!("{:.1} k/s", x / 1e3),
        10.0.. => format!("{x:.0} /s"),
        _ => format!("{x:.2} /s"),
    }
}

fn as_json(comparison: &Comparison) -> Value {
    json!({
        "work": comparison.work.name,
        "peer": comparison.work.peer,
        "ours": comparison.ours,
        "theirs": comparison.theirs,
        "ratio": comparison.ratio[1],
        "bar": comparison.work.bar,
        "passed": comparison.passed(),
    })
}

fn compare(sh: &Shell, root: &Path, work: &'static Work, n_rounds: usize) -> Result<Comparison> {
    let cargo = PathBuf::from(std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()));
    let example = &work.kit.example();
    cmd!(sh, "cargo build --release {example...}").run()?;
    let run = ["run", "--quiet", "--release"].into_iter();
    let words = |arguments: &'static str| arguments.split(' ').map(str::to_owned);
    let ours = |arguments: &'static str| -> Vec<String> {
        let cargo = run.clone().chain(example.iter().copied()).chain(["--"]);
        cargo.map(str::to_owned).chain(words(arguments)).collect()
    };
    let (program, arguments) = match work.theirs {
        Peer::Script(script, arguments) => {
            let script = format!("xtask/peers/{script}");
            let arguments = words(arguments).chain(words(work.ours));
            let arguments = std::iter::once(script).chain(arguments).collect();
            (work.kit.python(sh)?, arguments)
        }
        Peer::Crate(name) => {
            let arguments = vec![name.to_owned(), work.ours.to_owned()];
            (works::rust_peers(sh)?, arguments)
        }
        Peer::Ours(arguments) => (cargo.clone(), ours(arguments)),
    };
    let cores = work.kit.cores();
    // Ours first, for it writes the data that both read.
    let mut ours = Worker::start(root, &cargo, ours(work.ours), cores)?;
    let mut theirs = Worker::start(root, &program, arguments, cores)?;
    let mut rates = Vec::with_capacity(n_rounds);
    for round in 0..n_rounds {
        // Who goes first takes turns, so that a drift of the machine favors neither.
        rates.push(if round % 2 == 0 {
            let our_rate = ours.round()?;
            (our_rate, theirs.round()?)
        } else {
            let their_rate = theirs.round()?;
            (ours.round()?, their_rate)
        });
    }
    let ratio = sorted(rates.iter().map(|(ours, theirs)| ours / theirs));
    Ok(Comparison {
        work,
        ours: median(&sorted(rates.iter().map(|(ours, _)| *ours))),
        theirs: median(&sorted(rates.iter().map(|(_, theirs)| *theirs))),
        ratio: [ratio[0], median(&ratio), ratio[n_rounds - 1]],
    })
}

fn sorted(numbers: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut numbers: Vec<f64> = numbers.collect();
    numbers.sort_by(f64::total_cmp);
    numbers
}

/// Of an odd number of numbers.
fn median(sorted: &[f64]) -> f64 {
    sorted[sorted.len() / 2]
}

/// A process that measures once for each line it is given.
struct Worker {
    process: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Worker {
    /// Starts it on its cores, where the system has a way to say so, and waits until it is ready.
    fn start(root: &Path, program: &Path, arguments: Vec<String>, cores: Cores) -> Result<Self> {
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

    fn round(&mut self) -> Result<f64> {
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
