//! Derivatives of a perceptron a second, for `cargo xtask bench --peers`: of the mean square of a
//! 2-100-100-2 tanh network's outputs, `f32`, on the calling thread.
//!
//! ```text
//! derivatives gradient-32            loss and gradient on 32 rows
//! derivatives hessian-vector-32      Hessian-vector product on 32 rows
//! ```

use std::error::Error;
use std::hint::black_box;
use std::io;

use dfdx::prelude::{Const, Cpu, Rank0};
use metarl_autodiff::{
    Activation, Algebra, Differentiable, Layout, Mlp, Network, Objective, OnDevice,
};
use metarl_core::{Purpose, Seed};
use metarl_testkit::rounds;

/// Mean square of a perceptron's outputs.
struct MeanSquare {
    network: Mlp<2, 2>,
    observation: Vec<f32>,
}

impl Objective<f32, Cpu> for MeanSquare {
    type Network = Mlp<2, 2>;

    fn network(&self) -> &Mlp<2, 2> {
        &self.network
    }

    fn loss<A: Algebra<Elem = f32, Device = Cpu>>(
        &self,
        algebra: &A,
        parameters: <Mlp<2, 2> as Network>::Bound<A>,
    ) -> Result<A::Of<Rank0>, metarl_autodiff::Error> {
        let shape = (self.observation.len() / 2, Const::<2>);
        let y = parameters.forward(algebra.data(&self.observation, shape));
        Ok(A::mean(A::square(y)))
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let name = std::env::args().nth(1).unwrap_or_default();
    let (derivative, n_rows) = name
        .rsplit_once('-')
        .ok_or("a derivative and a number of rows, such as gradient-32")?;
    let n_rows: usize = n_rows.parse()?;
    let network = Mlp {
        hidden: vec![100, 100],
        activation: Activation::Tanh,
        output_gain: 1.0,
    };
    let mut rng = Seed::new(0).stream(Purpose::Initialization, 0, 0, 0);
    let theta: Vec<f32> = Layout::of(&network).initialize(&mut rng);
    let observation = (0..2 * n_rows).map(|i| (0.7 * i as f32).sin()).collect();
    let objective = MeanSquare {
        network,
        observation,
    };
    let loss = OnDevice::new(objective, Cpu::default());
    let streams = (io::stdin().lock(), io::stdout().lock());
    match derivative {
        "gradient" => rounds::serve(streams.0, streams.1, || {
            loss.gradient(black_box(&theta)).map(|_| 1)
        }),
        "hessian-vector" => rounds::serve(streams.0, streams.1, || {
            loss.hessian_vector_product(black_box(&theta), &theta)
                .map(|_| 1)
        }),
        _ => Err(format!("no derivative `{derivative}`").into()),
    }
}
