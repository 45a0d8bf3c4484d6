//! How fast nearest neighbors are found, for `cargo xtask bench --peers`: a line in, a measured rate
//! out, until the input ends.
//!
//! The argument says what is measured: `neighbors-manif-64x100k-k50` is look-ups of 50 neighbors among 100 000
//! keys of 64 numbers. Keys and queries are written to `target/peers/neighbors`, for peers to read.
#![expect(
    clippy::print_stdout,
    reason = "a program whose output is read by xtask"
)]

use std::error::Error;
use std::fs;
use std::hint::black_box;
use std::io::{self, BufRead, Write};
use std::path::Path;
use std::time::Instant;

use metarl_memory::{FlatScan, KdTree, NearestNeighbors, Search};
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use rand_distr::StandardNormal;

const SECONDS: f64 = 0.5;
const FOLDER: &str = "target/peers/neighbors";
const N_QUERIES: usize = 2000;
const BATCH: usize = 32;

fn main() -> Result<(), Box<dyn Error>> {
    let name = std::env::args().nth(1).unwrap_or_default();
    let work = Work::parse(&name).ok_or_else(|| format!("there is no work `{name}`"))?;
    let mut play = Play::new(work)?;
    play.rate(0.2)?;
    println!("{{\"recall\": {}}}", play.recall);
    for line in io::stdin().lock().lines() {
        line?;
        println!("{}", play.rate(SECONDS)?);
        io::stdout().flush()?;
    }
    Ok(())
}

/// What is measured.
#[derive(Clone, Copy)]
enum Task {
    /// Look-ups a second.
    Lookup { k: usize, epsilon: f32 },
    /// The same, 32 at a time.
    Batch { k: usize },
    /// Bytes a second that a look-up reads which reads all.
    Scan { k: usize },
    /// Removals of the oldest key, each with an insertion.
    Replace,
    /// Keys moved a little, in place, so many at once.
    Move { n_moves: usize },
}

struct Work {
    data: Data,
    dimension: usize,
    n_keys: usize,
    task: Task,
}

impl Work {
    /// Data, dimension × number of keys, task.
    fn parse(name: &str) -> Option<Self> {
        let mut parts = name.strip_prefix("neighbors-")?.split('-');
        let data = Data::parse(parts.next()?)?;
        let (dimension, n_keys) = parts.next()?.split_once('x')?;
        let task = match (parts.next()?, parts.next()) {
            ("replace", None) => Task::Replace,
            ("move", None) => Task::Move { n_moves: 1 },
            ("move", Some(n_moves)) => Task::Move {
                n_moves: n_moves.parse().ok()?,
            },
            ("scan", None) => Task::Scan { k: 50 },
            (k, option) => {
                let k = k.strip_prefix('k')?.parse().ok()?;
                match option {
                    None => Task::Lookup { k, epsilon: 0.0 },
                    Some("batch") => Task::Batch { k },
                    Some("eps") => Task::Lookup { k, epsilon: 0.5 },
                    Some(_) => return None,
                }
            }
        };
        Some(Self {
            data,
            dimension: dimension.parse().ok()?,
            n_keys: 1000 * n_keys.strip_suffix('k')?.parse::<usize>().ok()?,
            task,
        })
    }
}

/// How keys are distributed.
#[derive(Clone, Copy)]
enum Data {
    /// Independent normal numbers, where no structure helps.
    Gauss,
    /// So many normal numbers through a random layer of 64 units, and noise: keys near a surface, as
    /// those of a network are.
    Manifold { n_latent: usize },
}

const N_UNITS: usize = 64;

impl Data {
    fn parse(name: &str) -> Option<Self> {
        if name == "gauss" {
            return Some(Self::Gauss);
        }
        let n_latent = match name.strip_prefix("manif")? {
            "" => 4,
            n_latent => n_latent.parse().ok()?,
        };
        Some(Self::Manifold { n_latent })
    }

    fn name(self) -> String {
        match self {
            Self::Gauss => "gauss".to_owned(),
            Self::Manifold { n_latent } => format!("manif{n_latent}"),
        }
    }

