//! Ours against what people would use instead, side by side.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use xshell::Shell;

mod worker;
mod works;

use crate::python;
use worker::Worker;
use works::{Cores, Peer, WORKS, Work};

const REPORT: &str = "docs/benchmarks.md";

const N_ROUNDS: usize = 15;
const N_QUICK_ROUNDS: usize = 5;

/// With `--quick`, rounds of which one is enough to say that more of them would take too long.
const FEWEST_ROUNDS: usize = 3;

/// What so many rounds then have taken.
const LONG: Duration = Duration::from_secs(15);

const HEAD: &str = "\
# Benchmarks against peers

Written by `cargo xtask bench --peers`, which fetches the packages named in
[`xtask/peers`](../xtask/peers) from PyPI. Ours and all peers of a work run in turn, half a second each or one piece of
work where that takes longer, on one core, iterations on all; a ratio is that of one round, and the table has the median
of the ratios with the smallest and the largest. What falls short, and why, is on the pages of
[performance](performance.md) and of [memory](memory.md).

| work | a rate counts |
|---|---|
| an environment | steps, random actions and new episodes included, at the number of lanes where each side is fastest; for MinAtar's games ours also writes every board as the numbers a network reads, where the package hands out booleans |
| `half-cheetah-threads` | steps of one thread while every core steps cheetahs of its own, beside one thread alone |
| a gradient, a Hessian-vector product | evaluations, for the mean square of the outputs of a 2-100-100-2 tanh perceptron |
| an iteration of MAML-TRPO | iterations on 2-D navigation: 20 tasks, 20 episodes of 100 steps, learning included |
| RL² with PPO | pulls of five-armed bandits: 512 trials of 10 pulls, a GRU of 64 units, four gradient steps on all of them; with an LSTM (`rl2-lstm`) beside Stable-Baselines3, which has no GRU |
| GAE, V-trace | entries of a rectangle of 2048 steps of 64 lanes |
| neighbors | look-ups, replacements or moves, of `scan` bytes; `manif-64x100k-k50` is 50 neighbors among 100 000 keys of 64 numbers, `move-50` moves 50 keys at once, see [memory](memory.md) |
| `lru-touch`, `nec-step` | touches of one of 10⁶ slots; look-ups of 50 of 5·10⁵ entries of a [dictionary](dictionary.md), each with a new one written in place of the oldest |

";

/// How a comparison went.
struct Comparison<'a> {
    work: &'a Work,
    /// Medians of the rates.
    ours: f64,
    theirs: f64,
    /// Smallest, median and largest ratio of a round.
    ratio: [f64; 3],
}

impl Comparison<'_> {
    fn passed(&self) -> bool {
        self.ratio[1] >= self.work.bar
    }
}

