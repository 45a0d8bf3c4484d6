//! What people would use instead of metarl-memory, in Rust: a line in, a measured rate out, until the
//! input ends.
//!
//! Arguments are a peer and a work, named as the example `neighbors` of metarl-memory names it, which
//! has written the keys and queries that are read here; `schnellru` reads none.

mod product;
mod recency;
mod trees;

use std::error::Error;
use std::fs;
use std::hint::black_box;
use std::io::{self, BufRead, Write};
use std::time::Instant;

use bytemuck::{cast_slice, cast_slice_mut};
use memmap2::MmapMut;
use trees::{Kdtree, Kiddo5, Kiddo6};

const SECONDS: f64 = 0.5;
const FOLDER: &str = "target/peers/neighbors";
const N_QUERIES: usize = 2000;
const BATCH: usize = 32;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [peer, work] = &arguments[..] else {
        return Err("arguments are a peer and a work".into());
    };
    if peer == "schnellru" {
        return serve(&mut recency::Touches::new());
    }
    let work = Work::read(work)?;
    match (peer.as_str(), work.dimension) {
        ("kiddo5", 8) => serve(&mut TreeAtWork::<Kiddo5<8>>::new(work)?),
        ("kiddo5", 16) => serve(&mut TreeAtWork::<Kiddo5<16>>::new(work)?),
        ("kiddo5", 32) => serve(&mut TreeAtWork::<Kiddo5<32>>::new(work)?),
        ("kiddo5", 64) => serve(&mut TreeAtWork::<Kiddo5<64>>::new(work)?),
        ("kiddo5", 128) => serve(&mut TreeAtWork::<Kiddo5<128>>::new(work)?),
        ("kiddo6", 8) => serve(&mut TreeAtWork::<Kiddo6<8>>::new(work)?),
        ("kiddo6", 16) => serve(&mut TreeAtWork::<Kiddo6<16>>::new(work)?),
        ("kiddo6", 32) => serve(&mut TreeAtWork::<Kiddo6<32>>::new(work)?),
        ("kiddo6", 64) => serve(&mut TreeAtWork::<Kiddo6<64>>::new(work)?),
        ("kiddo6", 128) => serve(&mut TreeAtWork::<Kiddo6<128>>::new(work)?),
        ("kdtree", _) => serve(&mut TreeAtWork::<Kdtree>::new(work)?),
        ("gemm", _) => serve(&mut product::Search::new(work, BATCH)),
        ("gemm-single", _) => serve(&mut product::Search::new(work, 1)),
        ("sum", _) => serve(&mut Sum::new(&work.keys)?),
        _ => Err(format!("there is no peer `{peer}` for {} numbers", work.dimension).into()),
    }
}

/// What is measured, and with what.
struct Work {
    dimension: usize,
    n_keys: usize,
    k: usize,
    task: Task,
    keys: Vec<f32>,
    queries: Vec<f32>,
}

#[derive(Clone, Copy)]
enum Task {
    Lookup,
    /// The oldest key goes, another one comes.
    Replace,
    /// So many keys, one after the other, go and come back elsewhere, where a tree cannot move them.
    Move {
        n_moves: usize,
    },
}

impl Work {
    fn read(name: &str) -> Outcome<Self> {
        let bad = || format!("there is no work `{name}`");
        let mut parts = name.trim_start_matches("neighbors-").split('-');
        let data = parts.next().ok_or_else(bad)?;
        let data = if data == "manif" { "manif4" } else { data };
        let size = parts.next().and_then(|size| size.split_once('x'));
        let (dimension, n_keys) = size.ok_or_else(bad)?;
        let dimension: usize = dimension.parse()?;
        let n_keys = 1000 * n_keys.strip_suffix('k').ok_or_else(bad)?.parse::<usize>()?;
        let (task, k) = match parts.next().ok_or_else(bad)? {
            "replace" => (Task::Replace, 1),
            "move" => {
                let n_moves = parts.next().unwrap_or("1").parse()?;
                (Task::Move { n_moves }, 1)
            }
            "scan" => (Task::Lookup, 1),
            k => (Task::Lookup, k.strip_prefix('k').ok_or_else(bad)?.parse()?),
        };
        let rows = |what: &str, n_rows: usize| -> Outcome<Vec<f32>> {
            let path = format!("{FOLDER}/{data}-{dimension}x{n_rows}-{what}.f32");
            let bytes = fs::read(path)?;
            let numbers = bytes.chunks_exact(4);
            Ok(numbers
                .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
                .collect())
        };
        Ok(Self {
            dimension,
            n_keys,
            k,
            task,
            keys: rows("keys", n_keys)?,
            queries: rows("queries", N_QUERIES)?,
        })
    }