    fn rows(self, dimension: usize, n_rows: usize, seed: u64) -> Vec<f32> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let normal = |rng: &mut ChaCha8Rng| -> f32 { rng.sample(StandardNormal) };
        let Self::Manifold { n_latent } = self else {
            return (0..n_rows * dimension).map(|_| normal(&mut rng)).collect();
        };
        // The surface is the same for keys and queries.
        let mut surface = ChaCha8Rng::seed_from_u64(12_345 + dimension as u64);
        let mut numbers = |n: usize, scale: f32| -> Vec<f32> {
            (0..n).map(|_| scale * normal(&mut surface)).collect()
        };
        let inward = numbers(N_UNITS * n_latent, 1.0);
        let bias = numbers(N_UNITS, 0.5);
        let outward = numbers(dimension * N_UNITS, 1.0 / (N_UNITS as f32).sqrt());
        let dot = |a: &[f32], b: &[f32]| -> f32 { a.iter().zip(b).map(|(a, b)| a * b).sum() };
        let mut rows = Vec::with_capacity(n_rows * dimension);
        for _ in 0..n_rows {
            let latent: Vec<f32> = (0..n_latent).map(|_| normal(&mut rng)).collect();
            let units = inward.chunks_exact(n_latent).zip(&bias);
            let units: Vec<f32> = units.map(|(w, b)| (dot(w, &latent) + b).tanh()).collect();
            rows.extend(
                outward
                    .chunks_exact(N_UNITS)
                    .map(|w| dot(w, &units) + 0.01 * normal(&mut rng)),
            );
        }
        rows
    }

    /// Rows of a file, which is written if it is not there.
    fn load(
        self,
        what: &str,
        dimension: usize,
        n_rows: usize,
        seed: u64,
    ) -> Result<Vec<f32>, Box<dyn Error>> {
        let path = format!("{FOLDER}/{}-{dimension}x{n_rows}-{what}.f32", self.name());
        if Path::new(&path).exists() {
            let bytes = fs::read(&path)?;
            let numbers = bytes.chunks_exact(4);
            return Ok(numbers
                .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
                .collect());
        }
        let rows = self.rows(dimension, n_rows, seed);
        fs::create_dir_all(FOLDER)?;
        let bytes: Vec<u8> = rows.iter().flat_map(|x| x.to_le_bytes()).collect();
        // Renamed when it is whole, so that nobody reads half of it.
        fs::write(format!("{path}.part"), bytes)?;
        fs::rename(format!("{path}.part"), &path)?;
        Ok(rows)
    }
}

/// Of so few numbers even keys without structure are left out by boxes.
const FEW: usize = 8;

/// A memory at work: a tree where keys have structure or few numbers, else a scan.
struct Play {
    work: Work,
    memory: Box<dyn NearestNeighbors>,
    bytes_of_a_pass: usize,
    /// The share of the nearest keys that is found.
    recall: f64,
    search: Search,
    queries: Vec<f32>,
    /// The next query, or the next slot.
    turn: usize,
    /// Room for keys and their slots.
    moved: Vec<f32>,
    slots: Vec<usize>,
}

impl Play {
    fn new(work: Work) -> Result<Self, Box<dyn Error>> {
        let Work {
            data,
            dimension,
            n_keys,
            task,
        } = work;
        let keys = data.load("keys", dimension, n_keys, 1)?;
        let queries = data.load("queries", dimension, N_QUERIES, 2)?;
        let mut play = Self {
            work,
            memory: Box::new(FlatScan::new(dimension, n_keys)?),
            bytes_of_a_pass: 0,
            recall: 1.0,
            search: Search::default(),
            queries,
            turn: 0,
            moved: Vec::new(),
            slots: Vec::new(),
        };
        match data {
            Data::Gauss if dimension > FEW => {
                let mut scan = FlatScan::new(dimension, n_keys)?;
                fill(&mut scan, &keys)?;
                play.bytes_of_a_pass = scan.bytes_of_a_pass();
                play.memory = Box::new(scan);
            }
            _ => {
                let mut tree = KdTree::new(dimension, n_keys)?;
                fill(&mut tree, &keys)?;
                play.bytes_of_a_pass = tree.bytes_of_a_pass();
                if let Task::Lookup { k, epsilon } = task {
                    let exact = tree.clone();
                    tree = tree.with_epsilon(epsilon)?;
                    play.recall = play.recall(&exact, &tree, k)?;
                }
                play.memory = Box::new(tree);
            }
        }
        Ok(play)
    }

