//! Ours against what people would use instead, side by side.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use xshell::{Shell, cmd};

use crate::python::virtual_environment;
use crate::setup::{BOX2D, MUJOCO};

const REPORT: &str = "docs/benchmarks.md";

const HEAD: &str = "\
# Benchmarks against peers

Written by `cargo xtask bench --peers`, which fetches the packages named in
[`xtask/peers/requirements.txt`](../xtask/peers/requirements.txt) from PyPI. Both sides run on one core, in turn,
half a second each; a ratio is that of neighbors in time, and the table has the median of the ratios with the
smallest and the largest. Each side uses the number of lanes at which it is fastest. Rates are environment
steps a second, random actions and new episodes included; for MinAtar's games ours also writes every board as
the numbers a network reads, where the package hands out booleans.

";

/// One row: the same work done by us and by a peer.
struct Work {
    name: &'static str,
    peer: &'static str,
    /// Argument of our worker.
    ours: &'static str,
    /// Script below `xtask/peers` and its argument.
    theirs: (&'static str, &'static str),
    kit: Kit,
    bar: f64,
}

/// What both sides of a comparison need.
#[derive(Clone, Copy)]
enum Kit {
    /// Nothing but their packages.
    Plain,
    /// The physics engine of the feature `terrain`.
    Rapier,
    /// The physics engine of the feature `box2d`.
    Box2d,
    /// The simulator of the feature `mujoco`.
    Mujoco,
}

impl Kit {
    fn features(self) -> &'static [&'static str] {
        match self {
            Self::Plain => &[],
            Self::Rapier => &["--features", "terrain"],
            Self::Box2d => &["--features", "box2d"],
            Self::Mujoco => &["--features", "mujoco"],
        }
    }

    /// A Python with the packages of the peers.
    fn python(self, sh: &Shell) -> Result<PathBuf> {
        let (venv, requirements) = match self {
            Self::Plain => ("target/peers/venv", "xtask/peers/requirements.txt"),
            Self::Rapier | Self::Box2d => ("target/peers/walker", "xtask/peers/walker.txt"),
            Self::Mujoco => ("target/peers/mujoco", "xtask/peers/mujoco.txt"),
        };
        virtual_environment(sh, venv, requirements)
    }

    /// What has to be there and `cargo xtask setup` fetches.
    fn needs(self) -> Option<[&'static str; 2]> {
        match self {
            Self::Plain | Self::Rapier => None,
            Self::Box2d => Some([BOX2D, "cargo xtask setup box2d"]),
            Self::Mujoco => Some([MUJOCO, "cargo xtask setup mujoco"]),
        }
    }
}

const fn classic(
    name: &'static str,
    peer: &'static str,
    theirs: (&'static str, &'static str),
) -> Work {
    Work {
        name,
        peer,
        ours: name,
        theirs,
        kit: Kit::Plain,
        bar: 8.0,
    }
}

const fn min_atar(name: &'static str, theirs: &'static str) -> Work {
    Work {
        name,
        peer: "MinAtar",
        ours: name,
        theirs: (MIN_ATAR, theirs),
        bar: 20.0,
        kit: Kit::Plain,
    }
}

/// A robot in the simulator, which is most of the work on both sides.
const fn robot(name: &'static str, theirs: &'static str) -> Work {
    Work {
        name,
        peer: "Gymnasium",
        ours: name,
        theirs: (GYMNASIUM, theirs),
        kit: Kit::Mujoco,
        bar: 1.4,
    }
}

/// A walker in a physics engine, beside Gymnasium's in Box2D.
const fn walker(name: &'static str, kit: Kit, bar: f64) -> Work {
    Work {
        name,
        peer: "Gymnasium",
        ours: name,
        theirs: (GYMNASIUM, "BipedalWalker-v3"),
        kit,
        bar,
    }
}

const GYMNAX: &str = "gymnax_steps.py";
const GYMNASIUM: &str = "gymnasium_steps.py";
const MIN_ATAR: &str = "min_atar_steps.py";

const WORKS: &[Work] = &[
    classic("cart-pole", "gymnax, jitted", (GYMNAX, "CartPole-v1")),
    classic("cart-pole", "Gymnasium, vector", (GYMNASIUM, "CartPole-v1")),
    classic("mountain-car", "gymnax, jitted", (GYMNAX, "MountainCar-v0")),
    classic(
        "mountain-car",
        "Gymnasium, vector",
        (GYMNASIUM, "MountainCar-v0"),
    ),
    classic("pendulum", "gymnax, jitted", (GYMNAX, "Pendulum-v1")),
    classic("pendulum", "Gymnasium, vector", (GYMNASIUM, "Pendulum-v1")),
    classic("acrobot", "gymnax, jitted", (GYMNAX, "Acrobot-v1")),
    classic("acrobot", "Gymnasium, vector", (GYMNASIUM, "Acrobot-v1")),
    min_atar("breakout", "breakout"),
    min_atar("asterix", "asterix"),
    min_atar("freeway", "freeway"),
    min_atar("seaquest", "seaquest"),
    min_atar("space-invaders", "space_invaders"),
    walker("walker-rapier", Kit::Rapier, 6.0),
    walker("walker-box2d", Kit::Box2d, 3.0),
    robot("half-cheetah", "HalfCheetah-v5"),
    robot("ant", "Ant-v5"),
    robot("humanoid", "Humanoid-v5"),
];

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
        .filter(|work| only.is_none_or(|only| work.name == only))
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
    if x >= 1e6 {
        format!("{:.1} M/s", x / 1e6)
    } else {
        format!("{:.1} k/s", x / 1e3)
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
    let python = work.kit.python(sh)?;
    let features = work.kit.features();
    let example = ["--package", "metarl-envs", "--example", "throughput"];
    cmd!(sh, "cargo build --release {example...} {features...}").run()?;
    let (script, argument) = work.theirs;
    let script = format!("xtask/peers/{script}");
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let ours = ["run", "--quiet", "--release"].into_iter().chain(example);
    let ours = ours
        .chain(features.iter().copied())
        .chain(["--", work.ours]);
    let mut ours = Worker::start(root, Path::new(&cargo), ours)?;
    let mut theirs = Worker::start(root, &python, [script.as_str(), argument])?;
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
    /// Starts it on one core, where the system has a way to say so, and waits until it is ready.
    fn start<'a>(
        root: &Path,
        program: &Path,
        arguments: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self> {
        let pinned = Command::new("taskset").arg("--version").output().is_ok();
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
