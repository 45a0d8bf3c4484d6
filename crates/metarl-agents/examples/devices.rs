//! The same work on the CPU and, with feature `cuda`, on a GPU: what it takes, and how far the results
//! are apart. `cargo xtask gpu test` runs it.
//!
//! A time is the median of five calls after a first one that is not counted, in milliseconds of wall
//! time, parameters carried to the device and results carried back included. A difference is
//! `‖x − y‖ / ‖x‖`. One above what is allowed fails the program.

#![expect(clippy::print_stdout, reason = "a program for a person at a terminal")]

use std::error::Error;
use std::process::ExitCode;
use std::time::Instant;

use dfdx::prelude::{Const, Cpu, Rank0};
use metarl_agents::{MamlConfig, MamlRl, Rl2, Rl2Config, Trainer};
use metarl_autodiff::{
    Activation, Algebra, Differentiable, Error as DifferentiationError, Kernels, Layout, Mlp,
    Network, Objective, OnDevice, Plain,
};
use metarl_core::{Purpose, Seed};
use metarl_envs::{BernoulliBandit, BernoulliBandits, PointNavigation, SquareGoals};

const SEED: Seed = Seed::new(1);
const N_CALLS: usize = 5;
/// Single precision, and sums of up to 16384 terms in another order.
const DERIVATIVE: f64 = 1e-4;
/// Of whole iterations: what they do is drawn from probabilities that are rounded differently.
const ITERATION: f64 = 1e-2;

type Call = Box<dyn Fn() -> Result<Vec<f32>, Box<dyn Error>>>;

/// One row of the table.
struct Work {
    name: String,
    call: Call,
    allowed: f64,
}

impl Work {
    fn new(
        name: impl Into<String>,
        allowed: f64,
        call: impl Fn() -> Result<Vec<f32>, Box<dyn Error>> + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            call: Box::new(call),
            allowed,
        }
    }

    /// The result, and the median time of a call in milliseconds.
    fn measure(&self) -> Result<(Vec<f32>, f64), Box<dyn Error>> {
        let result = (self.call)()?;
        let mut times = [0.0; N_CALLS];
        for time in &mut times {
            let start = Instant::now();
            (self.call)()?;
            *time = start.elapsed().as_secs_f64() * 1e3;
        }
        times.sort_by(f64::total_cmp);
        Ok((result, times[N_CALLS / 2]))
    }
}

/// Mean square of a perceptron's outputs.
struct MeanSquare {
    network: Mlp<64, 8>,
    n_rows: usize,
}

impl<D: Kernels<f32>> Objective<f32, D> for MeanSquare {
    type Network = Mlp<64, 8>;

    fn network(&self) -> &Self::Network {
        &self.network
    }

    fn loss<A: Algebra<Elem = f32, Device = D>>(
        &self,
        algebra: &A,
        parameters: <Self::Network as Network>::Bound<A>,
    ) -> Result<A::Of<Rank0>, DifferentiationError> {
        let (rows, inputs) = (wave(64 * self.n_rows), (self.n_rows, Const::<64>));
        let x = algebra.data(&rows, inputs);
        Ok(A::mean(A::square(parameters.forward(x))))
    }
}

/// Numbers in `[−1, 1]` that do not repeat.
fn wave(n: usize) -> Vec<f32> {
    (0..n).map(|i| (0.7 * i as f32).sin()).collect()
}

/// `A B`, n × n each, of numbers that lie on the device; its sum comes back.
fn product<D: Kernels<f32>>(n: usize, device: &D) -> Work {
    let algebra = Plain::new(device.clone());
    let matrix = |scale: f32| {
        let numbers: Vec<f32> = wave(n * n).iter().map(|x| scale * x + 0.5).collect();
        algebra.data(&numbers, (n, n))
    };
    let (a, b) = (matrix(1.0), matrix(0.5));
    Work::new(
        format!("matrix product {n} × {n}"),
        DERIVATIVE,
        move || {
            let product = Plain::<f32, D>::matmul(a.clone(), b.clone());
            Ok(Plain::<f32, D>::sum(product).as_vec())
        },
    )
}

fn perceptron<D: Kernels<f32>>(n_rows: usize, device: &D) -> (OnDevice<MeanSquare, D>, Vec<f32>) {
    let network = Mlp {
        hidden: vec![256, 256],
        activation: Activation::Tanh,
        output_gain: 1.0,
    };
    let mut rng = SEED.stream(Purpose::Initialization, 0, 0, 0);
    let parameters = Layout::of(&network).initialize(&mut rng);
    let loss = MeanSquare { network, n_rows };
    (OnDevice::new::<f32>(loss, device.clone()), parameters)
}