    /// The share of the nearest keys that is found, over a hundred queries.
    fn recall(&self, exact: &KdTree, tree: &KdTree, k: usize) -> Result<f64, metarl_memory::Error> {
        const N: usize = 100;
        let (mut search, mut exact_search) = (Search::default(), Search::default());
        let mut n_found = 0;
        for query in self.queries.chunks_exact(self.work.dimension).take(N) {
            let nearest = exact.nearest(query, k, &mut exact_search)?;
            let found = tree.nearest(query, k, &mut search)?;
            let is_nearest = |slot| nearest.iter().any(|neighbor| neighbor.slot == slot);
            n_found += found.iter().filter(|found| is_nearest(found.slot)).count();
        }
        Ok(n_found as f64 / (N * k) as f64)
    }

    fn rate(&mut self, seconds: f64) -> Result<f64, metarl_memory::Error> {
        let (start, mut n_done) = (Instant::now(), 0);
        while start.elapsed().as_secs_f64() < seconds {
            n_done += self.step()?;
        }
        Ok(n_done as f64 / start.elapsed().as_secs_f64())
    }

    /// Some work; gives how much.
    fn step(&mut self) -> Result<usize, metarl_memory::Error> {
        let Self {
            work,
            memory,
            bytes_of_a_pass,
            search,
            queries,
            turn,
            moved,
            slots,
            ..
        } = self;
        let dimension = work.dimension;
        let query = |turn: usize| &queries[turn % N_QUERIES * dimension..][..dimension];
        match work.task {
            Task::Lookup { k, .. } => {
                for _ in 0..4 {
                    black_box(memory.nearest(query(*turn), k, search)?);
                    *turn += 1;
                }
                Ok(4)
            }
            Task::Batch { k } => {
                *turn = (*turn + BATCH) % (N_QUERIES - BATCH);
                let batch = &queries[*turn * dimension..][..BATCH * dimension];
                black_box(memory.nearest_batch(batch, k, search)?);
                Ok(BATCH)
            }
            Task::Scan { k } => {
                black_box(memory.nearest(query(*turn), k, search)?);
                *turn += 1;
                Ok(*bytes_of_a_pass)
            }
            Task::Replace => {
                for _ in 0..16 {
                    let (slot, like) = (*turn % work.n_keys, turn.wrapping_mul(7919) % work.n_keys);
                    moved.clear();
                    toward(memory.as_ref(), like, query(*turn), moved);
                    memory.remove(slot)?;
                    memory.insert(slot, moved)?;
                    *turn += 1;
                }
                Ok(16)
            }
            Task::Move { n_moves: 1 } => {
                for _ in 0..16 {
                    let slot = turn.wrapping_mul(7919) % work.n_keys;
                    moved.clear();
                    toward(memory.as_ref(), slot, query(*turn), moved);
                    memory.update(slot, moved)?;
                    *turn += 1;
                }
                Ok(16)
            }
            Task::Move { n_moves } => {
                moved.clear();
                slots.clear();
                let turns = *turn..*turn + n_moves;
                slots.extend(
                    turns
                        .clone()
                        .map(|turn| turn.wrapping_mul(7919) % work.n_keys),
                );
                memory.keys().gather(slots, moved)?;
                for (key, turn) in moved.chunks_exact_mut(dimension).zip(turns) {
                    for (x, q) in key.iter_mut().zip(query(turn)) {
                        *x += 1e-3 * (q - *x);
                    }
                }
                *turn += n_moves;
                memory.update_batch(slots, moved)?;
                Ok(n_moves)
            }
        }
    }
}

/// Inserts rows one by one.
fn fill(memory: &mut dyn NearestNeighbors, rows: &[f32]) -> Result<(), metarl_memory::Error> {
    let dimension = memory.keys().dimension();
    for (slot, key) in rows.chunks_exact(dimension).enumerate() {
        memory.insert(slot, key)?;
    }
    Ok(())
}

/// A key, moved a thousandth of the way to a query.
fn toward(memory: &dyn NearestNeighbors, slot: usize, query: &[f32], moved: &mut Vec<f32>) {
    let key = memory.keys().get(slot).unwrap_or_default();
    moved.extend(key.iter().zip(query).map(|(x, q)| x + 1e-3 * (q - x)));
}
