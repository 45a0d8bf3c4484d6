//! Derivatives of a perceptron, and what is made of them.

use dfdx::prelude::{Const, Cpu, Rank0};
use metarl_agents::{MamlConfig, MamlRl, Trainer};
use metarl_autodiff::{
    Activation, Algebra, Differentiable, Error, Layout, Mlp, Network, Objective, OnDevice,
};
use metarl_core::{Purpose, Seed};
use metarl_envs::{PointNavigation, SquareGoals};
use metarl_optim::{MamlTask, MetaGradient};

use crate::panel::{Panel, Result, milliseconds};

const SEED: Seed = Seed::new(1);
/// Rows and units where they are not what grows.
const N_ROWS: usize = 2000;
const N_UNITS: usize = 100;

type Loss = OnDevice<MeanSquare, Cpu>;

/// Mean square of a perceptron's two outputs.
struct MeanSquare {
    network: Mlp<2, 2>,
    input: Vec<f32>,
}

impl MeanSquare {
    fn new(n_rows: usize, n_units: usize) -> Loss {
        let network = Mlp {
            hidden: vec![n_units, n_units],
            activation: Activation::Tanh,
            output_gain: 1.0,
        };
        let input = (0..2 * n_rows).map(|i| (0.7 * i as f32).sin()).collect();
        OnDevice::new(Self { network, input }, Cpu::default())
    }
}

impl Objective<f32, Cpu> for MeanSquare {
    type Network = Mlp<2, 2>;

    fn network(&self) -> &Self::Network {
        &self.network
    }

    fn loss<A: Algebra<Elem = f32, Device = Cpu>>(
        &self,
        algebra: &A,
        parameters: <Self::Network as Network>::Bound<A>,
    ) -> std::result::Result<A::Of<Rank0>, Error> {
        let input = algebra.data(&self.input, (self.input.len() / 2, Const::<2>));
        Ok(A::mean(A::square(parameters.forward(input))))
    }
}

/// First parameters of a loss.
fn parameters(loss: &Loss) -> Vec<f32> {
    let mut rng = SEED.stream(Purpose::Initialization, 0, 0, 0);
    Layout::of(loss.objective().network()).initialize(&mut rng)
}

pub(crate) fn panels() -> Result<[Panel; 4]> {
    let derivative = ["gradient", "Hessian-vector product"];
    let orders = ["second order", "first order"];
    Ok([
        Panel::measure(
            ("2-100-100-2 tanh perceptron", "rows"),
            &[1, 4, 16, 64, 256, 1024, 4096],
            derivative,
            |n_rows| derivatives(n_rows, N_UNITS),
        )?,
        Panel::measure(
            ("two tanh layers, 256 rows", "units a layer"),
            &[8, 16, 32, 64, 128, 256, 512],
            derivative,
            |n_units| derivatives(256, n_units),
        )?,
        Panel::measure(
            ("MAML's gradient, 2000 rows a step", "inner steps"),
            &[1, 2, 3, 4, 6, 8],
            orders,
            meta_gradient,
        )?,
        Panel::measure(
            ("an iteration of MAML-TRPO, 5 episodes", "tasks"),
            &[1, 2, 4, 8, 16, 32],
            orders,
            iteration,
        )?,
    ])
}

fn derivatives(n_rows: usize, n_units: usize) -> Result<[f64; 2]> {
    let loss = MeanSquare::new(n_rows, n_units);
    let theta = parameters(&loss);
    Ok([
        milliseconds(|| loss.gradient(&theta))?,
        milliseconds(|| loss.hessian_vector_product(&theta, &theta))?,
    ])
}

/// The gradient through so many inner steps, exact and of first order.
fn meta_gradient(n_inner_steps: usize) -> Result<[f64; 2]> {
    let loss = || MeanSquare::new(N_ROWS, N_UNITS);
    let task = MamlTask {
        support: (0..n_inner_steps).map(|_| loss()).collect(),
        query: loss(),
        inner_lr: 0.01,
    };
    let theta = parameters(&task.query);
    let measure = |order| milliseconds(|| task.gradient(&theta, order));
    Ok([
        measure(MetaGradient::SecondOrder)?,
        measure(MetaGradient::FirstOrder)?,
    ])
}

/// An iteration of MAML-TRPO on so many tasks, exact and of first order.
fn iteration(meta_batch_size: usize) -> Result<[f64; 2]> {
    let measure = |meta_gradient| {
        let config = MamlConfig {
            meta_batch_size,
            meta_gradient,
            n_episodes: 5,
            ..MamlConfig::default()
        };
        let environment = PointNavigation::new;
        let agent = MamlRl::new(config, SquareGoals, environment, 100, SEED, Cpu::default());
        let mut agent = agent?;
        milliseconds(|| agent.iterate())
    };
    Ok([
        measure(MetaGradient::SecondOrder)?,
        measure(MetaGradient::FirstOrder)?,
    ])
}