fn gradient<D: Kernels<f32>>(n_rows: usize, device: &D) -> Work {
    let (loss, theta) = perceptron(n_rows, device);
    Work::new(
        format!("gradient, 64-256-256-8, {n_rows} rows"),
        DERIVATIVE,
        move || Ok(loss.gradient(&theta)?.1.to_vec()),
    )
}

fn curvature<D: Kernels<f32>>(n_rows: usize, device: &D) -> Work {
    let (loss, theta) = perceptron(n_rows, device);
    let direction = wave(theta.len());
    Work::new(
        format!("H v, 64-256-256-8, {n_rows} rows"),
        DERIVATIVE,
        move || Ok(loss.hessian_vector_product(&theta, &direction)?.to_vec()),
    )
}

/// One iteration of RL² on ten pulls of five arms: trials, advantages, a step of PPO.
fn rl2<D: Kernels<f32>>(device: &D) -> Work {
    let device = device.clone();
    Work::new("RL², one iteration, 512 trials", ITERATION, move || {
        let config = Rl2Config {
            n_lanes: 512,
            lanes_per_shard: 512,
            hidden: 64,
            n_epochs: 1,
            n_minibatches: 1,
            ..Rl2Config::default()
        };
        let tasks = BernoulliBandits { n_arms: 5 };
        let environment = BernoulliBandit::<5>::new;
        let trial = (10, 10);
        let mut agent = Rl2::new(config, tasks, environment, trial, SEED, device.clone())?;
        let done = agent.iterate()?;
        Ok(vec![done.loss as f32, done.gradient_norm as f32])
    })
}

/// One iteration of MAML with an exact meta-gradient.
fn maml<D: Kernels<f32>>(device: &D) -> Work {
    let device = device.clone();
    Work::new("MAML, one iteration, 4 tasks", ITERATION, move || {
        let config = MamlConfig {
            meta_batch_size: 4,
            ..MamlConfig::default()
        };
        let environment = PointNavigation::new;
        let device = device.clone();
        let mut agent = MamlRl::new(config, SquareGoals, environment, 100, SEED, device)?;
        let done = agent.iterate()?;
        Ok(vec![done.return_before as f32, done.return_after as f32])
    })
}

fn works<D: Kernels<f32>>(device: &D) -> Vec<Work> {
    let mut works: Vec<Work> = [256, 1024, 2048].map(|n| product(n, device)).into();
    works.extend([64, 1024, 16384].map(|n| gradient(n, device)));
    works.extend([curvature(1024, device), rl2(device), maml(device)]);
    works
}

#[cfg(feature = "cuda")]
fn on_gpu() -> Result<Vec<Work>, Box<dyn Error>> {
    Ok(works(&metarl_autodiff::cuda()?))
}

/// Nothing: the build has no CUDA.
#[cfg(not(feature = "cuda"))]
fn on_gpu() -> Result<Vec<Work>, Box<dyn Error>> {
    Ok(Vec::new())
}

fn difference(x: &[f32], y: &[f32]) -> f64 {
    let norm = |x: &mut dyn Iterator<Item = f32>| x.map(|x| f64::from(x).powi(2)).sum::<f64>();
    let apart = norm(&mut x.iter().zip(y).map(|(x, y)| x - y));
    (apart / norm(&mut x.iter().copied()).max(f64::MIN_POSITIVE)).sqrt()
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let gpu = on_gpu()?;
    println!(
        "{:<36}{:>10}{:>10}{:>8}{:>12}{:>10}",
        "work", "CPU ms", "GPU ms", "ratio", "difference", "allowed"
    );
    let mut passed = true;
    for (idx, work) in works(&Cpu::default()).iter().enumerate() {
        let (on_cpu, cpu_ms) = work.measure()?;
        print!("{:<36}{cpu_ms:>10.3}", work.name);
        match gpu.get(idx) {
            None => println!("{:>10}", "none"),
            Some(same) => {
                let (on_gpu, gpu_ms) = same.measure()?;
                let (apart, allowed) = (difference(&on_cpu, &on_gpu), work.allowed);
                passed &= apart <= allowed;
                let ratio = cpu_ms / gpu_ms;
                println!("{gpu_ms:>10.3}{ratio:>8.1}{apart:>12.1e}{allowed:>10.0e}");
            }
        }
    }
    Ok(ExitCode::from(u8::from(!passed)))
}