pub(crate) fn peers(sh: &Shell, only: Option<&str>, quick: bool, json: bool) -> Result<()> {
    let works = chosen(only)?;
    let ready = set_up(sh, works)?;
    let root = sh.current_dir();
    let mut report = format!(
        "{HEAD}{N_ROUNDS} rounds, on {}:\n\n\
         | work | peer | ours | theirs | ratio | bar | |\n|---|---|---|---|---|---|---|\n",
        machine()
    );
    let start = Instant::now();
    let mut comparisons = Vec::new();
    // Peers of the same work are measured together, so that ours is started and measured once.
    for works in ready.chunk_by(|a, b| a.is_measured_with(b)) {
        let names: Vec<&str> = works.iter().map(|work| work.peer).collect();
        let what = format!("{} beside {}", works[0].name, names.join(" and "));
        let so_far = start.elapsed().as_secs();
        eprintln!(
            "{so_far} s, {} of {}: {what}",
            comparisons.len() + 1,
            ready.len()
        );
        for comparison in compare(&root, works, quick).context(what)? {
            let row = row(&comparison);
            println!("{row}");
            writeln!(report, "{row}")?;
            comparisons.push(comparison);
        }
    }
    eprintln!("{} s after set-up", start.elapsed().as_secs());
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

/// The works whose name begins so; those of the grid only where they are asked for.
fn chosen(only: Option<&str>) -> Result<Vec<Work>> {
    let begin = only.unwrap_or_default();
    let mut works = WORKS.to_vec();
    if begin.starts_with(works::GRID) {
        works = works::grid();
    }
    let mut names: Vec<_> = works.iter().map(|work| work.name.clone()).collect();
    names.dedup();
    works.retain(|work| work.name.starts_with(begin));
    ensure!(!works.is_empty(), "no such work; there are {names:?}");
    Ok(works)
}

/// Fetches and builds what works need; gives those that can be done.
fn set_up(sh: &Shell, mut works: Vec<Work>) -> Result<Vec<Work>> {
    works.retain(|work| match work.kit.needs() {
        Some([path, command]) if !sh.path_exists(path) => {
            let name = &work.name;
            println!("skipped: {name}, because {path} is missing; `{command}` fetches it");
            false
        }
        _ => true,
    });
    let mut kits: Vec<_> = works.iter().map(|work| work.kit).collect();
    kits.dedup();
    for kit in kits {
        kit.build(sh)?;
    }
    if works
        .iter()
        .any(|work| matches!(work.theirs, Peer::Crate(_)))
    {
        works::build_rust_peers(sh)?;
    }
    let scripts = works
        .iter()
        .filter(|work| matches!(work.theirs, Peer::Script(..)));
    let environments: BTreeSet<_> = scripts.map(|work| work.kit.environment()).collect();
    for (folder, requirements) in environments {
        python::virtual_environment(sh, folder, requirements)?;
    }
    Ok(works)
}

/// The processor, where the system has a file that says which.
fn machine() -> String {
    let n_cores = std::thread::available_parallelism().map_or(1, usize::from);
    let file = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let mut keys = file.lines().filter_map(|line| line.split_once(": "));
    let name = keys.find(|(key, _)| key.trim() == "model name");
    let name = name.map_or("an unnamed processor", |(_, name)| name);
    format!("{n_cores} cores of {name}")
}

fn row(comparison: &Comparison<'_>) -> String {
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

fn as_json(comparison: &Comparison<'_>) -> Value {
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

/// Measures ours, which is the same for all the works, and the peers of each.
fn compare<'a>(root: &Path, works: &'a [Work], quick: bool) -> Result<Vec<Comparison<'a>>> {
    let kit = works[0].kit;
    let cargo = PathBuf::from(std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()));
    let words = |arguments: &str| arguments.split(' ').map(str::to_owned).collect();
    let ours = |arguments: &str| -> Vec<String> {
        let run = [
            vec!["run", "--quiet", "--release"],
            kit.example(),
            vec!["--"],
        ]
        .concat();
        let run = run.into_iter().map(str::to_owned).collect();
        [run, words(arguments)].concat()
    };
    // Ours first, for it writes the data that all read.
    let mut workers = vec![Worker::start(
        root,
        &cargo,
        ours(&works[0].ours),
        kit.cores(),
    )?];
    for work in works {
        let (program, arguments) = match work.theirs {
            Peer::Script(script, arguments) => {
                let script = vec![format!("xtask/peers/{script}")];
                let arguments = [script, words(arguments), words(&work.ours)].concat();
                (python::program(root, kit.environment().0), arguments)
            }
            Peer::Crate(name) => {
                let arguments = vec![name.to_owned(), work.ours.to_string()];
                (works::rust_peers(root), arguments)
            }
            Peer::Ours(arguments) => (cargo.clone(), ours(arguments)),
        };
        workers.push(Worker::start(root, &program, arguments, kit.cores())?);
    }
    let rounds = rounds(&mut workers, quick)?;
    let of = |worker: usize| sorted(rounds.iter().map(|rates| rates[worker]));
    let comparisons = works.iter().zip(1..).map(|(work, worker)| {
        let ratio = sorted(rounds.iter().map(|rates| rates[0] / rates[worker]));
        Comparison {
            work,
            ours: median(&of(0)),
            theirs: median(&of(worker)),
            ratio: [ratio[0], median(&ratio), ratio[ratio.len() - 1]],
        }
    });
    Ok(comparisons.collect())
}

/// Rates of all workers, round after round.
fn rounds(workers: &mut [Worker], quick: bool) -> Result<Vec<Vec<f64>>> {
    let n_rounds = if quick { N_QUICK_ROUNDS } else { N_ROUNDS };
    let start = Instant::now();
    let mut rounds = Vec::new();
    while rounds.len() < n_rounds {
        let is_long = rounds.len() == FEWEST_ROUNDS && start.elapsed() > LONG;
        if quick && is_long {
            break;
        }
        let mut rates = vec![0.0; workers.len()];
        let mut turns: Vec<usize> = (0..workers.len()).collect();
        // Who goes first takes turns, so that a drift of the machine favors nobody.
        if rounds.len() % 2 == 1 {
            turns.reverse();
        }
        for worker in turns {
            rates[worker] = workers[worker].round()?;
        }
        rounds.push(rates);
    }
    Ok(rounds)
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

#[cfg(test)]
mod tests {
    use super::{chosen, works};

    #[test]
    fn the_grid_is_measured_only_where_it_is_asked_for() {
        let is_in_grid = |name: &str| name.starts_with(works::GRID);
        for only in [None, Some("neighbors")] {
            let works = chosen(only).expect("works");
            assert!(!works.iter().any(|work| is_in_grid(&work.name)));
        }
        let grid = chosen(Some("neighbors-grid-gauss-8x")).expect("works");
        assert_eq!(grid.len(), 3 * 2 * 4);
        assert!(grid.iter().all(|work| is_in_grid(&work.name)));
        assert!(chosen(Some("no-such-work")).is_err());
    }

    #[test]
    fn rows_of_the_same_work_follow_each_other() {
        let works = [chosen(None), chosen(Some(works::GRID))];
        for works in works.map(|works| works.expect("works")) {
            let mut starts = Vec::new();
            for rows in works.chunk_by(|a, b| a.is_measured_with(b)) {
                let seen = starts.iter().any(|start| rows[0].is_measured_with(start));
                assert!(!seen, "{} comes twice", rows[0].name);
                starts.push(rows[0].clone());
            }
        }
    }
}
