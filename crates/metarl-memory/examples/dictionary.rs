//! Touches of the order of use and steps of a dictionary a second, for `cargo xtask bench --peers`: a line
//! in, a measured rate out, until the input ends.
//!
//! | argument | measures |
//! |---|---|
//! | `lru-touch` | touches of random slots among 10⁶ |
//! | `nec-step` | a look-up of 50 neighbors among 5·10⁵ keys of 64 numbers, their touches, and the write of a new entry in place of the oldest |
#![expect(
    clippy::print_stdout,
    reason = "a program whose output is read by xtask"
)]

use std::error::Error;
use std::hint::black_box;
use std::io::{self, BufRead, Write};
use std::time::Instant;

use metarl_core::{Purpose, Rng, Seed};
use metarl_memory::{Dictionary, DictionaryConfig, KdTree, LookUp, Recency};
use rand::RngExt;
use rand_distr::StandardNormal;

const SECONDS: f64 = 0.5;
const N_SLOTS: usize = 1_000_000;
const CAPACITY: usize = 500_000;
const DIMENSION: usize = 64;
const N_FRESH: usize = 20_000;

fn main() -> Result<(), Box<dyn Error>> {
    let name = std::env::args().nth(1).unwrap_or_default();
    match name.as_str() {
        "lru-touch" => serve(&mut Touches::new()?),
        "nec-step" => serve(&mut Steps::new()?),
        _ => Err(format!("there is no work `{name}`").into()),
    }
}

/// Something that can be done over and over.
trait Work {
    /// Does some of it; gives how much.
    fn go_on(&mut self) -> Result<usize, metarl_memory::Error>;
}

fn serve(work: &mut impl Work) -> Result<(), Box<dyn Error>> {
    rate(work, 0.2)?;
    println!("{{}}");
    for line in io::stdin().lock().lines() {
        line?;
        println!("{}", rate(work, SECONDS)?);
        io::stdout().flush()?;
    }
    Ok(())
}

fn rate(work: &mut impl Work, seconds: f64) -> Result<f64, metarl_memory::Error> {
    let (start, mut n_done) = (Instant::now(), 0);
    while start.elapsed().as_secs_f64() < seconds {
        n_done += work.go_on()?;
    }
    Ok(n_done as f64 / start.elapsed().as_secs_f64())
}

struct Touches {
    recency: Recency,
    state: u64,
}

impl Touches {
    fn new() -> Result<Self, metarl_memory::Error> {
        let mut recency = Recency::new(N_SLOTS)?;
        (0..N_SLOTS).try_for_each(|slot| recency.insert(slot))?;
        Ok(Self { recency, state: 1 })
    }
}

impl Work for Touches {
    fn go_on(&mut self) -> Result<usize, metarl_memory::Error> {
        let n_touches = 65_536;
        for _ in 0..n_touches {
            // A linear congruential generator: cheap beside a touch.
            let next = self.state.wrapping_mul(6_364_136_223_846_793_005);
            self.state = next.wrapping_add(1);
            let slot = ((self.state >> 32) * N_SLOTS as u64) >> 32;
            self.recency.touch(slot as usize)?;
        }
        black_box(self.recency.oldest());
        Ok(n_touches)
    }
}

struct Steps {
    dictionary: Dictionary<KdTree>,
    look_up: LookUp,
    fresh: Vec<f32>,
    turn: usize,
}

impl Steps {
    fn new() -> Result<Self, Box<dyn Error>> {
        let mut surface = Surface::new();
        let neighbors = KdTree::new(DIMENSION, CAPACITY)?;
        let mut dictionary = Dictionary::new(neighbors, 1, DictionaryConfig::default())?;
        while dictionary.keys().len() < CAPACITY {
            let key = surface.key();
            let value = surface.normal();
            dictionary.write(&key, &[value])?;
        }
        let fresh = (0..N_FRESH).flat_map(|_| surface.key()).collect();
        Ok(Self {
            dictionary,
            look_up: LookUp::default(),
            fresh,
            turn: 0,
        })
    }

    fn fresh(&mut self) -> Vec<f32> {
        let row = self.turn % N_FRESH;
        self.turn += 1;
        self.fresh[row * DIMENSION..][..DIMENSION].to_vec()
    }
}

impl Work for Steps {
    fn go_on(&mut self) -> Result<usize, metarl_memory::Error> {
        let (query, key) = (self.fresh(), self.fresh());
        let output = self.dictionary.look_up(&query, &mut self.look_up)?;
        let value = [output[0]];
        black_box(self.dictionary.write(&key, &value)?);
        Ok(1)
    }
}

const N_LATENT: usize = 4;
const N_UNITS: usize = 64;

/// Keys near a surface of four dimensions, as those of a network are.
struct Surface {
    rng: Rng,
    inward: Vec<f32>,
    bias: Vec<f32>,
    outward: Vec<f32>,
}

impl Surface {
    fn new() -> Self {
        let mut surface = Self {
            rng: Seed::new(1).stream(Purpose::Environment, 0, 0, 0),
            inward: Vec::new(),
            bias: Vec::new(),
            outward: Vec::new(),
        };
        let mut normals = |n: usize, scale: f32| -> Vec<f32> {
            (0..n).map(|_| scale * surface.normal()).collect()
        };
        let inward = normals(N_UNITS * N_LATENT, 1.0);
        let bias = normals(N_UNITS, 0.5);
        let outward = normals(DIMENSION * N_UNITS, 1.0 / (N_UNITS as f32).sqrt());
        Self {
            inward,
            bias,
            outward,
            ..surface
        }
    }

    fn normal(&mut self) -> f32 {
        self.rng.sample(StandardNormal)
    }

    fn key(&mut self) -> Vec<f32> {
        let dot = |a: &[f32], b: &[f32]| -> f32 { a.iter().zip(b).map(|(a, b)| a * b).sum() };
        let latent: Vec<f32> = (0..N_LATENT).map(|_| self.normal()).collect();
        let units = self.inward.chunks_exact(N_LATENT).zip(&self.bias);
        let units: Vec<f32> = units.map(|(w, b)| (dot(w, &latent) + b).tanh()).collect();
        (0..DIMENSION)
            .map(|i| {
                let noise = 0.01 * self.normal();
                dot(&self.outward[i * N_UNITS..][..N_UNITS], &units) + noise
            })
            .collect()
    }
}