    fn query(&self, turn: usize) -> &[f32] {
        &self.queries[turn % N_QUERIES * self.dimension..][..self.dimension]
    }

    fn key(&self, slot: usize) -> &[f32] {
        &self.keys[slot * self.dimension..][..self.dimension]
    }
}

/// Something that does a bit of work, and says how much.
trait Worker {
    fn step(&mut self) -> Outcome<usize>;
}

fn serve(worker: &mut impl Worker) -> Outcome<()> {
    worker.step()?;
    println!("ready");
    for line in io::stdin().lock().lines() {
        line?;
        let (start, mut n_done) = (Instant::now(), 0);
        while start.elapsed().as_secs_f64() < SECONDS {
            n_done += worker.step()?;
        }
        println!("{}", n_done as f64 / start.elapsed().as_secs_f64());
        io::stdout().flush()?;
    }
    Ok(())
}

/// A tree of keys, each with its slot.
trait Tree: Sized {
    fn new(dimension: usize) -> Self;
    fn add(&mut self, key: &[f32], slot: u32) -> Outcome<()>;
    fn remove(&mut self, key: &[f32], slot: u32) -> Outcome<()>;
    /// Finds the nearest; gives how many.
    fn nearest(&self, query: &[f32], k: usize) -> Outcome<usize>;
}

struct TreeAtWork<T> {
    work: Work,
    tree: T,
    turn: usize,
}

impl<T: Tree> TreeAtWork<T> {
    fn new(work: Work) -> Outcome<Self> {
        let mut tree = T::new(work.dimension);
        for slot in 0..work.n_keys {
            tree.add(work.key(slot), slot as u32)?;
        }
        Ok(Self {
            work,
            tree,
            turn: 0,
        })
    }

    /// Appends the key of some slot, moved a thousandth of the way to a query; gives the slot.
    fn toward(&self, turn: usize, moved: &mut Vec<f32>) -> usize {
        let slot = turn.wrapping_mul(7919) % self.work.n_keys;
        let key = self.work.key(slot).iter().zip(self.work.query(turn));
        moved.extend(key.map(|(x, q)| x + 1e-3 * (q - x)));
        slot
    }

    /// Removes a key and adds what it becomes.
    fn exchange(&mut self, slot: usize, key: &[f32]) -> Outcome<()> {
        self.tree.remove(self.work.key(slot), slot as u32)?;
        self.tree.add(key, slot as u32)?;
        self.work.keys[slot * self.work.dimension..][..self.work.dimension].copy_from_slice(key);
        Ok(())
    }
}

impl<T: Tree> Worker for TreeAtWork<T> {
    fn step(&mut self) -> Outcome<usize> {
        match self.work.task {
            Task::Lookup => {
                let query = self.work.query(self.turn).to_vec();
                let n_found = self.tree.nearest(&query, self.work.k)?;
                assert_eq!(black_box(n_found), self.work.k);
                self.turn += 1;
                Ok(1)
            }
            Task::Replace => {
                let mut key = Vec::new();
                self.toward(self.turn, &mut key);
                self.exchange(self.turn % self.work.n_keys, &key)?;
                self.turn += 1;
                Ok(1)
            }
            // What keys become is computed for all of them first, as ours does.
            Task::Move { n_moves } => {
                let turns = self.turn..self.turn + n_moves;
                let mut moved = Vec::with_capacity(n_moves * self.work.dimension);
                let slots: Vec<usize> = turns.map(|turn| self.toward(turn, &mut moved)).collect();
                let keys = moved.chunks_exact(self.work.dimension);
                for (slot, key) in slots.into_iter().zip(keys) {
                    self.exchange(slot, key)?;
                }
                self.turn += n_moves;
                Ok(n_moves)
            }
        }
    }
}

/// The sum of many numbers, in huge pages where there are some: as fast as memory is read. The rate is in
/// bytes.
struct Sum(MmapMut);

impl Sum {
    fn new(numbers: &[f32]) -> Outcome<Self> {
        let mut memory = MmapMut::map_anon(size_of_val(numbers))?;
        #[cfg(target_os = "linux")]
        let _ = memory.advise(memmap2::Advice::HugePage);
        cast_slice_mut(&mut memory).copy_from_slice(numbers);
        Ok(Self(memory))
    }
}

impl Worker for Sum {
    fn step(&mut self) -> Outcome<usize> {
        let mut sums = [0.0_f32; 64];
        for numbers in cast_slice(&self.0).chunks_exact(64) {
            for (sum, x) in sums.iter_mut().zip(numbers) {
                *sum += x;
            }
        }
        black_box(sums);
        Ok(self.0.len())
    }
}
